#include "tests/reference/naive_slopes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace netsurf::naive {

Real real_value(Wide code, int frac_bits) { return std::ldexp(static_cast<Real>(code), -frac_bits); }

Real activation_slope(const Layer& layer, Real x, TwinPlant plant) {
  bool whole_format = layer.low == 0 && layer.high == 0;
  int frac_bits = fraction_of(layer.format);
  Real low = real_value(whole_format ? smallest(layer.format) : layer.low, frac_bits);
  Real high = real_value(whole_format ? largest(layer.format) : layer.high, frac_bits);
  if (layer.wraps && plant != TwinPlant::wraps_saturate) {
    low = -std::numeric_limits<Real>::infinity();
    high = std::numeric_limits<Real>::infinity();
  }
  auto in_range = [&](Real v) {
    return plant == TwinPlant::bounds_cut ? v > low && v < high : v >= low && v <= high;
  };
  bool within_one = x >= -1 && x <= 1;
  switch (layer.function) {
    case ActivationFunction::linear:
      return in_range(x) ? 1 : 0;
    case ActivationFunction::relu:
      if (x < 0 || (x == 0 && plant != TwinPlant::zero_passes)) return 0;
      return in_range(x) ? 1 : 0;
    case ActivationFunction::leaky_relu: {
      Real below = real_value(layer.slope, layer.slope_shift);
      if (!in_range(x < 0 ? below * x : x)) return 0;
      return x < 0 && plant != TwinPlant::leaky_unsloped ? below : 1;
    }
    case ActivationFunction::hard_tanh:
      return within_one && in_range(x) ? 1 : 0;
    case ActivationFunction::hard_sigmoid:
      return within_one && in_range(x / 2 + Real{0.5}) ? Real{0.5} : 0;
  }
  throw std::logic_error("an activation function without a slope");
}

Ramp threshold_ramp(const Layer& layer, const Stored& thresholds, int channel, Wide code, int frac_bits,
                    Wide largest, TwinPlant plant) {
  int rows = thresholds.parameter->shape[0], count = thresholds.parameter->shape[1];
  int64_t first = rows == 1 ? 0 : int64_t{channel} * count;
  Real step = real_value(Wide{layer.high} - layer.low, fraction_of(layer.format)) / count;
  auto distance = [&](int64_t element) {
    Wide away = code - thresholds.at(element);
    return away < 0 ? -away : away;
  };
  if (count == 1) {
    Wide reach = std::max<Wide>(largest, 1);
    if (plant == TwinPlant::single_is_staircase || distance(first) > reach) return {};
    return {step / (2 * real_value(reach, frac_bits)), first};
  }
  int64_t lowest = first, highest = first, nearest = first;
  for (int64_t each = first; each < first + count; ++each) {
    if (thresholds.at(each) < thresholds.at(lowest)) lowest = each;
    if (thresholds.at(each) > thresholds.at(highest)) highest = each;
    bool is_lower = thresholds.at(each) < thresholds.at(nearest);
    if (plant == TwinPlant::upper_threshold) is_lower = thresholds.at(each) > thresholds.at(nearest);
    if (distance(each) < distance(nearest) || (distance(each) == distance(nearest) && is_lower))
      nearest = each;
  }
  Wide range = thresholds.at(highest) - thresholds.at(lowest);
  if (code < thresholds.at(lowest) || code > thresholds.at(highest) || range == 0) return {};
  Real spacing = real_value(range, frac_bits) / (count - 1);
  return {step / spacing, nearest};
}

}  // namespace netsurf::naive
