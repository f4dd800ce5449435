// How the float twin of docs/gradients.md answers where the network rounds, a second time.
#pragma once

#include <cstdint>

#include "tests/reference/naive_operand.h"
#include "tests/reference/naive_sized.h"

namespace netsurf::naive {

/// Mistakes that can be planted in the twin, to show that a comparison with it notices them.
enum class TwinPlant {
  none,
  zero_passes,          // relu'(0) = 1
  bounds_cut,           // an input at the lowest or highest value has no slope
  wraps_saturate,       // activations that wrap have slopes within their range only
  leaky_unsloped,       // the negative side of a leaky ReLU has slope 1
  last_wins,            // max pools take the last of equal inputs
  rounding_lost,        // average pools forget what they rounded away
  thresholds_stay,      // thresholds do not move
  upper_threshold,      // the higher of two equally near thresholds
  single_is_staircase,  // a layer of one threshold per channel has no ramp
  unit_ignored,         // values of the output are code x 2^-f
};
inline constexpr int kNumTwinPlants = 11;

/// code x 2^-frac_bits.
Real real_value(Wide code, int frac_bits);

/// The slope of an activation at the frozen input `x`.
Real activation_slope(const Layer& layer, Real x, TwinPlant plant);

/// The ramp of a threshold layer at one frozen input.
struct Ramp {
  Real slope = 0;
  int64_t threshold = -1;  // element of the thresholds that the ramp hangs on, where the slope is not 0
};

/// At an input code of a channel. `largest` is the largest |code| that the layer reads in the whole set.
Ramp threshold_ramp(const Layer& layer, const Stored& thresholds, int channel, Wide code, int frac_bits,
                    Wide largest, TwinPlant plant);

}  // namespace netsurf::naive
