#include <cstdint>

#include "kernels/floating/conv_lanes.h"
#include "kernels/floating/lane_scratch.h"
#include "kernels/floating/unfold.h"

namespace netsurf::floating {
namespace {

// visit(pixel of the output, pixel of the image, tap of the window), where the tap lies inside the image.
template <typename Visit>
void for_each_tap(const ConvShape& shape, const Visit& visit) {
  const WindowShape& w = shape.window;
  for (int out_y = 0; out_y < w.out_height; ++out_y) {
    for (int out_x = 0; out_x < w.out_width; ++out_x) {
      for (int i = 0; i < w.height; ++i) {
        const int y = out_y * w.stride_y - w.pad_top + i * w.dilation_y;
        if (y < 0 || y >= shape.in.height) continue;
        for (int j = 0; j < w.width; ++j) {
          const int x = out_x * w.stride_x - w.pad_left + j * w.dilation_x;
          if (x < 0 || x >= shape.in.width) continue;
          visit(out_y * w.out_width + out_x, y * shape.in.width + x, i * w.width + j);
        }
      }
    }
  }
}

// visit(filter, channel), a filter reading one channel; filters that share a channel lie side by side.
template <typename Visit>
void for_each_filter(int channels, int filters, const Visit& visit) {
  if (filters == channels) {
    for (int c = 0; c < channels; ++c) visit(c, c);
    return;
  }
  const int shared = filters / channels;
  for (int c = 0; c < channels; ++c) {
    for (int i = 0; i < shared; ++i) visit(c * shared + i, c);
  }
}

// The lanes' kernels [taps, filters]: neighbours in memory are neighbours in the image too.
template <typename Real>
WeightsOf<Real> taps_first(LaneShape tile, const ConvSizes& sizes, int filters, WeightsOf<Real> w) {
  const int kernels = w.lane_stride == 0 ? 1 : tile.lanes;
  Real* turned = scratch<Scratch::kernels, Real>(kernels * sizes.kernel);
  for (int lane = 0; lane < kernels; ++lane) {
    const Real* from = w.data + lane * w.lane_stride;
    Real* to = turned + lane * sizes.kernel;
    for (int filter = 0; filter < filters; ++filter) {
      for (int tap = 0; tap < sizes.row; ++tap) to[tap * filters + filter] = *from++;
    }
  }
  return {turned, kernels == 1 ? 0 : sizes.kernel};
}

template <typename Real>
const Real* row_at(LaneShape tile, RowsOf<Real> rows, int64_t size, int row) {
  return rows.data + (rows.per_lane ? row : row / tile.lanes) * size;
}

// sums [taps, filters] += dy x over the positions of one row.
template <typename Real>
void add_products(const ConvShape& shape, const Real* dy, const Real* x, Real* sums) {
  for_each_tap(shape, [&](int out, int in, int tap) {
    const Real* __restrict d = dy + int64_t{out} * shape.filters;
    const Real* __restrict image = x + int64_t{in} * shape.in.channels;
    Real* __restrict to = sums + int64_t{tap} * shape.filters;
    for_each_filter(shape.in.channels, shape.filters,
                    [&](int filter, int c) { to[filter] += d[filter] * image[c]; });
  });
}

}  // namespace

template <typename Real>
void depthwise_apply(LaneShape tile, const ConvShape& shape, WeightsOf<Real> w, RowsOf<Real> x, Real* y) {
  const ConvSizes sizes(shape);
  const WeightsOf<Real> kernels = taps_first(tile, sizes, shape.filters, w);
  for (int row = 0; row < tile.rows(); ++row) {
    const Real* image = row_at(tile, x, sizes.image, row);
    const Real* kernel = kernels.data + row % tile.lanes * kernels.lane_stride;
    Real* output = y + row * sizes.output;
    for_each_tap(shape, [&](int out, int in, int tap) {
      const Real* __restrict from = image + int64_t{in} * shape.in.channels;
      const Real* __restrict weights = kernel + int64_t{tap} * shape.filters;
      Real* __restrict to = output + int64_t{out} * shape.filters;
      for_each_filter(shape.in.channels, shape.filters,
                      [&](int filter, int c) { to[filter] += weights[filter] * from[c]; });
    });
  }
}

template <typename Real>
void depthwise_to_input(LaneShape tile, const ConvShape& shape, WeightsOf<Real> w, RowsOf<Real> dy,
                        Real* dx) {
  const ConvSizes sizes(shape);
  const WeightsOf<Real> kernels = taps_first(tile, sizes, shape.filters, w);
  for (int row = 0; row < tile.rows(); ++row) {
    const Real* output = row_at(tile, dy, sizes.output, row);
    const Real* kernel = kernels.data + row % tile.lanes * kernels.lane_stride;
    Real* image = dx + row * sizes.image;
    for_each_tap(shape, [&](int out, int in, int tap) {
      const Real* __restrict from = output + int64_t{out} * shape.filters;
      const Real* __restrict weights = kernel + int64_t{tap} * shape.filters;
      Real* __restrict to = image + int64_t{in} * shape.in.channels;
      for_each_filter(shape.in.channels, shape.filters,
                      [&](int filter, int c) { to[c] += weights[filter] * from[filter]; });
    });
  }
}

template <typename Real>
void depthwise_to_weights(LaneShape tile, const ConvShape& shape, RowsOf<Real> dy, RowsOf<Real> x,
                          WeightSums<Real> dw) {
  const ConvSizes sizes(shape);
  Real* sums = zeroed_scratch<Scratch::products, Real>(tile.lanes * sizes.kernel);
  for (int row = 0; row < tile.rows(); ++row)
    add_products(shape, row_at(tile, dy, sizes.output, row), row_at(tile, x, sizes.image, row),
                 sums + row % tile.lanes * sizes.kernel);
  for (int lane = 0; lane < tile.lanes; ++lane) {
    const Real* from = sums + lane * sizes.kernel;
    Real* to = dw.data + lane * dw.lane_stride;
    for (int filter = 0; filter < shape.filters; ++filter) {
      for (int tap = 0; tap < sizes.row; ++tap) *to++ += from[tap * shape.filters + filter];
    }
  }
}

template <typename Real>
void depthwise_squares(LaneShape tile, const ConvShape& shape, RowsOf<Real> dy, RowsOf<Real> x,
                       Real* squares) {
  const ConvSizes sizes(shape);
  Real* total = zeroed_scratch<Scratch::squares, Real>(sizes.kernel);
  for (int row = 0; row < tile.rows(); ++row) {
    Real* sums = zeroed_scratch<Scratch::products, Real>(sizes.kernel);
    add_products(shape, row_at(tile, dy, sizes.output, row), row_at(tile, x, sizes.image, row), sums);
    for (int64_t i = 0; i < sizes.kernel; ++i) total[i] += sums[i] * sums[i];
  }
  for (int filter = 0; filter < shape.filters; ++filter) {
    for (int tap = 0; tap < sizes.row; ++tap) *squares++ += total[tap * shape.filters + filter];
  }
}

template void depthwise_apply(LaneShape, const ConvShape&, WeightsOf<float>, RowsOf<float>, float*);
template void depthwise_apply(LaneShape, const ConvShape&, WeightsOf<double>, RowsOf<double>, double*);
template void depthwise_to_input(LaneShape, const ConvShape&, WeightsOf<float>, RowsOf<float>, float*);
template void depthwise_to_input(LaneShape, const ConvShape&, WeightsOf<double>, RowsOf<double>, double*);
template void depthwise_to_weights(LaneShape, const ConvShape&, RowsOf<float>, RowsOf<float>,
                                   WeightSums<float>);
template void depthwise_to_weights(LaneShape, const ConvShape&, RowsOf<double>, RowsOf<double>,
                                   WeightSums<double>);
template void depthwise_squares(LaneShape, const ConvShape&, RowsOf<float>, RowsOf<float>, float*);
template void depthwise_squares(LaneShape, const ConvShape&, RowsOf<double>, RowsOf<double>, double*);

}  // namespace netsurf::floating
