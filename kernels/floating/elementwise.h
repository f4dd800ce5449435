// Work on every element of a batch, shared by the threads.
#pragma once

#include <cstdint>

namespace netsurf::floating {

/// y[r][c] += bias[c], for y [rows, channels].
void add_channels(int64_t rows, int channels, const float* bias, float* y);

/// y[r][c] = scale[c] x[r][c] + shift[c], for x and y [rows, channels].
void affine_forward(int64_t rows, int channels, const float* x, const float* scale, const float* shift,
                    float* y);

/// From dy: dscale [channels] and dshift [channels], dx [rows, channels] unless null. Overwrites them.
void affine_backward(int64_t rows, int channels, const float* x, const float* scale, const float* dy,
                     float* dx, float* dscale, float* dshift);

/// scale[c] = gamma[c] / sqrt(variance[c] + epsilon), shift[c] = beta[c] - scale[c] mean[c]: batch norm as an
/// affine layer.
void batch_norm_affine(int channels, const float* gamma, const float* beta, const float* mean,
                       const float* variance, float epsilon, float* scale, float* shift);

/// Gradients through y = gamma (x - mean(x)) / sqrt(var(x) + epsilon) + beta with moments of this very batch.
/// x, dy, dx [rows, channels] (dx may be null); the others [channels]. Overwrites dx, dgamma, dbeta.
void batch_norm_backward(int64_t rows, int channels, const float* x, const float* gamma, const float* mean,
                         const float* variance, float epsilon, const float* dy, float* dx, float* dgamma,
                         float* dbeta);

/// y += x.
void accumulate(int64_t count, const float* x, float* y);

/// y[r][offset + c] = x[r][c] for c < part: one input of a concatenation, y [rows, whole].
void put_columns(int64_t rows, int part, int whole, int offset, const float* x, float* y);
/// x[r][c] = y[r][offset + c]: the way back.
void take_columns(int64_t rows, int part, int whole, int offset, const float* y, float* x);

}  // namespace netsurf::floating
