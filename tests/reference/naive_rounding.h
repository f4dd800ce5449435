// Formats, rounding and conversion of docs/numbers.md a second time, in 128-bit integers.
#pragma once

#include "engine/model/layer.h"

namespace netsurf::naive {

using Wide = __int128;

/// Mistakes that can be planted, to show that a comparison with this reference notices them.
enum class Plant {
  none,
  ties_away,                 // averages round halves away from zero instead of to even
  pad_one_lower,             // convolutions start one row higher in the padding
  padding_counts,            // average pools divide by the whole window
  wraps,                     // saturation wraps around
  bias_unaligned,            // biases are added without their shift
  last_wins,                 // the highest index among the largest codes is the prediction
  loss_rounds_down,          // losses are cut to whole units instead of rounded
  zero_point_ignored,        // codes are multiplied in the place of operands
  bipolar_as_stored,         // bipolar bits count 0 and 1
  always_half_even,          // activations and data forget how they round
  range_ignored,             // narrow ranges saturate only at the ends of the format
  saturates,                 // what should wrap saturates
  slope_cuts_first,          // the negative side of a leaky ReLU is cut to the input's step before it rounds
  threshold_above,           // a threshold that is met exactly does not count
  threshold_stops,           // thresholds count up to the first that is not reached
  threshold_unscaled,        // every threshold counts one code
  transposed_turned,         // the kernel of a transposed convolution is turned by half a turn
  output_padding_first,      // an output padding goes to the top and left
  upsample_tiles,            // upsampling repeats the image in the place of each pixel
  sum_pool_without_padding,  // windows that hang over the image are stretched to their full count
  unit_ignored,              // losses take a step of the output as 2^-f
  short_exp,                 // the polynomial of exp lacks its highest power
  constant_flips,            // constant parameters have bits
};
inline constexpr int kNumPlants = 24;

/// 2^times x code, by adding it to itself.
Wide doubled(Wide code, int times);

int fraction_of(const Format& format);
Wide smallest(const Format& format);
Wide largest(const Format& format);

/// numerator / denominator rounded to an integer. REQUIRES: denominator > 0, both below 2^126 in magnitude.
Wide divide(Wide numerator, Wide denominator, core::Rounding rounding);
Wide divide_half_even(Wide numerator, Wide denominator, Plant plant = Plant::none);

/// The code of an input or activation layer for code x 2^-from_frac_bits: rounded as the layer says, then
/// wrapped or held in its range. REQUIRES: |code| < 2^104.
Wide convert(Wide code, int from_frac_bits, const Layer& layer, Plant plant = Plant::none);

/// The code of one number of a data set in an input layer. REQUIRES: not NaN.
Wide encoded(float value, const Layer& input, Plant plant = Plant::none);

}  // namespace netsurf::naive
