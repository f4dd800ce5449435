#include "kernels/cpu/elementwise.h"

namespace netsurf::cpu {
namespace {

template <typename Step, typename In>
[[gnu::always_inline]] inline void plain_loop(const In* x, int64_t count, const core::Requantizer& q,
                                              int32_t* y) {
  const core::Requantizer constants = q;  // a copy the compiler knows y cannot alias
  for (int64_t i = 0; i < count; ++i)
    y[i] = static_cast<int32_t>(core::requantize_plainly(static_cast<Step>(x[i]), constants));
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
  requantize_loop<int64_t>(x, num_elements * kTile, q, y);
}

NETSURF_CLONES void affine_all(const int32_t* x, const AffineShape& shape, const int32_t* scale,
                               const int32_t* shift, int32_t* y) {
  affine_loop(x, shape, scale, shift, y);
}
NETSURF_CLONES void affine_all(const int32_t* x, const AffineShape& shape, const int32_t* scale,
                               const int32_t* shift, int64_t* y) {
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
