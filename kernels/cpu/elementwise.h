// Layers that treat every element alone: activation, affine, add and concatenate. Arrays are [elements,
// kTile]. Sums of the output's type are proven not to overflow (engine/model/exactness.h).
#pragma once

#include <cstdint>

#include "kernels/core/fixed.h"
#include "kernels/cpu/tile.h"

namespace netsurf::cpu {

/// y = requantize(x). `fits_32_bits`: input, offset and result of every step fit int32 (only read for int32
/// input).
void requantize_all(const int32_t* x, int64_t num_elements, const core::Requantizer& q, bool fits_32_bits,
                    int32_t* y);
void requantize_all(const int64_t* x, int64_t num_elements, const core::Requantizer& q, bool fits_32_bits,
                    int32_t* y);

/// Per last-axis channel: scale [channels], shift [channels] or null.
struct AffineShape {
  int64_t num_pixels = 0;  // elements / channels
  int num_channels = 0;
  int product_shift = 0, shift_shift = 0;
};

/// y[p, c] = (scale[c] x[p, c] << product_shift) + (shift[c] << shift_shift).
void affine_all(const int32_t* x, const AffineShape& shape, const int32_t* scale, const int32_t* shift,
                int32_t* y);
void affine_all(const int32_t* x, const AffineShape& shape, const int32_t* scale, const int32_t* shift,
                int64_t* y);
void affine_all(const int64_t* x, const AffineShape& shape, const int32_t* scale, const int32_t* shift,
                int64_t* y);

/// Writes (or, with `adds`, adds) x << left_shift to y, pixel by pixel: x [pixels, channels], y [pixels,
/// y_channels] from channel y_begin on.
struct JoinShape {
  int64_t num_pixels = 0;
  int num_channels = 0, y_channels = 0, y_begin = 0;
  int left_shift = 0;
  bool adds = false;
};
void join_all(const int32_t* x, const JoinShape& shape, int32_t* y);
void join_all(const int32_t* x, const JoinShape& shape, int64_t* y);
void join_all(const int64_t* x, const JoinShape& shape, int64_t* y);

}  // namespace netsurf::cpu
