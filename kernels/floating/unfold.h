// The windows of one image as the rows of a matrix, and back: what turns a convolution into a matrix product.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/floating/conv2d.h"

namespace netsurf::floating {

/// How a convolution falls apart into products, one for each group.
struct ConvSizes {
  explicit ConvSizes(const ConvShape& shape)
      : in_channels(shape.in.channels / shape.groups),
        out_channels(shape.filters / shape.groups),
        positions(shape.window.out_height * shape.window.out_width),
        row(shape.window.height * shape.window.width * in_channels),
        image(int64_t{shape.in.height} * shape.in.width * shape.in.channels),
        output(int64_t{positions} * shape.filters),
        kernel(int64_t{shape.filters} * row) {}

  int in_channels, out_channels;  // of a group
  int positions, row;             // the windows of one image: [positions, row]
  int64_t image, output, kernel;  // elements
};

/// Whether the windows of an image are its own pixels, in order: nothing to unfold.
inline bool reads_pixels(const ConvShape& shape) {
  const WindowShape& w = shape.window;
  return w.height == 1 && w.width == 1 && w.stride_y == 1 && w.stride_x == 1 && w.pad_top == 0 &&
         w.pad_left == 0 && w.out_height == shape.in.height && w.out_width == shape.in.width;
}

/// visit(offset into the image or -1, offset into the windows, length): every stretch of elements that lie
/// side by side in both, windows [positions, row] of one group.
template <typename Visit>
void for_each_stretch(const ConvShape& shape, const ConvSizes& sizes, int group, const Visit& visit) {
  const WindowShape& w = shape.window;
  const int channels = shape.in.channels, first_channel = group * sizes.in_channels;
  const bool joins = w.dilation_x == 1 && shape.groups == 1;  // a row of the window is one stretch
  int64_t to = 0;
  for (int out_y = 0; out_y < w.out_height; ++out_y) {
    for (int out_x = 0; out_x < w.out_width; ++out_x) {
      const int left = out_x * w.stride_x - w.pad_left;
      const bool whole = joins && left >= 0 && left + w.width <= shape.in.width;
      const int step = whole ? w.width : 1, length = step * sizes.in_channels;
      for (int i = 0; i < w.height; ++i) {
        const int y = out_y * w.stride_y - w.pad_top + i * w.dilation_y;
        const bool inside_y = y >= 0 && y < shape.in.height;
        for (int j = 0; j < w.width; j += step, to += length) {
          const int x = left + j * w.dilation_x;
          const bool inside = inside_y && x >= 0 && x < shape.in.width;
          visit(inside ? (int64_t{y} * shape.in.width + x) * channels + first_channel : -1, to, length);
        }
      }
    }
  }
}

/// windows [positions, row] = the group's windows of the image; padding is zero.
template <typename Real>
void unfold(const ConvShape& shape, const ConvSizes& sizes, int group, const Real* image, Real* windows) {
  for_each_stretch(shape, sizes, group, [&](int64_t from, int64_t to, int length) {
    Real* __restrict out = windows + to;
    if (from < 0) {
      for (int c = 0; c < length; ++c) out[c] = 0;
    } else {
      const Real* __restrict in = image + from;
      for (int c = 0; c < length; ++c) out[c] = in[c];
    }
  });
}

/// The same windows with the places of the window outside, [row, positions], rows `stride` elements apart:
/// longer stretches where there are few channels.
template <typename Real>
void unfold_across(const ConvShape& shape, const ConvSizes& sizes, int group, const Real* image,
                   int64_t stride, Real* windows) {
  const WindowShape& w = shape.window;
  const int channels = shape.in.channels, step = w.stride_x * channels;
  for (int place = 0; place < sizes.row; ++place, windows += stride) {
    const int i = place / sizes.in_channels / w.width, j = place / sizes.in_channels % w.width;
    const int channel = group * sizes.in_channels + place % sizes.in_channels;
    const int left = j * w.dilation_x - w.pad_left;
    int begin = 0, end = w.out_width;  // the windows whose column j lies inside the image
    while (begin < end && left + begin * w.stride_x < 0) ++begin;
    while (end > begin && left + (end - 1) * w.stride_x >= shape.in.width) --end;
    for (int out_y = 0; out_y < w.out_height; ++out_y) {
      Real* __restrict to = windows + int64_t{out_y} * w.out_width;
      const int y = out_y * w.stride_y - w.pad_top + i * w.dilation_y;
      const bool inside = y >= 0 && y < shape.in.height && begin < end;
      const int first = inside ? begin : w.out_width, last = inside ? end : w.out_width;
      for (int x = 0; x < first; ++x) to[x] = 0;
      for (int x = last; x < w.out_width; ++x) to[x] = 0;
      if (!inside) continue;
      const Real* __restrict from =
          image + (int64_t{y} * shape.in.width + left + first * w.stride_x) * channels + channel;
      if (step == 1) {
        for (int x = 0; x < last - first; ++x) to[first + x] = from[x];
      } else {
        for (int x = 0; x < last - first; ++x) to[first + x] = from[x * step];
      }
    }
  }
}

/// The transpose of `unfold`: image += every element of the windows where it came from.
template <typename Real>
void fold(const ConvShape& shape, const ConvSizes& sizes, int group, const Real* windows, Real* image) {
  for_each_stretch(shape, sizes, group, [&](int64_t from, int64_t to, int length) {
    if (from < 0) return;
    const Real* __restrict in = windows + to;
    Real* __restrict out = image + from;
    for (int c = 0; c < length; ++c) out[c] += in[c];
  });
}

}  // namespace netsurf::floating
