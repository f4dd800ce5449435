// Pooling windows over an image of [height, width, channels, kTile] codes. Positions outside the image
// neither win nor count nor add.
#pragma once

#include <cstdint>

#include "kernels/cpu/tile.h"

namespace netsurf::cpu {

struct PoolShape {
  int in_height = 0, in_width = 0, channels = 0;
  int out_height = 0, out_width = 0;
  int height = 1, width = 1;  // of the window
  int stride_y = 1, stride_x = 1, dilation_y = 1, dilation_x = 1;
  int pad_top = 0, pad_left = 0;
};

/// y [out_height, out_width, channels, kTile].
void max_pool(const int32_t* x, const PoolShape& shape, int32_t* y);
void max_pool(const int64_t* x, const PoolShape& shape, int64_t* y);

/// The sum over the window's positions inside the image. REQUIRES: no sum leaves the type of y.
void sum_pool(const int32_t* x, const PoolShape& shape, int32_t* y);
void sum_pool(const int32_t* x, const PoolShape& shape, int64_t* y);

/// The mean over the window's positions inside the image, rounded half to even.
void average_pool(const int32_t* x, const PoolShape& shape, int32_t* y);

}  // namespace netsurf::cpu
