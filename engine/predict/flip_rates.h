// How likely each bit is to flip: all that a prediction knows of faults.
#pragma once

#include <vector>

#include "engine/faults/bit_space.h"
#include "engine/faults/trial.h"

namespace netsurf {

/// By BitId, in [0, 1]: the bit error rate, and 0 for the bits that `protection` makes immune.
std::vector<double> flip_rates(const BitSpace& space, double bit_error_rate, const Protection& protection);

}  // namespace netsurf
