#include "kernels/floating/conv2d.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/floating/elementwise.h"
#include "kernels/floating/gemm.h"
#include "kernels/floating/parallel.h"
#include "kernels/floating/reduce.h"
#include "kernels/floating/unfold.h"

namespace netsurf::floating {
namespace {

// Kernel gradients are summed in this many fixed parts of the batch, whatever the number of threads.
constexpr int kParts = 8;

size_t columns_size(const ConvSizes& sizes) {
  return static_cast<size_t>(sizes.positions) * static_cast<size_t>(sizes.row);
}

}  // namespace

void conv2d_forward(const ConvShape& shape, const float* x, const float* kernel, const float* bias,
                    float* y) {
  const ConvSizes sizes(shape);
  parallel_ranges(shape.in.batch, sizes.output * sizes.row, [&](int64_t begin, int64_t end) {
    std::vector<float> columns(columns_size(sizes));
    for (int64_t sample = begin; sample < end; ++sample) {
      for (int group = 0; group < shape.groups; ++group) {
        unfold(shape, sizes, group, x + sample * sizes.image, columns.data());
        gemm({.transpose_b = true,
              .m = sizes.positions,
              .n = sizes.out_channels,
              .k = sizes.row,
              .a = columns.data(),
              .b = kernel + int64_t{group} * sizes.out_channels * sizes.row,
              .c = y + sample * sizes.output + group * sizes.out_channels,
              .ldc = shape.filters});
      }
    }
  });
  if (bias != nullptr) add_channels(int64_t{shape.in.batch} * sizes.positions, shape.filters, bias, y);
}

void conv2d_backward(const ConvShape& shape, const float* x, const float* kernel, const float* dy, float* dx,
                     float* dkernel, float* dbias) {
  const ConvSizes sizes(shape);
  if (dbias != nullptr) sum_rows(int64_t{shape.in.batch} * sizes.positions, shape.filters, dy, dbias);
  const int parts = std::min(kParts, shape.in.batch);
  std::vector<float> partial(static_cast<size_t>(parts * sizes.kernel), 0.0f);
  parallel_for(parts, [&](int64_t part) {
    std::vector<float> columns(columns_size(sizes));
    float* sums = partial.data() + part * sizes.kernel;
    const int64_t begin = int64_t{shape.in.batch} * part / parts;
    const int64_t end = int64_t{shape.in.batch} * (part + 1) / parts;
    for (int64_t sample = begin; sample < end; ++sample) {
      if (dx != nullptr) std::fill_n(dx + sample * sizes.image, sizes.image, 0.0f);
      for (int group = 0; group < shape.groups; ++group) {
        const int64_t kernel_at = int64_t{group} * sizes.out_channels * sizes.row;
        const float* d = dy + sample * sizes.output + group * sizes.out_channels;
        unfold(shape, sizes, group, x + sample * sizes.image, columns.data());
        gemm({.transpose_a = true,
              .m = sizes.out_channels,
              .n = sizes.row,
              .k = sizes.positions,
              .a = d,
              .b = columns.data(),
              .c = sums + kernel_at,
              .beta = 1.0f,
              .lda = shape.filters});
        if (dx == nullptr) continue;
        gemm({.m = sizes.positions,
              .n = sizes.row,
              .k = sizes.out_channels,
              .a = d,
              .b = kernel + kernel_at,
              .c = columns.data(),
              .lda = shape.filters});
        fold(shape, sizes, group, columns.data(), dx + sample * sizes.image);
      }
    }
  });
  std::fill_n(dkernel, sizes.kernel, 0.0f);
  for (int part = 0; part < parts; ++part)
    accumulate(sizes.kernel, partial.data() + part * sizes.kernel, dkernel);
}

}  // namespace netsurf::floating
