// The fixed-point format q<m,n,s> of a tensor: which integers are stored and what real numbers they stand
// for.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "kernels/core/rounding.h"

namespace netsurf {

inline constexpr int kMaxParameterBits = 32;   // of a stored parameter
inline constexpr int kMaxActivationBits = 16;  // of what a dense or convolution layer reads

/// q<m,n,s>: m bits in all, n integer bits, s = 1 signed (two's complement). value = code x 2^-frac_bits.
struct Format {
  int bits = 0;          // m, 1..32
  int integer_bits = 0;  // n; the range is [-2^n, 2^n) when signed, [0, 2^n) when not
  bool is_signed = true;

  /// f = m - n - s; may be negative (a step above one).
  int frac_bits() const { return bits - integer_bits - (is_signed ? 1 : 0); }
  int64_t min_code() const { return is_signed ? -(int64_t{1} << (bits - 1)) : 0; }
  int64_t max_code() const { return (int64_t{1} << (is_signed ? bits - 1 : bits)) - 1; }
  /// Largest |code| any pattern of the m bits can mean.
  int64_t max_magnitude() const { return is_signed ? -min_code() : max_code(); }
  double step() const;

  /// "q<6,0,1>".
  std::string text() const;
  /// "q6_0_1", for file and folder names.
  std::string file_text() const;

  /// Reads "q<6,0,1>" or "q6_0_1". Throws InputError: a missing s is shown the right spelling, ranges are
  /// named (1 <= m <= 32, unsigned 31, 0 <= n <= m - s).
  static Format parse(std::string_view text);

  /// The signed (or unsigned) format of `bits` bits with the fewest integer bits (possibly negative) that
  /// holds every value without saturating; all zeros give n = 0. REQUIRES: finite values.
  static Format fit(std::span<const float> values, int bits, bool is_signed = true);

  /// The format with the given step, with just enough bits (at least `min_bits`, at most 32) for every code.
  static Format with_step(std::span<const int32_t> codes, int frac_bits, int min_bits);

  bool operator==(const Format&) const = default;
};

/// The whole number that `value` rounds to; infinities stay. REQUIRES: not NaN.
double rounded(double value, core::Rounding rounding);

/// clamp(round_half_even(value x 2^f), min_code, max_code). NaN is refused with InputError.
int32_t quantize(double value, const Format& format);

}  // namespace netsurf
