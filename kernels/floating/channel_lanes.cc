#include <cstdint>

#include "kernels/floating/bilinear.h"
#include "kernels/floating/lane_scratch.h"

namespace netsurf::floating {
namespace {

template <typename Real>
const Real* row_at(LaneShape tile, ChannelShape shape, RowsOf<Real> rows, int row) {
  return rows.data + (rows.per_lane ? row : row / tile.lanes) * int64_t{shape.pixels} * shape.channels;
}

// sums [channels] += dy x over the pixels of a row.
template <typename Real>
void add_products(ChannelShape shape, const Real* dy, const Real* x, Real* __restrict sums) {
  for (int pixel = 0; pixel < shape.pixels; ++pixel, dy += shape.channels, x += shape.channels) {
    for (int c = 0; c < shape.channels; ++c) sums[c] += dy[c] * x[c];
  }
}

template <typename Real>
void add_pixels(ChannelShape shape, const Real* dy, Real* __restrict sums) {
  for (int pixel = 0; pixel < shape.pixels; ++pixel, dy += shape.channels) {
    for (int c = 0; c < shape.channels; ++c) sums[c] += dy[c];
  }
}

// squares [channels] += the square of what add(row, sums) adds, row by row.
template <typename Real, typename Add>
void add_squares(LaneShape tile, ChannelShape shape, const Add& add, Real* __restrict squares) {
  for (int row = 0; row < tile.rows(); ++row) {
    Real* __restrict sums = zeroed_scratch<Scratch::products, Real>(shape.channels);
    add(row, sums);
    for (int c = 0; c < shape.channels; ++c) squares[c] += sums[c] * sums[c];
  }
}

}  // namespace

template <typename Real>
void scale_apply(LaneShape tile, ChannelShape shape, WeightsOf<Real> w, RowsOf<Real> x, Real* y) {
  for (int row = 0; row < tile.rows(); ++row) {
    const Real* __restrict scale = w.data + row % tile.lanes * w.lane_stride;
    const Real* __restrict from = row_at(tile, shape, x, row);
    for (int pixel = 0; pixel < shape.pixels; ++pixel, from += shape.channels, y += shape.channels) {
      Real* __restrict to = y;
      for (int c = 0; c < shape.channels; ++c) to[c] += scale[c] * from[c];
    }
  }
}

template <typename Real>
void scale_to_weights(LaneShape tile, ChannelShape shape, RowsOf<Real> dy, RowsOf<Real> x,
                      WeightSums<Real> dw) {
  for (int row = 0; row < tile.rows(); ++row)
    add_products(shape, row_at(tile, shape, dy, row), row_at(tile, shape, x, row),
                 dw.data + row % tile.lanes * dw.lane_stride);
}

template <typename Real>
void scale_squares(LaneShape tile, ChannelShape shape, RowsOf<Real> dy, const Real* x, Real* squares) {
  const RowsOf<Real> shared{x, false};
  add_squares(
      tile, shape,
      [&](int row, Real* sums) {
        add_products(shape, row_at(tile, shape, dy, row), row_at(tile, shape, shared, row), sums);
      },
      squares);
}

template <typename Real>
void shift_apply(LaneShape tile, ChannelShape shape, WeightsOf<Real> w, Real* y) {
  for (int row = 0; row < tile.rows(); ++row) {
    const Real* __restrict shift = w.data + row % tile.lanes * w.lane_stride;
    for (int pixel = 0; pixel < shape.pixels; ++pixel, y += shape.channels) {
      Real* __restrict to = y;
      for (int c = 0; c < shape.channels; ++c) to[c] += shift[c];
    }
  }
}

template <typename Real>
void shift_to_weights(LaneShape tile, ChannelShape shape, RowsOf<Real> dy, WeightSums<Real> dw) {
  for (int row = 0; row < tile.rows(); ++row)
    add_pixels(shape, row_at(tile, shape, dy, row), dw.data + row % tile.lanes * dw.lane_stride);
}

template <typename Real>
void shift_squares(LaneShape tile, ChannelShape shape, RowsOf<Real> dy, Real* squares) {
  add_squares(
      tile, shape, [&](int row, Real* sums) { add_pixels(shape, row_at(tile, shape, dy, row), sums); },
      squares);
}

template void scale_apply(LaneShape, ChannelShape, WeightsOf<float>, RowsOf<float>, float*);
template void scale_apply(LaneShape, ChannelShape, WeightsOf<double>, RowsOf<double>, double*);
template void scale_to_weights(LaneShape, ChannelShape, RowsOf<float>, RowsOf<float>, WeightSums<float>);
template void scale_to_weights(LaneShape, ChannelShape, RowsOf<double>, RowsOf<double>, WeightSums<double>);
template void scale_squares(LaneShape, ChannelShape, RowsOf<float>, const float*, float*);
template void scale_squares(LaneShape, ChannelShape, RowsOf<double>, const double*, double*);
template void shift_apply(LaneShape, ChannelShape, WeightsOf<float>, float*);
template void shift_apply(LaneShape, ChannelShape, WeightsOf<double>, double*);
template void shift_to_weights(LaneShape, ChannelShape, RowsOf<float>, WeightSums<float>);
template void shift_to_weights(LaneShape, ChannelShape, RowsOf<double>, WeightSums<double>);
template void shift_squares(LaneShape, ChannelShape, RowsOf<float>, float*);
template void shift_squares(LaneShape, ChannelShape, RowsOf<double>, double*);

}  // namespace netsurf::floating
