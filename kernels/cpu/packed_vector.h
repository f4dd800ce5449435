// Vectors of 32-bit lanes, one lane a sample, in the compiler's vector extension: the same source for 4, 8
// and 16 lanes. Internal linkage throughout (kernels/cpu/packed_level.h says why).
#pragma once

#if defined(__AVX__)
#include <immintrin.h>
#endif

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
  typedef float Floats __attribute__((vector_size(4 * kLanes)));
  typedef uint64_t Pairs __attribute__((vector_size(4 * kLanes)));  // of lanes, the even one below
  typedef double Doubles __attribute__((vector_size(4 * kLanes)));
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

/// `at`, in a way that hides from the compiler where it is: what it holds is loaded where it is used, instead
/// of being moved to registers long before and from there back to memory.
template <typename T>
NETSURF_INLINE const T& loaded_late(const T& at) {
  const T* pointer = &at;
  asm("" : "+r"(pointer));
  return *pointer;
}

/// Whether any bit is set.
template <typename Words>
NETSURF_INLINE bool any(const Words& v) {
#if defined(__AVX512F__)
  if constexpr (sizeof v == 64) return _mm512_test_epi64_mask((__m512i)v, (__m512i)v) != 0;
#endif
#if defined(__AVX__)
  if constexpr (sizeof v == 32) return _mm256_testz_si256((__m256i)v, (__m256i)v) == 0;
#endif
  uint64_t parts[sizeof v / 8], all = 0;
  store(parts, v);
  NETSURF_UNROLL
  for (uint64_t part : parts) all |= part;
  return all != 0;
}

/// Sets `changed` where a bit is set. No branch: whether a tile changes is hard to predict.
template <typename Words>
NETSURF_INLINE void note_change(const Words& difference, TileJob& tile) {
  tile.changed = tile.changed | any(difference);
}

}  // namespace
}  // namespace netsurf::cpu
