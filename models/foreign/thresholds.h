// Thresholds of a monotone function of the accumulator: the smallest code from which the float arithmetic of
// the file gives each level. Exact for every code, whatever the floats do in between.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace netsurf::foreign {

/// The smallest code in [low, high] for which `reached` holds, or high + 1. REQUIRES: `reached` never turns
/// false again.
int64_t first_reached(int64_t low, int64_t high, const std::function<bool(int64_t)>& reached);

}  // namespace netsurf::foreign
