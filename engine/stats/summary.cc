#include "engine/stats/summary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>
#include <vector>

#include "engine/stats/moments.h"
#include "engine/stats/student_t.h"

namespace netsurf {
namespace {

constexpr std::array<std::string_view, 7> kBasisNames = {
    "trials", "epochs", "exact", "too_few_trials", "too_few_epochs", "no_spread", "no_labels"};

/// `correct` of every complete epoch, summed.
ExactMoments sums_of_complete_epochs(std::span<const TrialOutcome> trials, uint64_t epoch_size) {
  struct Epoch {
    uint64_t trials = 0;
    int64_t correct = 0;
  };
  std::unordered_map<uint64_t, Epoch> epochs;
  for (const TrialOutcome& outcome : trials) {
    Epoch& epoch = epochs[outcome.trial / epoch_size];
    ++epoch.trials;
    epoch.correct += outcome.correct;
  }
  ExactMoments sums;
  for (const auto& [number, epoch] : epochs) {
    if (epoch.trials == epoch_size) sums.add(epoch.correct);
  }
  return sums;
}

/// Interval of the mean of `numbers`, each worth number / unit, or none when they are all equal.
std::optional<Interval> t_interval(const ExactMoments& numbers, double unit, double level) {
  double variance = numbers.variance(unit);
  if (variance == 0) return std::nullopt;
  double count = static_cast<double>(numbers.count());
  double half = student_t_quantile(1 - (1 - level) / 2, count - 1) * std::sqrt(variance / count);
  double mean = numbers.mean(unit);
  return Interval{std::max(0.0, mean - half), std::min(1.0, mean + half)};
}

}  // namespace

std::string_view name_of(IntervalBasis basis) { return kBasisNames[static_cast<size_t>(basis)]; }

bool CellFacts::is_certain() const {
  if (bits_unprotected == 0) return true;
  switch (fault_model) {
    case FaultModel::bernoulli:
      return bit_error_rate.is_zero() || bit_error_rate.is_one();
    case FaultModel::exact:
    case FaultModel::coverage: {
      uint64_t flips = bit_error_rate.round_of(bits_unprotected);
      return flips == 0 || flips == bits_unprotected;
    }
    case FaultModel::list:
      return false;
  }
  return false;
}

AccuracyEstimate estimate_accuracy(std::span<const TrialOutcome> trials, const CellFacts& facts,
                                   double level) {
  AccuracyEstimate estimate;
  if (facts.clean.correct == kNoCount) return estimate;
  estimate.basis = IntervalBasis::too_few_trials;
  if (trials.empty()) return estimate;

  double samples = static_cast<double>(facts.num_samples);
  ExactMoments counts;
  for (const TrialOutcome& outcome : trials) counts.add(outcome.correct);
  estimate.mean = counts.mean(samples);
  if (facts.is_certain()) {
    estimate.basis = IntervalBasis::exact;
    estimate.interval = Interval{*estimate.mean, *estimate.mean};
    return estimate;
  }
  if (facts.has_epochs()) {
    ExactMoments epochs = sums_of_complete_epochs(trials, facts.epoch_size);
    estimate.complete_epochs = static_cast<uint64_t>(epochs.count());
    estimate.basis = IntervalBasis::too_few_epochs;
    if (estimate.complete_epochs < kMinEpochs) return estimate;
    double epoch_samples = samples * static_cast<double>(facts.epoch_size);
    estimate.mean = epochs.mean(epoch_samples);
    estimate.interval = t_interval(epochs, epoch_samples, level);
    estimate.basis = estimate.interval ? IntervalBasis::epochs : IntervalBasis::no_spread;
    return estimate;
  }
  if (counts.count() < 2) return estimate;
  estimate.interval = t_interval(counts, samples, level);
  estimate.basis = estimate.interval ? IntervalBasis::trials : IntervalBasis::no_spread;
  return estimate;
}

int64_t order_statistic(std::span<const int64_t> sorted, uint64_t percent) {
  uint64_t place = (sorted.size() * percent + 99) / 100;
  return sorted[place - 1];
}

CellSummary summarize(std::span<const TrialOutcome> trials, const CellFacts& facts) {
  CellSummary summary;
  summary.trials = trials.size();
  summary.accuracy = estimate_accuracy(trials, facts, kReportedLevel);
  double samples = static_cast<double>(facts.num_samples);
  bool has_labels = facts.clean.correct != kNoCount;
  bool has_loss = facts.clean.loss != kNoCount;
  if (has_labels) summary.clean_accuracy = static_cast<double>(facts.clean.correct) / samples;
  if (has_loss) summary.clean_loss = static_cast<double>(facts.clean.loss) * kLossUnit / samples;
  if (trials.empty()) return summary;

  __int128 flips = 0, changed = 0, distance = 0, loss = 0;
  for (const TrialOutcome& outcome : trials) {
    flips += outcome.flips;
    changed += outcome.changed;
    distance += outcome.distance;
    loss += outcome.loss;
  }
  double count = static_cast<double>(trials.size());
  summary.mean_flips = static_cast<double>(flips) / count;
  summary.changed = static_cast<double>(changed) / (count * samples);
  summary.mean_distance = static_cast<double>(distance) / count;
  if (has_loss) summary.mean_loss = static_cast<double>(loss) * kLossUnit / (count * samples);
  if (facts.bits_unprotected > 0) {
    summary.observed_ber = static_cast<double>(flips) / (count * static_cast<double>(facts.bits_unprotected));
  }
  if (has_labels) {
    std::vector<int64_t> correct;
    correct.reserve(trials.size());
    for (const TrialOutcome& outcome : trials) correct.push_back(outcome.correct);
    std::sort(correct.begin(), correct.end());
    summary.minimum = static_cast<double>(correct.front()) / samples;
    summary.q05 = static_cast<double>(order_statistic(correct, 5)) / samples;
    summary.median = static_cast<double>(order_statistic(correct, 50)) / samples;
    summary.q95 = static_cast<double>(order_statistic(correct, 95)) / samples;
  }
  return summary;
}

}  // namespace netsurf
