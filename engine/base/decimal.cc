#include "engine/base/decimal.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "engine/base/error.h"

namespace netsurf {
namespace {

using Wide = unsigned __int128;

constexpr int kMaxDigits = 18;
constexpr int kMaxScale = 36;

Wide power_of_ten(int exponent) {
  Wide power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

[[noreturn]] void refuse(std::string_view text, std::string_view what, const char* why) {
  throw InputError(std::string(what) + " \"" + std::string(text) + "\" " + why +
                   "; expected a number in [0, 1] such as 0.001 or 1e-3");
}

}  // namespace

UnitDecimal UnitDecimal::parse(std::string_view text, std::string_view what) {
  UnitDecimal result;
  size_t at = 0;
  bool negative = false;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) negative = text[at++] == '-';
  int num_digits = 0;
  int significant = 0;
  int scale = 0;
  bool after_point = false;
  for (; at < text.size(); ++at) {
    char c = text[at];
    if (c == '.' && !after_point) {
      after_point = true;
    } else if (c >= '0' && c <= '9') {
      ++num_digits;
      if (result.digits_ != 0 || c != '0') ++significant;
      if (significant > kMaxDigits) refuse(text, what, "has more than 18 significant digits");
      result.digits_ = result.digits_ * 10 + static_cast<uint64_t>(c - '0');
      if (after_point && ++scale > 1000) refuse(text, what, "is too long");
    } else {
      break;
    }
  }
  if (num_digits == 0) refuse(text, what, "is not a number");
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at + 1 < text.size() && text[at] == '+' && text[at + 1] != '-') ++at;
    int exponent = 0;
    auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), exponent);
    if (error != std::errc() || exponent < -1000 || exponent > 1000)
      refuse(text, what, "has an unreadable exponent");
    at = static_cast<size_t>(end - text.data());
    scale -= exponent;
  }
  if (at != text.size()) refuse(text, what, "is not a number");
  if (result.digits_ == 0) return UnitDecimal();
  if (negative) refuse(text, what, "is outside [0, 1]");
  while (result.digits_ % 10 == 0) {
    result.digits_ /= 10;
    --scale;
  }
  // A value in (0, 1] in lowest terms has a non-negative scale.
  if (scale < 0) refuse(text, what, "is outside [0, 1]");
  if (scale > kMaxScale) refuse(text, what, "is smaller than 1e-36");
  if (result.digits_ > power_of_ten(scale)) refuse(text, what, "is outside [0, 1]");
  result.scale_ = scale;
  return result;
}

std::string UnitDecimal::text() const {
  std::string digits = std::to_string(digits_);
  if (scale_ == 0) return digits;
  // A value below one in lowest terms has at most as many digits as its scale.
  std::string zeros(static_cast<size_t>(scale_) - digits.size(), '0');
  return "0." + zeros + digits;
}

double UnitDecimal::value() const { return std::strtod(text().c_str(), nullptr); }

uint64_t UnitDecimal::floor_of(uint64_t count) const {
  return static_cast<uint64_t>(Wide(digits_) * count / power_of_ten(scale_));
}

uint64_t UnitDecimal::round_of(uint64_t count) const {
  Wide product = Wide(digits_) * count;
  Wide divisor = power_of_ten(scale_);
  Wide quotient = product / divisor;
  Wide twice_rest = (product % divisor) * 2;
  if (twice_rest > divisor || (twice_rest == divisor && (quotient & 1) != 0)) ++quotient;
  return static_cast<uint64_t>(quotient);
}

uint64_t UnitDecimal::times_two_to_64() const {
  Wide divisor = power_of_ten(scale_);
  Wide numerator = Wide(digits_) << 64;  // digits < 2^60, so this fits
  Wide quotient = numerator / divisor;
  if (numerator % divisor * 2 >= divisor) ++quotient;
  // Only a value within 2^-65 of one rounds up to 2^64; the largest 64-bit threshold stands for it.
  return quotient >> 64 ? ~uint64_t{0} : static_cast<uint64_t>(quotient);
}

bool UnitDecimal::operator<(const UnitDecimal& other) const {
  // Scales are at most 36 and digits at most 10^18, so a direct cross product could overflow; compare by
  // parts instead.
  int common = std::max(scale_, other.scale_);
  auto integer_part = [](const UnitDecimal& d) { return d.is_one() ? 1 : 0; };
  if (integer_part(*this) != integer_part(other)) return integer_part(*this) < integer_part(other);
  if (is_one()) return false;
  std::string a = text(), b = other.text();
  a = is_zero() ? "0." : a;
  b = other.is_zero() ? "0." : b;
  a.resize(static_cast<size_t>(common) + 2, '0');
  b.resize(static_cast<size_t>(common) + 2, '0');
  return a < b;
}

}  // namespace netsurf
