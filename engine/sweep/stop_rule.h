// When a cell has enough trials. Decided from the trials in their order alone, never from batches, threads or
// time, so the set of trials in a store is the same however it was computed.
#pragma once

#include <cstdint>
#include <span>

#include "engine/faults/trial.h"
#include "engine/stats/summary.h"

namespace netsurf {

/// Two-sided level at which the half-width is judged: above 0.95, to pay for looking more than once.
inline constexpr double kStoppingLevel = 0.965;

struct StopRule {
  enum class Kind : uint8_t {
    fixed,       // `trials` of them
    one_pass,    // one epoch of the fault model: what num_reps = -1 means with coverage
    half_width,  // until the interval of the mean accuracy is at most `half_width` to either side
  };
  Kind kind = Kind::fixed;
  uint64_t trials = 100;
  double half_width = 0;
  uint64_t max_trials = 0;

  /// Throws InputError unless 1 <= trials < 2^40.
  static StopRule fixed(uint64_t trials);
  static StopRule one_pass();
  /// Throws InputError unless 0 < half_width < 0.5 and 64 <= max_trials < 2^40.
  static StopRule until_half_width(double half_width, uint64_t max_trials);

  /// Throws InputError when a cell cannot be judged by this rule: no labels, or trials without passes.
  void check(const CellFacts& facts) const;

  /// Trials to have before look number `look` (0, 1, ...): 64 x 1.5^look rounded up, at most max_trials;
  /// counted in epochs, from eight, where trials of an epoch depend on each other. fixed and one_pass look
  /// once.
  uint64_t target(const CellFacts& facts, int look) const;

  /// Whether the cell is done, given exactly the trials [0, target(facts, look)).
  bool is_enough(const CellFacts& facts, std::span<const TrialOutcome> trials) const;
};

}  // namespace netsurf
