#include "engine/sweep/regret.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "engine/base/error.h"
#include "engine/faults/sampler.h"
#include "engine/sweep/batch_size.h"

namespace netsurf {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double mean_of(std::span<const int64_t> counts, double unit) {
  __int128 sum = 0;
  for (int64_t count : counts) sum += count;
  return static_cast<double>(sum) / (static_cast<double>(counts.size()) * unit);
}

/// One bit per BitId: whether it is protected.
std::vector<uint64_t> protected_bits(const std::vector<uint32_t>& rank, uint64_t num_protected) {
  std::vector<uint64_t> bits((rank.size() + 63) / 64);
  for (size_t id = 0; id < rank.size(); ++id) {
    if (rank[id] < num_protected) bits[id / 64] |= uint64_t{1} << (id % 64);
  }
  return bits;
}

/// Rankings that protect the same bits at one protection.
struct Groups {
  std::vector<size_t> group_of;  // [rankings]
  std::vector<size_t> first;     // [groups]: the first ranking of each
};

Groups group(std::span<const SharedPlaces> rankings, const UnitDecimal& protection) {
  Groups groups;
  std::vector<std::vector<uint64_t>> known;
  for (size_t r = 0; r < rankings.size(); ++r) {
    std::vector<uint64_t> bits = protected_bits(*rankings[r], protection.floor_of(rankings[r]->size()));
    auto found = std::find(known.begin(), known.end(), bits);
    groups.group_of.push_back(static_cast<size_t>(found - known.begin()));
    if (found != known.end()) continue;
    known.push_back(std::move(bits));
    groups.first.push_back(r);
  }
  return groups;
}

}  // namespace

double RegretCell::mean_harm(size_t ranking) const {
  return mean_of(series_[series_of_[ranking]].harm, harm_unit_);
}

std::optional<double> RegretCell::mean_accuracy(size_t ranking) const {
  const std::vector<int64_t>& correct = series_[series_of_[ranking]].correct;
  if (correct.empty()) return std::nullopt;
  return mean_of(correct, num_samples_);
}

size_t RegretCell::least_harm() const {
  size_t best = 0;
  for (size_t r = 1; r < series_of_.size(); ++r) {
    if (mean_harm(r) < mean_harm(best)) best = r;
  }
  return best;
}

size_t RegretCell::highest_accuracy() const {
  size_t best = 0;
  for (size_t r = 1; r < series_of_.size(); ++r) {
    if (mean_accuracy(r) > mean_accuracy(best)) best = r;
  }
  return best;
}

PairedDifference RegretCell::difference(std::vector<int64_t> Series::*counts, size_t a, size_t b,
                                        double unit) const {
  if (series_of_[a] == series_of_[b]) return {0, Interval{0, 0}, IntervalBasis::exact};
  return paired_difference(series_[series_of_[a]].*counts, series_[series_of_[b]].*counts, unit, epoch_size,
                           kReportedLevel);
}

PairedDifference RegretCell::harm_difference(size_t a, size_t b) const {
  return difference(&Series::harm, a, b, harm_unit_);
}

PairedDifference RegretCell::accuracy_difference(size_t a, size_t b) const {
  return difference(&Series::correct, a, b, num_samples_);
}

class RegretRunner {
 public:
  RegretRunner(Session& session, std::span<const SharedPlaces> rankings, const RegretOptions& options,
               const RegretCallback& progress, const std::atomic<bool>& stop)
      : session_(session),
        rankings_(rankings),
        options_(options),
        progress_(progress),
        stop_(stop),
        batch_(options.batch) {
    check();
    for (const UnitDecimal& protection : options.protections) groups_.push_back(group(rankings, protection));
  }

  RegretResult run() {
    RegretResult result;
    bool has_loss = session_.clean().loss != kNoCount;
    result.by_distance = !has_loss;
    // Everything that can be refused is, before the first trial.
    std::vector<RegretCell> cells;
    for (const UnitDecimal& rate : options_.bit_error_rates) {
      for (size_t p = 0; p < options_.protections.size(); ++p) {
        cells.push_back(prepare(rate, p, has_loss));
        now_.trials_total += cells.back().trials * groups_[p].first.size();
      }
    }
    for (size_t c = 0; c < cells.size(); ++c) {
      if (!fill(cells[c], groups_[c % groups_.size()], has_loss)) {
        result.stopped = true;
        break;
      }
      result.cells.push_back(std::move(cells[c]));
    }
    return result;
  }

