#include "kernels/floating/linear.h"

#include <algorithm>
#include <cstdint>

namespace netsurf::floating {
namespace {

template <typename Real>
void add_pixel(int channels, const Real* __restrict from, Real* __restrict to) {
  for (int c = 0; c < channels; ++c) to[c] += from[c];
}

template <typename Real>
void add_pixel(int channels, Real factor, const Real* __restrict from, Real* __restrict to) {
  for (int c = 0; c < channels; ++c) to[c] += factor * from[c];
}

/// The places [begin, end) of a window that starts at `start` and lie inside the image.
struct Taps {
  Taps(int start, int taps, int dilation, int size) {
    while (begin < taps && start + begin * dilation < 0) ++begin;
    end = begin;
    while (end < taps && start + end * dilation < size) ++end;
  }
  int begin = 0, end = 0;
};

// visit(pixel of the image, pixel of the output, 1 or 1 / number of the window's pixels inside the image).
template <typename Real, typename Visit>
void for_each_tap(const ImageShape& in, const WindowShape& w, bool averages, const Visit& visit) {
  for (int out_y = 0; out_y < w.out_height; ++out_y) {
    const int top = out_y * w.stride_y - w.pad_top;
    const Taps rows(top, w.height, w.dilation_y, in.height);
    for (int out_x = 0; out_x < w.out_width; ++out_x) {
      const int left = out_x * w.stride_x - w.pad_left;
      const Taps columns(left, w.width, w.dilation_x, in.width);
      const int count = (rows.end - rows.begin) * (columns.end - columns.begin);
      const Real share = averages && count > 0 ? Real{1} / static_cast<Real>(count) : Real{1};
      for (int i = rows.begin; i < rows.end; ++i) {
        for (int j = columns.begin; j < columns.end; ++j)
          visit((top + i * w.dilation_y) * in.width + left + j * w.dilation_x, out_y * w.out_width + out_x,
                share);
      }
    }
  }
}

}  // namespace

template <typename Real>
void slope_apply(LaneShape tile, int64_t size, const Real* slope, const Real* x, Real* y) {
  for (int row = 0; row < tile.rows(); ++row, x += size) {
    const Real* __restrict factor = slope + row / tile.lanes * size;
    Real* __restrict to = y + row * size;
    for (int64_t i = 0; i < size; ++i) to[i] += factor[i] * x[i];
  }
}

template <typename Real>
void choice_apply(LaneShape tile, int64_t in_size, int64_t out_size, const int32_t* winner, const Real* x,
                  Real* y) {
  for (int row = 0; row < tile.rows(); ++row, x += in_size, y += out_size) {
    const int32_t* from = winner + row / tile.lanes * out_size;
    for (int64_t i = 0; i < out_size; ++i) y[i] += x[from[i]];
  }
}

template <typename Real>
void choice_transpose(LaneShape tile, int64_t in_size, int64_t out_size, const int32_t* winner,
                      const Real* dy, Real* dx) {
  for (int row = 0; row < tile.rows(); ++row, dx += in_size, dy += out_size) {
    const int32_t* to = winner + row / tile.lanes * out_size;
    for (int64_t i = 0; i < out_size; ++i) dx[to[i]] += dy[i];
  }
}

template <typename Real>
void window_sum_apply(LaneShape tile, const ImageShape& in, const WindowShape& window, bool averages,
                      const Real* x, Real* y) {
  const int64_t image = int64_t{in.height} * in.width * in.channels;
  const int64_t output = int64_t{window.out_height} * window.out_width * in.channels;
  for (int row = 0; row < tile.rows(); ++row, x += image, y += output) {
    for_each_tap<Real>(in, window, averages, [&](int pixel, int out, Real share) {
      add_pixel(in.channels, share, x + int64_t{pixel} * in.channels, y + int64_t{out} * in.channels);
    });
  }
}

template <typename Real>
void window_sum_transpose(LaneShape tile, const ImageShape& in, const WindowShape& window, bool averages,
                          const Real* dy, Real* dx) {
  const int64_t image = int64_t{in.height} * in.width * in.channels;
  const int64_t output = int64_t{window.out_height} * window.out_width * in.channels;
  for (int row = 0; row < tile.rows(); ++row, dx += image, dy += output) {
    for_each_tap<Real>(in, window, averages, [&](int pixel, int out, Real share) {
      add_pixel(in.channels, share, dy + int64_t{out} * in.channels, dx + int64_t{pixel} * in.channels);
    });
  }
}

template <typename Real>
void upsample_apply(LaneShape tile, const ImageShape& in, int height, int width, const Real* x, Real* y) {
  const int64_t line = int64_t{in.width} * in.channels;
  for (int64_t from = 0; from < int64_t{tile.rows()} * in.height; ++from, x += line) {
    for (int i = 0; i < height; ++i) {
      for (int column = 0; column < in.width * width; ++column, y += in.channels)
        add_pixel(in.channels, x + int64_t{column / width} * in.channels, y);
    }
  }
}

template <typename Real>
void upsample_transpose(LaneShape tile, const ImageShape& in, int height, int width, const Real* dy,
                        Real* dx) {
  const int64_t line = int64_t{in.width} * in.channels;
  for (int64_t to = 0; to < int64_t{tile.rows()} * in.height; ++to, dx += line) {
    for (int i = 0; i < height; ++i) {
      for (int column = 0; column < in.width * width; ++column, dy += in.channels)
        add_pixel(in.channels, dy, dx + int64_t{column / width} * in.channels);
    }
  }
}

template void slope_apply(LaneShape, int64_t, const float*, const float*, float*);
template void slope_apply(LaneShape, int64_t, const double*, const double*, double*);
template void choice_apply(LaneShape, int64_t, int64_t, const int32_t*, const float*, float*);
template void choice_apply(LaneShape, int64_t, int64_t, const int32_t*, const double*, double*);
template void choice_transpose(LaneShape, int64_t, int64_t, const int32_t*, const float*, float*);
template void choice_transpose(LaneShape, int64_t, int64_t, const int32_t*, const double*, double*);
template void window_sum_apply(LaneShape, const ImageShape&, const WindowShape&, bool, const float*, float*);
template void window_sum_apply(LaneShape, const ImageShape&, const WindowShape&, bool, const double*,
                               double*);
template void window_sum_transpose(LaneShape, const ImageShape&, const WindowShape&, bool, const float*,
                                   float*);
template void window_sum_transpose(LaneShape, const ImageShape&, const WindowShape&, bool, const double*,
                                   double*);
template void upsample_apply(LaneShape, const ImageShape&, int, int, const float*, float*);
template void upsample_apply(LaneShape, const ImageShape&, int, int, const double*, double*);
template void upsample_transpose(LaneShape, const ImageShape&, int, int, const float*, float*);
template void upsample_transpose(LaneShape, const ImageShape&, int, int, const double*, double*);

}  // namespace netsurf::floating
