// Fixed-point arithmetic of one code: round, requantize, flip. Definitions in docs/numbers.md. Integers only.
#pragma once

#include <cstdint>

#include "kernels/core/host_device.h"
#include "kernels/core/rounding.h"

namespace netsurf::core {

/// REQUIRES: low <= high. One maximum, then one minimum.
template <typename Int>
NETSURF_HD constexpr Int clamp(Int x, Int low, Int high) {
  const Int raised = x < low ? low : x;
  return raised > high ? high : raised;
}

/// The code whose low `bits` bits are those of `pattern`.
NETSURF_HD constexpr int32_t code_of_pattern(uint32_t pattern, int bits, bool is_signed) {
  if (bits == 32) return static_cast<int32_t>(pattern);
  uint32_t mask = (uint32_t{1} << bits) - 1;
  uint32_t sign = uint32_t{1} << (bits - 1);
  pattern &= mask;
  if (is_signed && (pattern & sign) != 0) pattern |= ~mask;
  return static_cast<int32_t>(pattern);
}

/// One activation's way from fraction bits F to a format: clamp the input to [in_low, in_high], add `offset`,
/// shift (right with one rounding, or left), saturate to [low, high] or wrap. All functions are this with
/// different constants; below zero leaky_relu takes a way of its own.
struct Requantizer {
  int64_t in_low = 0, in_high = 0;  // the function's clip, and what keeps a left shift from overflowing
  int64_t offset = 0;
  int right_shift = 0, left_shift = 0;  // one of them is zero
  int64_t low = 0, high = 0;
  Rounding rounding = Rounding::half_even;
  int wrapped_bits = 0;  // above zero: keeps so many low bits of the rounded integer, instead of saturating
  bool wraps_signed = false;
  bool leaks = false;  // below zero: slope x input, at least product_low, shifted by the product's shifts
  int32_t slope = 0;
  int64_t product_low = 0;
  int product_right_shift = 0, product_left_shift = 0;

  /// Whether requantize_plainly does all of it.
  NETSURF_HD constexpr bool is_plain() const {
    return rounding == Rounding::half_even && wrapped_bits == 0 && !leaks;
  }
};

/// The common case alone: rounds half to even and saturates. REQUIRES: q.is_plain(); for Int = int32_t, that
/// input, offset and result fit it (see make_requantizer).
template <typename Int>
NETSURF_HD constexpr Int requantize_plainly(Int x, const Requantizer& q) {
  Int clipped =
      clamp(x, static_cast<Int>(q.in_low), static_cast<Int>(q.in_high)) + static_cast<Int>(q.offset);
  Int rounded = q.left_shift > 0 ? static_cast<Int>(clipped << q.left_shift)
                                 : round_shift_right(clipped, q.right_shift);
  return clamp(rounded, static_cast<Int>(q.low), static_cast<Int>(q.high));
}

/// requantize_plainly in few steps: clips and saturation as one pair of bounds, half to even by adding the
/// bit that decides a tie. Made by make_quick (engine/backend/requantizer.h), for sums of type Int whose
/// rounded codes fit 32 bits before they are saturated.
template <typename Int>
struct QuickRequantizerOf {
  Int offset = 0, half_less_one = 0, tie_bit = 0;  // 2^(shift - 1) - 1 and 1; 0 where nothing is shifted
  int32_t shift = 0;
  int32_t low = 0, high = 0;
};
using QuickRequantizer = QuickRequantizerOf<int32_t>;

template <typename Int>
NETSURF_HD constexpr int32_t requantize_quickly(Int x, const QuickRequantizerOf<Int>& q) {
  const Int sum = x + q.offset;
  const Int rounded = (sum + ((sum >> q.shift) & q.tie_bit) + q.half_less_one) >> q.shift;
  return clamp(static_cast<int32_t>(rounded), q.low, q.high);
}

/// Any requantizer; `rounding` is q's, apart so that a loop can have it as a constant. REQUIRES: as above.
template <typename Int>
NETSURF_HD constexpr Int requantize(Int x, const Requantizer& q, Rounding rounding) {
  bool below = q.leaks && x < 0;
  Int summand =
      clamp(x, static_cast<Int>(q.in_low), static_cast<Int>(q.in_high)) + static_cast<Int>(q.offset);
  if (below) {
    Int product = static_cast<Int>(x * static_cast<Int>(q.slope)), lowest = static_cast<Int>(q.product_low);
    summand = product < lowest ? lowest : product;
  }
  int left = below ? q.product_left_shift : q.left_shift;
  // C++20: bits that a left shift pushes out are lost, which is what wrapping means; what saturates is
  // clipped.
  Int rounded = left > 0
                    ? static_cast<Int>(summand << left)
                    : round_shift_right(summand, below ? q.product_right_shift : q.right_shift, rounding);
  if (q.wrapped_bits > 0) {
    return static_cast<Int>(code_of_pattern(static_cast<uint32_t>(rounded), q.wrapped_bits, q.wraps_signed));
  }
  return clamp(rounded, static_cast<Int>(q.low), static_cast<Int>(q.high));
}

template <typename Int>
NETSURF_HD constexpr Int requantize(Int x, const Requantizer& q) {
  return requantize(x, q, q.rounding);
}

/// sum / count rounded half to even. REQUIRES: count > 0.
NETSURF_HD constexpr int32_t round_quotient(int64_t sum, int32_t count) {
  int64_t floor = sum / count - (sum % count < 0 ? 1 : 0);
  int64_t twice_rest = 2 * (sum - floor * count);
  return static_cast<int32_t>(floor +
                              ((twice_rest > count || (twice_rest == count && (floor & 1) != 0)) ? 1 : 0));
}

/// Inverts one stored bit. Twice is the identity; the result is always a code of the format.
NETSURF_HD constexpr int32_t flip_bit(int32_t code, int bit, int bits, bool is_signed) {
  return code_of_pattern(static_cast<uint32_t>(code) ^ (uint32_t{1} << bit), bits, is_signed);
}

/// How a stored code becomes the integer that takes part in sums: code - zero_point, or 2 code - 1.
struct Storage {
  int bits = 0;
  bool is_signed = true;
  int32_t zero_point = 0;
  bool bipolar = false;
};

/// Inverts one stored bit of the code that `operand` stands for, and gives the new operand.
NETSURF_HD constexpr int32_t flip_operand(int32_t operand, int bit, const Storage& storage) {
  if (storage.bipolar) return -operand;
  return flip_bit(operand + storage.zero_point, bit, storage.bits, storage.is_signed) - storage.zero_point;
}

}  // namespace netsurf::core
