#include "tests/reference/naive_rounding.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace netsurf::naive {

Wide doubled(Wide code, int times) {
  for (int i = 0; i < times; ++i) code = code + code;
  return code;
}

int fraction_of(const Format& format) {
  return format.bits - format.integer_bits - (format.is_signed ? 1 : 0);
}

Wide smallest(const Format& format) { return format.is_signed ? -doubled(1, format.bits - 1) : 0; }

Wide largest(const Format& format) {
  return doubled(1, format.is_signed ? format.bits - 1 : format.bits) - 1;
}

Wide divide(Wide numerator, Wide denominator, core::Rounding rounding) {
  Wide below = numerator / denominator;
  if (below * denominator > numerator) below -= 1;
  Wide rest = numerator - below * denominator;
  if (rest == 0) return below;
  Wide above = below + 1;
  Wide nearer_zero = numerator > 0 ? below : above;
  Wide farther = numerator > 0 ? above : below;
  if (rounding == core::Rounding::floor) return below;
  if (rounding == core::Rounding::ceil) return above;
  if (rounding == core::Rounding::to_zero) return nearer_zero;
  if (rounding == core::Rounding::away) return farther;
  if (2 * rest < denominator) return below;
  if (2 * rest > denominator) return above;
  if (rounding == core::Rounding::half_even) return below % 2 == 0 ? below : above;
  if (rounding == core::Rounding::half_away) return farther;
  if (rounding == core::Rounding::half_to_zero) return nearer_zero;
  if (rounding == core::Rounding::half_up) return above;
  if (rounding == core::Rounding::half_down) return below;
  throw std::logic_error("a rounding without a naive twin");
}

Wide divide_half_even(Wide numerator, Wide denominator, Plant plant) {
  bool ties_away = plant == Plant::ties_away;
  return divide(numerator, denominator, ties_away ? core::Rounding::half_away : core::Rounding::half_even);
}

Wide convert(Wide code, int from_frac_bits, const Layer& layer, Plant plant) {
  core::Rounding rounding = layer.rounding;
  if (plant == Plant::always_half_even) rounding = core::Rounding::half_even;
  bool ties_away = plant == Plant::ties_away && rounding == core::Rounding::half_even;
  if (ties_away) rounding = core::Rounding::half_away;

  Wide patterns = doubled(1, layer.format.bits);
  bool wraps = (layer.wraps && plant != Plant::saturates) || (plant == Plant::wraps && !layer.wraps);
  int places = fraction_of(layer.format) - from_frac_bits;
  Wide beyond = doubled(1, 104);
  for (; places > 0; --places) {
    if (wraps) {
      code = (code + code) % patterns;
    } else if (code < beyond && code > -beyond) {
      code = code + code;  // past 2^104 a code stays outside every format however often it is doubled
    }
  }
  if (places < -120) {
    // Nearer to zero than 2^-16: rounds like any other small number of its sign.
    code = code > 0 ? 1 : code < 0 ? -1 : 0;
    places = -3;
  }
  if (places < 0) code = divide(code, doubled(1, -places), rounding);

  Wide low = smallest(layer.format), high = largest(layer.format);
  bool has_range = layer.low != 0 || layer.high != 0;
  if (has_range && plant != Plant::range_ignored) {
    low = layer.low;
    high = layer.high;
  }
  if (wraps) {
    Wide span = layer.wraps ? patterns : high - low + 1;
    return low + (((code - low) % span) + span) % span;
  }
  return std::min(std::max(code, low), high);
}

Wide encoded(float value, const Layer& input, Plant plant) {
  float steps = plant == Plant::unit_ignored ? value : value / input.unit;
  if (std::isinf(steps)) return convert(steps > 0 ? doubled(1, 100) : -doubled(1, 100), -62, input, plant);
  int exponent = 0;
  float fraction = std::frexp(steps, &exponent);  // steps = fraction x 2^exponent, 24 bits after the point
  return convert(static_cast<Wide>(std::ldexp(fraction, 24)), 24 - exponent, input, plant);
}

}  // namespace netsurf::naive
