// Scores as integers that sort the same way, so that a radix sort can order them.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/core/host_device.h"

namespace netsurf::cuda {

/// uint32_t for float, uint64_t for double.
template <typename Real>
using SortKey = std::conditional_t<sizeof(Real) == sizeof(uint32_t), uint32_t, uint64_t>;

/// A number that falls as the score rises: equal for equal scores, minus zero and zero among them. Infinities
/// come first and last of all numbers; after them every NaN, of either sign, with the largest key there is.
template <typename Real>
NETSURF_HD constexpr SortKey<Real> sort_key(Real score) {
  static_assert(std::is_same_v<Real, float> || std::is_same_v<Real, double>);
  using Key = SortKey<Real>;
  constexpr Key kMagnitude = std::numeric_limits<Key>::max() >> 1;  // all bits but the sign
  constexpr Key kInfinity = std::bit_cast<Key>(std::numeric_limits<Real>::infinity());
  // Only bits are looked at: no comparison that might take the smallest numbers for zero.
  const Key bits = std::bit_cast<Key>(score);
  const Key magnitude = bits & kMagnitude;
  if (magnitude > kInfinity) return std::numeric_limits<Key>::max();
  if (magnitude == 0) return kMagnitude;
  return bits > kMagnitude ? bits : static_cast<Key>(bits ^ kMagnitude);
}

/// Whether the score of this key is neither infinite nor NaN.
template <typename Real>
NETSURF_HD constexpr bool is_key_of_finite(SortKey<Real> key) {
  constexpr Real kInfinity = std::numeric_limits<Real>::infinity();
  return key > sort_key(kInfinity) && key < sort_key(-kInfinity);
}

}  // namespace netsurf::cuda
