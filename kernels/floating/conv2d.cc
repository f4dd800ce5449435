#include "kernels/floating/conv2d.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/floating/elementwise.h"
#include "kernels/floating/gemm.h"
#include "kernels/floating/parallel.h"
#include "kernels/floating/reduce.h"

namespace netsurf::floating {
namespace {

// Kernel gradients are summed in this many fixed parts of the batch, whatever the number of threads.
constexpr int kParts = 8;

struct Sizes {
  explicit Sizes(const ConvShape& shape)
      : in_channels(shape.in.channels / shape.groups),
        out_channels(shape.filters / shape.groups),
        positions(shape.window.out_height * shape.window.out_width),
        row(shape.window.height * shape.window.width * in_channels),
        image(int64_t{shape.in.height} * shape.in.width * shape.in.channels),
        output(int64_t{positions} * shape.filters),
        kernel(int64_t{shape.filters} * row),
        columns(static_cast<size_t>(positions) * static_cast<size_t>(row)) {}
  int in_channels, out_channels;  // per group
  int positions, row;             // unfolded windows of one image [positions, row]
  int64_t image, output, kernel;
  size_t columns;
};

// run(offset into the image or -1, offset into the unfolded row, length): every stretch of neighbouring
// elements.
template <typename Run>
void for_each_run(const ConvShape& shape, const Sizes& sizes, int group, const Run& run) {
  const WindowShape& w = shape.window;
  const int channels = shape.in.channels;
  for (int oy = 0; oy < w.out_height; ++oy) {
    for (int ox = 0; ox < w.out_width; ++ox) {
      int64_t to = int64_t{oy * w.out_width + ox} * sizes.row;
      const int left = ox * w.stride_x - w.pad_left;
      const bool whole_row =
          w.dilation_x == 1 && shape.groups == 1 && left >= 0 && left + w.width <= shape.in.width;
      for (int i = 0; i < w.height; ++i) {
        const int y = oy * w.stride_y - w.pad_top + i * w.dilation_y;
        const bool inside_y = y >= 0 && y < shape.in.height;
        if (whole_row) {
          const int length = w.width * channels;
          run(inside_y ? (int64_t{y} * shape.in.width + left) * channels : -1, to, length);
          to += length;
          continue;
        }
        for (int j = 0; j < w.width; ++j, to += sizes.in_channels) {
          const int x = left + j * w.dilation_x;
          const bool inside = inside_y && x >= 0 && x < shape.in.width;
          run(inside ? (int64_t{y} * shape.in.width + x) * channels + group * sizes.in_channels : -1, to,
              sizes.in_channels);
        }
      }
    }
  }
}

void unfold(const ConvShape& shape, const Sizes& sizes, int group, const float* image, float* columns) {
  for_each_run(shape, sizes, group, [&](int64_t from, int64_t to, int length) {
    float* out = columns + to;
    if (from < 0) {
      std::fill_n(out, length, 0.0f);
    } else {
      const float* in = image + from;
      for (int c = 0; c < length; ++c) out[c] = in[c];
    }
  });
}

void fold(const ConvShape& shape, const Sizes& sizes, int group, const float* columns, float* image) {
  for_each_run(shape, sizes, group, [&](int64_t from, int64_t to, int length) {
    if (from < 0) return;
    for (int c = 0; c < length; ++c) image[from + c] += columns[to + c];
  });
}

}  // namespace

void conv2d_forward(const ConvShape& shape, const float* x, const float* kernel, const float* bias,
                    float* y) {
  const Sizes sizes(shape);
  parallel_ranges(shape.in.batch, sizes.output * sizes.row, [&](int64_t begin, int64_t end) {
    std::vector<float> columns(sizes.columns);
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
  const Sizes sizes(shape);
  if (dbias != nullptr) sum_rows(int64_t{shape.in.batch} * sizes.positions, shape.filters, dy, dbias);
  const int parts = std::min(kParts, shape.in.batch);
  std::vector<float> partial(static_cast<size_t>(parts * sizes.kernel), 0.0f);
  parallel_for(parts, [&](int64_t part) {
    std::vector<float> columns(sizes.columns);
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
