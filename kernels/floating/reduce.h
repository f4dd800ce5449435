// Sums over the rows of a [rows, channels] array, in fixed blocks added in a fixed order: the same bits for
// any thread count.
#pragma once

#include <cstdint>

namespace netsurf::floating {

/// out[c] = sum over r of x[r][c].
void sum_rows(int64_t rows, int channels, const float* x, float* out);

/// out[c] = sum over r of x[r][c] * y[r][c].
void dot_rows(int64_t rows, int channels, const float* x, const float* y, float* out);

/// mean[c], and variance[c] = mean of (x - mean)^2.
void moments(int64_t rows, int channels, const float* x, float* mean, float* variance);

}  // namespace netsurf::floating
