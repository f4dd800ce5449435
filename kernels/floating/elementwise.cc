#include "kernels/floating/elementwise.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/floating/parallel.h"
#include "kernels/floating/reduce.h"

namespace netsurf::floating {

void add_channels(int64_t rows, int channels, const float* bias, float* y) {
  parallel_ranges(rows, channels, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      float* to = y + row * channels;
      for (int c = 0; c < channels; ++c) to[c] += bias[c];
    }
  });
}

void affine_forward(int64_t rows, int channels, const float* x, const float* scale, const float* shift,
                    float* y) {
  parallel_ranges(rows, channels, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* from = x + row * channels;
      float* to = y + row * channels;
      for (int c = 0; c < channels; ++c) to[c] = scale[c] * from[c] + shift[c];
    }
  });
}

void affine_backward(int64_t rows, int channels, const float* x, const float* scale, const float* dy,
                     float* dx, float* dscale, float* dshift) {
  sum_rows(rows, channels, dy, dshift);
  dot_rows(rows, channels, x, dy, dscale);
  if (dx == nullptr) return;
  parallel_ranges(rows, channels, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* from = dy + row * channels;
      float* to = dx + row * channels;
      for (int c = 0; c < channels; ++c) to[c] = scale[c] * from[c];
    }
  });
}

void batch_norm_affine(int channels, const float* gamma, const float* beta, const float* mean,
                       const float* variance, float epsilon, float* scale, float* shift) {
  for (int c = 0; c < channels; ++c) {
    scale[c] = gamma[c] / std::sqrt(variance[c] + epsilon);
    shift[c] = beta[c] - scale[c] * mean[c];
  }
}

void batch_norm_backward(int64_t rows, int channels, const float* x, const float* gamma, const float* mean,
                         const float* variance, float epsilon, const float* dy, float* dx, float* dgamma,
                         float* dbeta) {
  const auto size = static_cast<size_t>(channels);
  sum_rows(rows, channels, dy, dbeta);
  dot_rows(rows, channels, x, dy, dgamma);
  // dx = a dy + b x + c per channel, from differentiating through the batch's mean and variance.
  std::vector<float> a(size), b(size), c(size);
  const float count = static_cast<float>(rows);
  for (size_t i = 0; i < size; ++i) {
    const float inverse = 1.0f / std::sqrt(variance[i] + epsilon);
    dgamma[i] = (dgamma[i] - mean[i] * dbeta[i]) * inverse;
    a[i] = gamma[i] * inverse;
    b[i] = -a[i] * inverse * dgamma[i] / count;
    c[i] = -a[i] * dbeta[i] / count - b[i] * mean[i];
  }
  if (dx == nullptr) return;
  parallel_ranges(rows, channels, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* in = x + row * channels;
      const float* from = dy + row * channels;
      float* to = dx + row * channels;
      for (size_t i = 0; i < size; ++i) to[i] = a[i] * from[i] + b[i] * in[i] + c[i];
    }
  });
}

void accumulate(int64_t count, const float* x, float* y) {
  parallel_ranges(count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] += x[i];
  });
}

void put_columns(int64_t rows, int part, int whole, int offset, const float* x, float* y) {
  for (int64_t row = 0; row < rows; ++row) std::copy_n(x + row * part, part, y + row * whole + offset);
}

void take_columns(int64_t rows, int part, int whole, int offset, const float* y, float* x) {
  for (int64_t row = 0; row < rows; ++row) std::copy_n(y + row * whole + offset, part, x + row * part);
}

}  // namespace netsurf::floating
