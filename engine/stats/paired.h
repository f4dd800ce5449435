// The difference of two means that were measured on the same trials.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "engine/stats/summary.h"

namespace netsurf {

struct PairedDifference {
  double mean = 0;
  std::optional<Interval> interval;  // two-sided, Student's t on the differences
  IntervalBasis basis = IntervalBasis::too_few_trials;
};

/// Mean of a[t] - b[t] in units of `unit`, with its interval at `level` in (0, 1). With an epoch_size above 1
/// the trials of an epoch depend on each other: then the means of complete epochs are the sample, and what
/// follows the last complete one is left out. Differences that are all equal give no interval (no_spread):
/// that two things never differed in a few trials does not make them the same. REQUIRES: both of one size,
/// from trial 0 on; unit > 0; epoch_size >= 1.
PairedDifference paired_difference(std::span<const int64_t> a, std::span<const int64_t> b, double unit,
                                   uint64_t epoch_size, double level);

}  // namespace netsurf
