// Fixed-point arithmetic of one code: round, requantize, flip. Definitions in docs/numbers.md. Integers only.
#pragma once

#include <cstdint>

#include "kernels/core/host_device.h"

namespace netsurf::core {

/// x / 2^shift rounded half to even. REQUIRES: 0 <= shift <= 62.
template <typename Int>
NETSURF_HD constexpr Int round_shift_right(Int x, int shift) {
  if (shift == 0) return x;
  Int floor = x >> shift;  // arithmetic shift: rounds toward minus infinity, for negatives too (C++20)
  Int rest = x - (floor << shift);
  Int half = Int{1} << (shift - 1);
  // Up when past half, and at half exactly when that makes the result even.
  return floor + static_cast<Int>(rest > half || (rest == half && (floor & 1) != 0));
}

template <typename Int>
NETSURF_HD constexpr Int clamp(Int x, Int low, Int high) {
  return x < low ? low : (x > high ? high : x);
}

/// One activation's way from fraction bits F to a format: clamp the input to [in_low, in_high], add `offset`,
/// shift (right with one rounding, or left), saturate to [low, high]. All four functions are this with
/// different constants.
struct Requantizer {
  int64_t in_low = 0, in_high = 0;  // the function's clip, and what keeps a left shift from overflowing
  int64_t offset = 0;
  int right_shift = 0, left_shift = 0;  // one of them is zero
  int64_t low = 0, high = 0;
};

/// REQUIRES: for Int = int32_t, that input, offset and result fit it (see make_requantizer).
template <typename Int>
NETSURF_HD constexpr Int requantize(Int x, const Requantizer& q) {
  Int clipped =
      clamp(x, static_cast<Int>(q.in_low), static_cast<Int>(q.in_high)) + static_cast<Int>(q.offset);
  Int rounded = q.left_shift > 0 ? static_cast<Int>(clipped << q.left_shift)
                                 : round_shift_right(clipped, q.right_shift);
  return clamp(rounded, static_cast<Int>(q.low), static_cast<Int>(q.high));
}

/// sum / count rounded half to even. REQUIRES: count > 0.
NETSURF_HD constexpr int32_t round_quotient(int64_t sum, int32_t count) {
  int64_t floor = sum / count - (sum % count < 0 ? 1 : 0);
  int64_t twice_rest = 2 * (sum - floor * count);
  return static_cast<int32_t>(floor +
                              ((twice_rest > count || (twice_rest == count && (floor & 1) != 0)) ? 1 : 0));
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

/// Inverts one stored bit. Twice is the identity; the result is always a code of the format.
NETSURF_HD constexpr int32_t flip_bit(int32_t code, int bit, int bits, bool is_signed) {
  return code_of_pattern(static_cast<uint32_t>(code) ^ (uint32_t{1} << bit), bits, is_signed);
}

}  // namespace netsurf::core
