#include "models/foreign/value.h"

#include <algorithm>
#include <cmath>

namespace netsurf::foreign {

float real_at(const Value& value, int frac_bits, size_t channel, int64_t code) {
  double real = std::ldexp(static_cast<double>(code), -frac_bits) * at(value.unit, channel);
  return run_chain(value.chain, channel, static_cast<float>(real));
}

bool is_uniform(const std::vector<double>& unit) {
  return std::all_of(unit.begin(), unit.end(), [&](double each) { return each == unit[0]; });
}

std::optional<int> exponent_of(double x, bool nearly) {
  if (!(x > 0) || !std::isfinite(x)) return std::nullopt;
  auto exponent = static_cast<int>(std::lround(std::log2(x)));
  double ratio = std::ldexp(x, -exponent);
  if (ratio == 1 || (nearly && std::abs(ratio - 1) < 1e-6)) return exponent;
  return std::nullopt;
}

int nearest_frac_bits(double scale) { return -static_cast<int>(std::lround(std::log2(scale))); }

}  // namespace netsurf::foreign
