#include "kernels/cpu/elementwise.h"

#include <algorithm>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define NETSURF_HAS_WIDENING_LANES
#endif

namespace netsurf::cpu {
namespace {

template <typename Step, typename In>
[[gnu::always_inline]] inline void plain_loop(const In* x, int64_t count, const core::Requantizer& q,
                                              int32_t* y) {
  const core::Requantizer constants = q;  // a copy the compiler knows y cannot alias
  for (int64_t i = 0; i < count; ++i)
    y[i] = static_cast<int32_t>(core::requantize_plainly(static_cast<Step>(x[i]), constants));
}

/// What 64-bit codes can be clamped to at once, clips and saturation together, so that 32 bits do the rest.
struct NarrowBounds {
  int64_t low = 0, high = 0;
  bool apply = false;
};

NarrowBounds narrow_bounds(const core::Requantizer& q) {
  NarrowBounds bounds;
  if (!q.is_plain() || q.right_shift < 1 || q.right_shift > 30) return bounds;
  // A summand that is a whole code is rounded to it, and one beyond the outermost codes saturates.
  const int64_t lowest = q.low << q.right_shift, highest = q.high << q.right_shift;
  const int64_t half = int64_t{1} << (q.right_shift - 1);
  bounds.low = std::max(q.in_low, lowest - q.offset);
  bounds.high = std::min(q.in_high, highest - q.offset);
  bounds.apply = bounds.low <= bounds.high && lowest >= INT32_MIN && highest + half <= INT32_MAX;
  return bounds;
}

/// requantize_plainly. REQUIRES: narrow_bounds(q).apply.
[[gnu::always_inline]] inline void narrow_loop(const int64_t* x, int64_t num_elements,
                                               const core::Requantizer& q, const NarrowBounds& bounds,
                                               int32_t* y) {
  const int64_t low = bounds.low, high = bounds.high, offset = q.offset;
  const int32_t shift = q.right_shift, half_less_one = (1 << (q.right_shift - 1)) - 1;
  for (int64_t i = 0; i < num_elements; ++i, x += kTile, y += kTile) {
    int32_t summand[kTile];
    for (int s = 0; s < kTile; ++s) summand[s] = static_cast<int32_t>(core::clamp(x[s], low, high) + offset);
    for (int s = 0; s < kTile; ++s)
      y[s] = (summand[s] + ((summand[s] >> shift) & 1) + half_less_one) >> shift;
  }
}

template <typename Step, core::Rounding kRounding, typename In>
[[gnu::always_inline]] inline void rounding_loop(const In* x, int64_t count, const core::Requantizer& q,
                                                 int32_t* y) {
  const core::Requantizer constants = q;
  for (int64_t i = 0; i < count; ++i)
    y[i] = static_cast<int32_t>(core::requantize(static_cast<Step>(x[i]), constants, kRounding));
}

/// One loop per way to round, so that the choice is made once and not for every code.
template <typename Step, typename In>
[[gnu::always_inline]] inline void requantize_loop(const In* x, int64_t count, const core::Requantizer& q,
                                                   int32_t* y) {
  using core::Rounding;
  if (q.is_plain()) return plain_loop<Step>(x, count, q, y);
  switch (q.rounding) {
    case Rounding::half_even:
      return rounding_loop<Step, Rounding::half_even>(x, count, q, y);
    case Rounding::half_away:
      return rounding_loop<Step, Rounding::half_away>(x, count, q, y);
    case Rounding::half_to_zero:
      return rounding_loop<Step, Rounding::half_to_zero>(x, count, q, y);
    case Rounding::half_up:
      return rounding_loop<Step, Rounding::half_up>(x, count, q, y);
    case Rounding::half_down:
      return rounding_loop<Step, Rounding::half_down>(x, count, q, y);
    case Rounding::floor:
      return rounding_loop<Step, Rounding::floor>(x, count, q, y);
    case Rounding::ceil:
      return rounding_loop<Step, Rounding::ceil>(x, count, q, y);
    case Rounding::to_zero:
      return rounding_loop<Step, Rounding::to_zero>(x, count, q, y);
    case Rounding::away:
      return rounding_loop<Step, Rounding::away>(x, count, q, y);
  }
}

template <typename In, typename Out>
[[gnu::always_inline]] inline void affine_loop(const In* x, const AffineShape& shape, const int32_t* scale,
                                               const int32_t* shift, Out* y) {
  for (int64_t pixel = 0; pixel < shape.num_pixels; ++pixel) {
    for (int channel = 0; channel < shape.num_channels; ++channel, x += kTile, y += kTile) {
      Out factor = scale[channel];
      Out constant = shift != nullptr ? static_cast<Out>(shift[channel]) << shape.shift_shift : 0;
      for (int s = 0; s < kTile; ++s)
        y[s] = ((factor * static_cast<Out>(x[s])) << shape.product_shift) + constant;
    }
  }
}

#if defined(NETSURF_HAS_WIDENING_LANES)
// The compiler widens both factors before it multiplies; the instruction multiplies 32 bits into 64.
[[gnu::target("avx2")]] void affine_by_lanes(const int32_t* x, const AffineShape& shape, const int32_t* scale,
                                             const int32_t* shift, int64_t* y) {
  const __m128i left = _mm_cvtsi32_si128(shape.product_shift);
  for (int64_t pixel = 0; pixel < shape.num_pixels; ++pixel) {
    for (int channel = 0; channel < shape.num_channels; ++channel, x += kTile, y += kTile) {
      const __m256i factor = _mm256_set1_epi64x(scale[channel]);
      const __m256i constant =
          _mm256_set1_epi64x(shift != nullptr ? int64_t{shift[channel]} << shape.shift_shift : 0);
      for (int s = 0; s < kTile; s += 4) {
        const __m256i codes = _mm256_cvtepi32_epi64(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x + s)));
        const __m256i product = _mm256_sll_epi64(_mm256_mul_epi32(codes, factor), left);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + s), _mm256_add_epi64(product, constant));
      }
    }
  }
}
#endif

