// Fake quantization: floats that lie on the grid of a fixed-point format, with straight-through gradients.
#pragma once

#include <cstdint>

namespace netsurf::floating {

/// The grid step x [low, high]; low and high are integers (codes).
struct Grid {
  double step = 1;
  double low = 0, high = 0;
};

/// y[i] = step x clamp(round_half_even(x[i] / step), low, high). x and y may be the same. REQUIRES: step a
/// power of two.
void quantize_forward(int64_t count, const Grid& grid, const float* x, float* y);

/// Straight through: dx[i] = dy[i] where x[i] lies in [bottom, top], else 0. x is what the quantizer read.
void clipped_backward(int64_t count, float bottom, float top, const float* x, const float* dy, float* dx);

/// As quantize_forward of x clamped to [bottom, top] first; hard tanh is [-1, 1].
void clipped_quantize_forward(int64_t count, float bottom, float top, const Grid& grid, const float* x,
                              float* y);

}  // namespace netsurf::floating
