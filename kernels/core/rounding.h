// The nine ways to round an exact quotient by a power of two. The names in hardware tools stand in
// docs/numbers.md.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "kernels/core/host_device.h"

namespace netsurf::core {

enum class Rounding : uint8_t {
  half_even,     // to nearest, ties to the even code
  half_away,     // to nearest, ties away from zero
  half_to_zero,  // to nearest, ties toward zero
  half_up,       // to nearest, ties toward plus infinity
  half_down,     // to nearest, ties toward minus infinity
  floor,         // toward minus infinity
  ceil,          // toward plus infinity
  to_zero,
  away,  // from zero
};

inline constexpr std::array<std::string_view, 9> kRoundingNames = {
    "half_even", "half_away", "half_to_zero", "half_up", "half_down", "floor", "ceil", "to_zero", "away"};

inline std::string_view name_of(Rounding rounding) { return kRoundingNames[static_cast<size_t>(rounding)]; }

/// x / 2^shift rounded half to even. REQUIRES: 0 <= shift < bits of Int.
template <typename Int>
NETSURF_HD constexpr Int round_shift_right(Int x, int shift) {
  if (shift == 0) return x;
  Int down = x >> shift;  // arithmetic shift: rounds toward minus infinity, for negatives too (C++20)
  Int rest = x - (down << shift);
  Int half = Int{1} << (shift - 1);
  // Up when past half, and at half exactly when that makes the result even.
  return down + static_cast<Int>(rest > half || (rest == half && (down & 1) != 0));
}

/// The same in any of the nine ways.
template <typename Int>
NETSURF_HD constexpr Int round_shift_right(Int x, int shift, Rounding rounding) {
  if (shift == 0) return x;
  Int down = x >> shift;
  Int rest = x - (down << shift);
  if (rest == 0) return down;
  Int half = Int{1} << (shift - 1);
  bool past = rest > half, tie = rest == half, up = false;
  switch (rounding) {
    case Rounding::half_even:
      up = past || (tie && (down & 1) != 0);
      break;
    case Rounding::half_away:
      up = past || (tie && x > 0);
      break;
    case Rounding::half_to_zero:
      up = past || (tie && x < 0);
      break;
    case Rounding::half_up:
      up = past || tie;
      break;
    case Rounding::half_down:
      up = past;
      break;
    case Rounding::floor:
      break;
    case Rounding::ceil:
      up = true;
      break;
    case Rounding::to_zero:
      up = x < 0;
      break;
    case Rounding::away:
      up = x > 0;
      break;
  }
  return down + static_cast<Int>(up);
}

}  // namespace netsurf::core
