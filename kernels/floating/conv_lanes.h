// What the convolutions of many lanes share among their files.
#pragma once

#include "kernels/floating/bilinear.h"

namespace netsurf::floating {

/// As conv2d_squares, with an x that lanes may have of their own.
template <typename Real>
void conv2d_squares_of_rows(LaneShape tile, const ConvShape& shape, RowsOf<Real> dy, RowsOf<Real> x,
                            Real* squares);

/// Whether depthwise_* serve this convolution: every group reads one channel.
inline bool is_depthwise(const ConvShape& shape) {
  return shape.groups > 1 && shape.in.channels == shape.groups;
}

/// The functions of convolutions for depthwise ones, by loops: a product of one column is no work for a BLAS.
template <typename Real>
void depthwise_apply(LaneShape tile, const ConvShape& shape, WeightsOf<Real> w, RowsOf<Real> x, Real* y);
template <typename Real>
void depthwise_to_input(LaneShape tile, const ConvShape& shape, WeightsOf<Real> w, RowsOf<Real> dy, Real* dx);
template <typename Real>
void depthwise_to_weights(LaneShape tile, const ConvShape& shape, RowsOf<Real> dy, RowsOf<Real> x,
                          WeightSums<Real> dw);
template <typename Real>
void depthwise_squares(LaneShape tile, const ConvShape& shape, RowsOf<Real> dy, RowsOf<Real> x,
                       Real* squares);

}  // namespace netsurf::floating
