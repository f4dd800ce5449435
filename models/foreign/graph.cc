#include "models/foreign/graph.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"

namespace netsurf::foreign {
namespace {

[[noreturn]] void refuse(const Constant& constant, const std::string& why) {
  throw InputError("constant \"" + constant.name + "\" " + why);
}

/// Scales or zero points: one for all of the constant, or one per output channel.
template <typename Number>
void check_per_channel(const Constant& constant, const std::vector<Number>& numbers, size_t channels,
                       const char* what) {
  if (numbers.size() == 1 || (numbers.size() == channels && !numbers.empty())) return;
  refuse(constant, "has " + std::to_string(numbers.size()) + " " + what + " for " + std::to_string(channels) +
                       " output channels, expected one, or one for each");
}

void check(const Constant& constant, size_t count, size_t channels) {
  const Quantizer& q = *constant.quantizer;
  if (q.bits < 1 || q.bits > 32) {
    refuse(constant, "is quantized to " + std::to_string(q.bits) + " bits, expected 1 to 32");
  }
  if (count != static_cast<size_t>(num_elements(constant.shape))) {
    refuse(constant, "holds " + std::to_string(count) + " numbers, expected as many as its shape " +
                         shape_text(constant.shape) + " says");
  }
  check_per_channel(constant, q.scale, channels, "scales");
  check_per_channel(constant, q.zero_point, channels, "zero points");
  for (float scale : q.scale) {
    if (!std::isfinite(scale) || !(scale > 0))
      refuse(constant, "has scale " + std::to_string(scale) + ", expected a positive number");
  }
}

/// Of a quantizer whose codes are bits: the range the file's own integers must lie in.
int64_t lowest_code(const Quantizer& q) { return q.bipolar ? 0 : q.low; }
int64_t highest_code(const Quantizer& q) { return q.bipolar ? 1 : q.high; }

int64_t wrapped(double code, const Quantizer& q) {
  double span = std::ldexp(1.0, q.bits), rest = std::fmod(code, span);
  if (rest < 0) rest += span;
  return static_cast<int64_t>(q.is_signed && rest >= span / 2 ? rest - span : rest);
}

int64_t code_of_value(float value, const Quantizer& q, float scale, int64_t zero_point) {
  if (q.bipolar) return value >= 0 ? 1 : 0;
  float quotient = value / scale;
  double code = q.rounds_shifted
                    ? rounded(static_cast<double>(quotient + static_cast<float>(zero_point)), q.rounding)
                    : rounded(static_cast<double>(quotient), q.rounding) + static_cast<double>(zero_point);
  if (q.wraps && std::isfinite(code)) return wrapped(code, q);
  return static_cast<int64_t>(std::clamp(code, static_cast<double>(q.low), static_cast<double>(q.high)));
}

}  // namespace

void Quantizer::set_full_range(bool narrow) {
  low = is_signed ? -(int64_t{1} << (bits - 1)) + (narrow ? 1 : 0) : 0;
  high = is_signed ? (int64_t{1} << (bits - 1)) - 1 : (int64_t{1} << bits) - 1 - (narrow ? 1 : 0);
}

std::vector<int32_t> quantized_codes(const Constant& constant) {
  const Quantizer& q = *constant.quantizer;
  bool has_codes = !constant.codes.empty();
  size_t count = has_codes ? constant.codes.size() : constant.values.size();
  size_t channels = constant.shape.empty() ? 1 : static_cast<size_t>(std::max(constant.shape[0], 1));
  check(constant, count, channels);
  size_t per_channel = count / channels;
  std::vector<int32_t> codes;
  codes.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    if (has_codes) {
      int32_t code = constant.codes[i];
      if (code < lowest_code(q) || code > highest_code(q)) {
        refuse(constant, "holds code " + std::to_string(code) + " at position " + std::to_string(i) +
                             ", expected " + std::to_string(lowest_code(q)) + " to " +
                             std::to_string(highest_code(q)));
      }
      codes.push_back(code);
      continue;
    }
    if (!std::isfinite(constant.values[i]))
      refuse(constant, "holds a number that is not finite at position " + std::to_string(i));
    float scale = q.scale.size() == 1 ? q.scale[0] : q.scale[i / per_channel];
    int64_t zero_point = q.zero_point.size() == 1 ? q.zero_point[0] : q.zero_point[i / per_channel];
    // Unsigned codes of 32 bits keep their pattern.
    codes.push_back(static_cast<int32_t>(code_of_value(constant.values[i], q, scale, zero_point)));
  }
  return codes;
}

std::vector<float> constant_values(const Constant& constant) {
  if (!constant.quantizer) return constant.values;
  const Quantizer& q = *constant.quantizer;
  std::vector<int32_t> codes = quantized_codes(constant);
  std::vector<float> values;
  values.reserve(codes.size());
  size_t per_channel = codes.empty() ? 1 : codes.size() / static_cast<size_t>(std::max(constant.shape[0], 1));
  for (size_t i = 0; i < codes.size(); ++i) {
    float scale = q.scale.size() == 1 ? q.scale[0] : q.scale[i / per_channel];
    int64_t zero_point = q.zero_point.size() == 1 ? q.zero_point[0] : q.zero_point[i / per_channel];
    int64_t operand = q.bipolar ? 2 * int64_t{codes[i]} - 1 : codes[i] - zero_point;
    values.push_back(static_cast<float>(operand) * scale);
  }
  return values;
}

}  // namespace netsurf::foreign