template <typename In, typename Out>
[[gnu::always_inline]] inline void join_loop(const In* x, const JoinShape& shape, Out* y) {
  for (int64_t pixel = 0; pixel < shape.num_pixels; ++pixel) {
    Out* row = y + (pixel * shape.y_channels + shape.y_begin) * kTile;
    for (int64_t i = 0; i < int64_t{shape.num_channels} * kTile; ++i) {
      Out code = static_cast<Out>(*x++) << shape.left_shift;
      row[i] = shape.adds ? row[i] + code : code;
    }
  }
}

}  // namespace

NETSURF_CLONES void requantize_all(const int32_t* x, int64_t num_elements, const core::Requantizer& q,
                                   bool fits_32_bits, int32_t* y) {
  if (fits_32_bits) {
    requantize_loop<int32_t>(x, num_elements * kTile, q, y);
  } else {
    requantize_loop<int64_t>(x, num_elements * kTile, q, y);
  }
}
NETSURF_CLONES void requantize_all(const int64_t* x, int64_t num_elements, const core::Requantizer& q, bool,
                                   int32_t* y) {
  const NarrowBounds bounds = narrow_bounds(q);
  if (bounds.apply) return narrow_loop(x, num_elements, q, bounds, y);
  requantize_loop<int64_t>(x, num_elements * kTile, q, y);
}

NETSURF_CLONES void affine_all(const int32_t* x, const AffineShape& shape, const int32_t* scale,
                               const int32_t* shift, int32_t* y) {
  affine_loop(x, shape, scale, shift, y);
}
void affine_all(const int32_t* x, const AffineShape& shape, const int32_t* scale, const int32_t* shift,
                int64_t* y) {
#if defined(NETSURF_HAS_WIDENING_LANES)
  static const bool has_lanes = __builtin_cpu_supports("avx2");
  if (has_lanes) return affine_by_lanes(x, shape, scale, shift, y);
#endif
  affine_loop(x, shape, scale, shift, y);
}
NETSURF_CLONES void affine_all(const int64_t* x, const AffineShape& shape, const int32_t* scale,
                               const int32_t* shift, int64_t* y) {
  affine_loop(x, shape, scale, shift, y);
}

void join_all(const int32_t* x, const JoinShape& shape, int32_t* y) { join_loop(x, shape, y); }
void join_all(const int32_t* x, const JoinShape& shape, int64_t* y) { join_loop(x, shape, y); }
void join_all(const int64_t* x, const JoinShape& shape, int64_t* y) { join_loop(x, shape, y); }

}  // namespace netsurf::cpu
