// Vectors of 32-bit lanes, one lane a sample, in the compiler's vector extension: the same source for 4, 8
// and 16 lanes. Internal linkage throughout (kernels/cpu/packed_level.h says why).
#pragma once

#include <cstdint>

#include "kernels/cpu/packed_level.h"

#define NETSURF_INLINE inline __attribute__((always_inline))
#if defined(__clang__)
#define NETSURF_UNROLL _Pragma("unroll")
#else
#define NETSURF_UNROLL _Pragma("GCC unroll 32")
#endif

namespace netsurf::cpu {
namespace {

template <int kLanes>
struct Vector {
  typedef uint32_t Words __attribute__((vector_size(4 * kLanes)));  // sums are taken modulo 2^32
  typedef int32_t Ints __attribute__((vector_size(4 * kLanes)));
  typedef uint16_t Halves __attribute__((vector_size(4 * kLanes)));
  typedef int16_t SignedHalves __attribute__((vector_size(4 * kLanes)));
};

/// codes_per_word, with internal linkage.
NETSURF_INLINE int codes_in_word(Width width) { return width == Width::bytes ? 4 : 2; }

template <typename V>
NETSURF_INLINE V load(const void* from) {
  V v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

template <typename V>
NETSURF_INLINE void store(void* to, const V& v) {
  __builtin_memcpy(to, &v, sizeof v);
}

/// The word at `from` in every lane.
template <typename Words>
NETSURF_INLINE Words broadcast(const void* from) {
  uint32_t word;
  __builtin_memcpy(&word, from, sizeof word);
  return Words{} + word;
}

template <typename V>
NETSURF_INLINE V smaller(const V& a, const V& b) {
  return a < b ? a : b;
}

template <typename V>
NETSURF_INLINE V larger(const V& a, const V& b) {
  return a > b ? a : b;
}

template <typename Words>
NETSURF_INLINE bool any(const Words& v) {
  uint32_t lanes[sizeof v / 4], all = 0;
  store(lanes, v);
  for (uint32_t lane : lanes) all |= lane;
  return all != 0;
}

/// core::requantize_plainly<int32_t> (kernels/core/fixed.h) in every lane, less the stored offset.
template <int kLanes>
class Coder {
 public:
  using Words = typename Vector<kLanes>::Words;
  using Ints = typename Vector<kLanes>::Ints;

  Coder() = default;
  NETSURF_INLINE explicit Coder(const Finish& f)
      : left_(f.left_shift),
        right_(f.right_shift),
        in_low_(Ints{} + f.in_low),
        in_high_(Ints{} + f.in_high),
        low_(Ints{} + f.low),
        high_(Ints{} + f.high),
        half_(Ints{} + (f.right_shift > 0 ? 1 << (f.right_shift - 1) : 1)),
        rest_(Words{} + ((uint32_t{1} << f.right_shift) - 1)),
        offset_(Words{} + static_cast<uint32_t>(f.offset)),
        stored_offset_(Words{} + static_cast<uint32_t>(f.stored_offset)) {}

  NETSURF_INLINE bool is_left() const { return left_ > 0; }

  /// REQUIRES: kIsLeft = is_left().
  template <bool kIsLeft>
  NETSURF_INLINE Words code(const Words& sum) const {
    Words moved = (Words)smaller(larger((Ints)sum, in_low_), in_high_) + offset_;
    if constexpr (kIsLeft) {
      moved <<= left_;
    } else {
      // Up when the rest is past half, and at half exactly when the quotient is odd.
      Ints down = (Ints)moved >> right_;
      Ints up = ((Ints)(moved & rest_) + (down & 1)) > half_;  // -1 for true
      moved = (Words)(down - up);
    }
    return (Words)smaller(larger((Ints)moved, low_), high_) - stored_offset_;
  }

 private:
  int left_ = 0, right_ = 0;
  Ints in_low_ = {}, in_high_ = {}, low_ = {}, high_ = {}, half_ = {};
  Words rest_ = {}, offset_ = {}, stored_offset_ = {};
};

}  // namespace
}  // namespace netsurf::cpu
