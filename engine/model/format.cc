#include "engine/model/format.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace netsurf {

double Format::step() const { return std::ldexp(1.0, -frac_bits()); }

std::string Format::text() const {
  return "q<" + std::to_string(bits) + "," + std::to_string(integer_bits) + "," + (is_signed ? "1" : "0") +
         ">";
}

std::string Format::file_text() const {
  return "q" + std::to_string(bits) + "_" + std::to_string(integer_bits) + "_" + (is_signed ? "1" : "0");
}

Format Format::parse(std::string_view text) {
  std::string_view body = trim(text);
  bool bracketed = body.size() > 3 && body.starts_with("q<") && body.ends_with(">");
  auto refuse = [&](const std::string& why) -> void {
    throw InputError("format \"" + std::string(text) + "\" " + why);
  };
  std::vector<std::string> fields;
  int64_t separators = 0;
  if (bracketed) {
    fields = split(body.substr(2, body.size() - 3), ",");
    separators = std::count(body.begin(), body.end(), ',');
  } else if (body.starts_with("q")) {
    fields = split(body.substr(1), "_");
    separators = std::count(body.begin(), body.end(), '_');
  } else {
    refuse("is not a fixed-point format; expected q<m,n,s> such as q<6,0,1>: 6 bits, 0 integer bits, signed");
  }
  if (static_cast<int64_t>(fields.size()) != separators + 1)
    refuse("has an empty field; expected q<m,n,s>, for example q<6,0,1>");
  if (fields.size() == 2) {
    refuse("leaves out the sign; write q<" + fields[0] + "," + fields[1] + ",1> for signed or q<" +
           fields[0] + "," + fields[1] + ",0> for unsigned");
  }
  if (fields.size() != 3)
    refuse("has " + std::to_string(fields.size()) + " fields; expected q<m,n,s>, for example q<6,0,1>");
  Format format;
  std::string what = "format \"" + std::string(text) + "\": ";
  format.bits =
      static_cast<int>(parse_integer(trim(fields[0]), what + "number of bits", 1, kMaxParameterBits));
  format.is_signed = parse_integer(trim(fields[2]), what + "sign", 0, 1) == 1;
  if (!format.is_signed && format.bits == kMaxParameterBits) refuse("is unsigned; expected at most 31 bits");
  format.integer_bits = static_cast<int>(parse_integer(
      trim(fields[1]), what + "integer bits", 0, std::max(0, format.bits - (format.is_signed ? 1 : 0))));
  return format;
}

Format Format::fit(std::span<const float> values, int bits, bool is_signed) {
  Format format{bits, 0, is_signed};
  float largest = 0;
  for (float value : values) largest = std::max(largest, std::fabs(value));
  if (largest == 0) return format;
  int exponent = 0;
  std::frexp(largest, &exponent);  // largest in [2^(exponent-1), 2^exponent)
  auto saturates = [&](float value) {
    double code = std::nearbyint(std::ldexp(static_cast<double>(value), format.frac_bits()));
    return code > static_cast<double>(format.max_code()) || code < static_cast<double>(format.min_code());
  };
  format.integer_bits = exponent - 1;  // holds the largest only when it is a negative power of two
  while (std::any_of(values.begin(), values.end(), saturates)) ++format.integer_bits;
  return format;
}

Format Format::with_step(std::span<const int32_t> codes, int frac_bits, int min_bits) {
  int bits = min_bits;
  for (int32_t code : codes) {
    while (bits < kMaxParameterBits &&
           (code < -(int64_t{1} << (bits - 1)) || code > (int64_t{1} << (bits - 1)) - 1))
      ++bits;
  }
  return Format{bits, bits - 1 - frac_bits, true};
}

double rounded(double value, core::Rounding rounding) {
  double toward_zero = 0;
  double rest = std::modf(value, &toward_zero);  // exact, and of the value's sign
  if (rest == 0) return toward_zero;
  double away = toward_zero + std::copysign(1.0, value);
  double distance = std::fabs(rest);
  bool is_tie = distance == 0.5, is_past = distance > 0.5, goes_away = false;
  switch (rounding) {
    case core::Rounding::half_even:
      goes_away = is_past || (is_tie && std::fmod(toward_zero, 2.0) != 0);
      break;
    case core::Rounding::half_away:
      goes_away = is_past || is_tie;
      break;
    case core::Rounding::half_to_zero:
      goes_away = is_past;
      break;
    case core::Rounding::half_up:
      goes_away = is_past || (is_tie && value > 0);
      break;
    case core::Rounding::half_down:
      goes_away = is_past || (is_tie && value < 0);
      break;
    case core::Rounding::floor:
      goes_away = value < 0;
      break;
    case core::Rounding::ceil:
      goes_away = value > 0;
      break;
    case core::Rounding::to_zero:
      break;
    case core::Rounding::away:
      goes_away = true;
      break;
  }
  return goes_away ? away : toward_zero;
}

int32_t quantize(double value, const Format& format) {
  if (std::isnan(value))
    throw InputError("a value that is not a number cannot be quantized to " + format.text());
  // nearbyint rounds half to even in the default rounding mode; ldexp by a power of two is exact.
  double code = std::nearbyint(std::ldexp(value, format.frac_bits()));
  code = std::clamp(code, static_cast<double>(format.min_code()), static_cast<double>(format.max_code()));
  return static_cast<int32_t>(code);
}

}  // namespace netsurf
