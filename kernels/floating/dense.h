// Fully connected layer: y = x kernel^T + bias, over a batch.
#pragma once

namespace netsurf::floating {

struct DenseShape {
  int batch = 0, in = 0, out = 0;
};

/// x [batch, in], kernel [out, in], bias [out] or null, y [batch, out].
void dense_forward(const DenseShape& shape, const float* x, const float* kernel, const float* bias, float* y);

/// From dy [batch, out]: dkernel [out, in], dbias [out] unless null, dx [batch, in] unless null. Overwrites
/// them.
void dense_backward(const DenseShape& shape, const float* x, const float* kernel, const float* dy, float* dx,
                    float* dkernel, float* dbias);

}  // namespace netsurf::floating