 private:
  void check() const {
    if (options_.faults.model != FaultModel::bernoulli) {
      throw InputError("rankings are compared under fault model bernoulli, not " +
                       std::string(name_of(options_.faults.model)));
    }
    if (rankings_.empty() || options_.protections.empty() || options_.bit_error_rates.empty())
      throw InputError("nothing to compare: give rankings, protections and bit error rates");
    if (options_.trials == 0) throw InputError("no trials to compare rankings by; give one or more");
    for (const SharedPlaces& rank : rankings_) {
      if (rank->size() == session_.bit_space().size()) continue;
      throw InputError("a ranking orders " + std::to_string(rank->size()) + " bits, the model has " +
                       std::to_string(session_.bit_space().size()) + "; rank this model");
    }
  }

  RegretCell prepare(const UnitDecimal& rate, size_t protection, bool has_loss) const {
    RegretCell cell;
    cell.protection = options_.protections[protection];
    cell.bit_error_rate = rate;
    cell.design = options_.faults.design;
    cell.trials = options_.trials;
    if (cell.design == Design::rotation) {
      TrialPlan plan = plan_of(cell, 0);
      uint64_t epoch = FaultSampler(session_.bit_space(), plan.faults, plan.protection).epoch_size();
      if (options_.trials / epoch >= kMinEpochs) {
        cell.epoch_size = epoch;
        cell.trials = options_.trials / epoch * epoch;
      } else {
        cell.design = Design::independent;
      }
    }
    cell.num_samples_ = static_cast<double>(session_.num_samples());
    cell.harm_unit_ = has_loss ? cell.num_samples_ / kLossUnit : cell.num_samples_;
    cell.series_of_ = groups_[protection].group_of;
    cell.series_.resize(groups_[protection].first.size());
    return cell;
  }

  TrialPlan plan_of(const RegretCell& cell, size_t ranking) const {
    TrialPlan plan;
    plan.faults = options_.faults;
    plan.faults.design = cell.design;
    plan.faults.bit_error_rate = cell.bit_error_rate;
    plan.protection = {cell.protection, rankings_[ranking]};
    return plan;
  }

  /// False when stopped.
  bool fill(RegretCell& cell, const Groups& groups, bool has_loss) {
    for (size_t g = 0; g < groups.first.size(); ++g) {
      TrialPlan plan = plan_of(cell, groups.first[g]);
      for (uint64_t at = 0; at < cell.trials; at = plan.end) {
        if (stop_) return false;
        plan.begin = at;
        plan.end = at + std::min(batch_.size(), cell.trials - at);
        Clock::time_point start = Clock::now();
        for (const TrialOutcome& outcome : session_.run(plan)) {
          cell.series_[g].harm.push_back(has_loss ? outcome.loss : outcome.distance);
          if (outcome.correct != kNoCount) cell.series_[g].correct.push_back(outcome.correct);
        }
        batch_.took(plan.end - plan.begin, seconds_since(start));
        report(cell, plan.end - plan.begin);
      }
    }
    return true;
  }

  void report(const RegretCell& cell, uint64_t trials) {
    now_.trials_done += trials;
    now_.protection = cell.protection;
    now_.bit_error_rate = cell.bit_error_rate;
    now_.trials_per_second = static_cast<double>(now_.trials_done) / std::max(seconds_since(started_), 1e-9);
    now_.seconds_left = static_cast<double>(now_.trials_total - now_.trials_done) / now_.trials_per_second;
    if (progress_) progress_(now_);
  }

  Session& session_;
  std::span<const SharedPlaces> rankings_;
  const RegretOptions& options_;
  const RegretCallback& progress_;
  const std::atomic<bool>& stop_;
  BatchSize batch_;
  std::vector<Groups> groups_;  // [protections]
  RegretProgress now_;
  Clock::time_point started_ = Clock::now();
};

RegretResult run_regret(Session& session, std::span<const SharedPlaces> rankings,
                        const RegretOptions& options, const RegretCallback& progress,
                        const std::atomic<bool>& stop) {
  return RegretRunner(session, rankings, options, progress, stop).run();
}

}  // namespace netsurf
