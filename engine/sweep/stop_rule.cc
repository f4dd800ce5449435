#include "engine/sweep/stop_rule.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/base/error.h"

namespace netsurf {
namespace {

constexpr uint64_t kMinTrials = 64;
constexpr uint64_t kMaxTrials = uint64_t{1} << 40;

/// ceil(first x 1.5^look), or `limit` when that is less.
uint64_t grown(uint64_t first, int look, uint64_t limit) {
  unsigned __int128 numerator = first, denominator = 1;
  for (int i = 0; i < look && numerator / denominator < limit && i < 60; ++i) {
    numerator *= 3;
    denominator *= 2;
  }
  unsigned __int128 value = (numerator + denominator - 1) / denominator;
  return value < limit ? static_cast<uint64_t>(value) : limit;
}

}  // namespace

StopRule StopRule::fixed(uint64_t trials) {
  if (trials < 1 || trials >= kMaxTrials) {
    throw InputError("number of trials is " + std::to_string(trials) + "; expected 1 to " +
                     std::to_string(kMaxTrials - 1));
  }
  StopRule rule;
  rule.trials = trials;
  return rule;
}

StopRule StopRule::one_pass() {
  StopRule rule;
  rule.kind = Kind::one_pass;
  return rule;
}

StopRule StopRule::until_half_width(double half_width, uint64_t max_trials) {
  if (!(half_width > 0 && half_width < 0.5)) {
    throw InputError("half-width is " + std::to_string(half_width) +
                     "; expected a number above 0 and below 0.5, such as 0.005");
  }
  if (max_trials < kMinTrials || max_trials >= kMaxTrials) {
    throw InputError("largest number of trials is " + std::to_string(max_trials) + "; expected " +
                     std::to_string(kMinTrials) + " to " + std::to_string(kMaxTrials - 1));
  }
  StopRule rule;
  rule.kind = Kind::half_width;
  rule.half_width = half_width;
  rule.max_trials = max_trials;
  return rule;
}

void StopRule::check(const CellFacts& facts) const {
  if (kind == Kind::half_width && facts.clean.correct == kNoCount) {
    throw InputError(
        "the data has no class labels, so there is no accuracy to stop by; give a number of trials");
  }
  if (kind == Kind::one_pass) {
    if (facts.fault_model == FaultModel::bernoulli && facts.design == Design::independent) {
      throw InputError(
          "fault model bernoulli with design independent has no passes; give a number of trials, or fault "
          "model coverage");
    }
    if (facts.epoch_size >= kMaxTrials) {
      throw InputError("one pass at bit error rate " + facts.bit_error_rate.text() + " takes " +
                       std::to_string(facts.epoch_size) + " trials; give a number of trials");
    }
  }
}

uint64_t StopRule::target(const CellFacts& facts, int look) const {
  switch (kind) {
    case Kind::fixed:
      return trials;
    case Kind::one_pass:
      return facts.epoch_size;
    case Kind::half_width:
      break;
  }
  if (facts.is_certain()) return 1;
  if (!facts.has_epochs()) return grown(kMinTrials, look, max_trials);
  uint64_t max_epochs = max_trials / facts.epoch_size;
  if (max_epochs < kMinEpochs) return max_trials;
  return grown(kMinEpochs, look, max_epochs) * facts.epoch_size;
}

bool StopRule::is_enough(const CellFacts& facts, std::span<const TrialOutcome> outcomes) const {
  if (kind != Kind::half_width || facts.is_certain()) return true;
  uint64_t next_epoch = facts.has_epochs() ? facts.epoch_size : 1;
  if (outcomes.size() + next_epoch > max_trials) return true;
  AccuracyEstimate estimate = estimate_accuracy(outcomes, facts, kStoppingLevel);
  if (estimate.interval) return estimate.interval->half_width() <= half_width;
  if (estimate.basis != IntervalBasis::no_spread) return false;
  // All alike so far: a spread of zero proves nothing. With this confidence, at most this share of trials is
  // still unlike them, and each of those can move the mean by at most its share.
  double looked = static_cast<double>(facts.has_epochs() ? estimate.complete_epochs : outcomes.size());
  return 1 - std::pow(1 - kStoppingLevel, 1 / looked) <= half_width;
}

}  // namespace netsurf
