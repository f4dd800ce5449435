// Pooling over a batch of channels-last images.
#pragma once

#include <cstdint>

#include "kernels/floating/conv2d.h"

namespace netsurf::floating {

/// y[b, oy, ox, c] = largest x of the window (the first wins); winner [elements of y] gets its place in the
/// image of the sample. A window has at least one position inside the image.
void max_pool_forward(const ImageShape& in, const WindowShape& window, const float* x, float* y,
                      int32_t* winner);
/// dx = 0, then each dy goes to its winner.
void max_pool_backward(const ImageShape& in, const WindowShape& window, const int32_t* winner,
                       const float* dy, float* dx);

/// y = mean of the window's positions inside the image. A window over the whole image is global average
/// pooling.
void average_pool_forward(const ImageShape& in, const WindowShape& window, const float* x, float* y);
void average_pool_backward(const ImageShape& in, const WindowShape& window, const float* dy, float* dx);

}  // namespace netsurf::floating
