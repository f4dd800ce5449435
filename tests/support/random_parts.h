// What random networks are put together from: formats, ranges, roundings, windows and parameters.
#pragma once

#include <utility>

#include "engine/model/layer.h"
#include "tests/support/random.h"

namespace netsurf::testing {

using Wide = __int128;

/// A format of `bits` bits, signed or not, with fraction bits in [lowest_frac, highest_frac].
Format draw_format(Random& random, int bits, int lowest_frac, int highest_frac);

/// A format of at most 16 bits, its step most often below 1.
Format draw_activation_format(Random& random);

/// Sets how an input or activation rounds and, now and then, a range within its format.
void draw_rounding(Random& random, Layer& layer);
void draw_range(Random& random, Layer& layer);

/// A slope for the negative side and the power of two behind it.
void draw_slope(Random& random, Layer& layer);

/// The real size of a step: a power of two or not.
float draw_unit(Random& random);

/// A window for an image and the size of what it makes, the channels being the image's.
std::pair<Window, Shape> draw_window(Random& random, const Shape& image);

/// The same for a transposed convolution. A size of 0 stands for an image too large to grow further.
std::pair<Window, Shape> draw_transposed_window(Random& random, const Shape& image);

/// A kernel, bias, scale or shift; `wide` prefers many bits. Zero points, bipolar bits, constants and pruned
/// elements occur.
Parameter draw_parameter(Random& random, const Shape& shape, bool wide);

/// Thresholds for codes up to `magnitude` with `frac_bits`: rows in order or not.
Parameter draw_thresholds(Random& random, const Shape& shape, int frac_bits, Wide magnitude);

/// Largest operand that a pattern of a parameter's bits can mean.
Wide magnitude_of(const Parameter& parameter);

}  // namespace netsurf::testing
