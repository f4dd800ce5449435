#include "models/foreign/quantization.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace netsurf::foreign {
namespace {

int64_t zero_point(const Quantizer& quantizer) { return quantizer.bipolar ? 0 : quantizer.zero_point[0]; }

}  // namespace

int64_t lowest(const Quantizer& q) { return q.bipolar ? -1 : q.low - zero_point(q); }
int64_t highest(const Quantizer& q) { return q.bipolar ? 1 : q.high - zero_point(q); }

int64_t code_of(float y, const Quantizer& q) {
  if (q.bipolar) return y >= 0 ? 1 : -1;
  auto before = static_cast<double>(q.rounds_shifted ? zero_point(q) : 0);
  double code = rounded(static_cast<double>(y / q.scale[0]) + before, q.rounding) - before;
  auto low = static_cast<double>(lowest(q)), high = static_cast<double>(highest(q));
  if (q.wraps && std::abs(code) < 0x1p62) {
    uint64_t pattern = static_cast<uint64_t>(static_cast<int64_t>(code)) & ((uint64_t{1} << q.bits) - 1);
    bool is_negative = q.is_signed && (pattern >> (q.bits - 1)) != 0;
    return static_cast<int64_t>(pattern) - (is_negative ? int64_t{1} << q.bits : 0);
  }
  if (!(code > low)) return lowest(q);
  return code < high ? static_cast<int64_t>(code) : highest(q);
}

Format format_of(const Quantizer& q, int frac_bits) {
  int64_t low = lowest(q), high = highest(q);
  Format format;
  format.is_signed = low < 0 || (q.is_signed && zero_point(q) == 0 && !q.bipolar);
  auto reach = static_cast<uint64_t>(std::max(high, -low - 1));
  format.bits = static_cast<int>(std::bit_width(reach)) + (format.is_signed ? 1 : 0);
  if (zero_point(q) == 0 && !q.bipolar) format.bits = std::max(format.bits, q.bits);
  format.bits = std::max(format.bits, 1);
  format.integer_bits = format.bits - (format.is_signed ? 1 : 0) - frac_bits;
  return format;
}

Quantizer quantizer_of(const Format& format) {
  Quantizer q;
  q.scale = {static_cast<float>(format.step())};
  q.bits = format.bits;
  q.is_signed = format.is_signed;
  q.set_full_range();
  return q;
}

std::string problem_of(const Quantizer& q) {
  if (q.bits < 1 || q.bits > 32) return "has " + std::to_string(q.bits) + " bits, expected 1 to 32";
  for (float scale : q.scale) {
    if (!(scale > 0) || !std::isfinite(scale))
      return "has scale " + std::to_string(scale) + ", expected a positive number";
  }
  if (q.scale.empty() || q.zero_point.empty()) return "has no scale or no zero point";
  if (q.low > q.high) {
    return "saturates to [" + std::to_string(q.low) + ", " + std::to_string(q.high) + "], which is empty";
  }
  for (int64_t z : q.zero_point) {
    if (z != q.zero_point[0]) return "has a zero point per channel, expected one for all";
    if (std::abs(z) > (int64_t{1} << 16))
      return "has zero point " + std::to_string(z) + ", expected at most 16 bits";
  }
  if (q.wraps && q.zero_point[0] != 0) return "wraps around a zero point";
  return "";
}

std::optional<core::Rounding> rounding_less_zero_point(const Quantizer& q) {
  using core::Rounding;
  if (!q.rounds_shifted || zero_point(q) == 0) return q.rounding;
  // Codes from 0 up have a sign of their own at no tie that is not cut off at 0 anyway.
  bool is_positive = q.low >= 0;
  switch (q.rounding) {
    case Rounding::half_even:
      return zero_point(q) % 2 == 0 ? std::optional(q.rounding) : std::nullopt;
    case Rounding::half_away:
      return is_positive ? std::optional(Rounding::half_up) : std::nullopt;
    case Rounding::half_to_zero:
      return is_positive ? std::optional(Rounding::half_down) : std::nullopt;
    case Rounding::to_zero:
      return is_positive ? std::optional(Rounding::floor) : std::nullopt;
    case Rounding::away:
      return is_positive ? std::optional(Rounding::ceil) : std::nullopt;
    default:
      return q.rounding;  // the same wherever zero is
  }
}

}  // namespace netsurf::foreign
