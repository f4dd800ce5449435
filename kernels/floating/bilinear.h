// Layers that are linear in their input and linear in their weights, and the three ways to use one: applied,
// transposed toward the input, transposed toward the weights. That is all a gradient and an exact
// Hessian-vector product are made of. Every function adds to its result, for Real = float and double.
#pragma once

#include "kernels/floating/conv2d.h"
#include "kernels/floating/lanes.h"

namespace netsurf::floating {

struct DenseSizes {
  int in = 0, out = 0;
};

/// Per-channel maps over the last axis: `pixels` x `channels` elements a row.
struct ChannelShape {
  int pixels = 1, channels = 0;
};

/// y [samples, lanes, out] += w x, with w [out, in].
template <typename Real>
void dense_apply(LaneShape tile, DenseSizes shape, WeightsOf<Real> w, RowsOf<Real> x, Real* y);
/// dx [samples, lanes, in] += w^T dy.
template <typename Real>
void dense_to_input(LaneShape tile, DenseSizes shape, WeightsOf<Real> w, RowsOf<Real> dy, Real* dx);
/// dw [out, in] of each lane += sum over the samples of dy x^T.
template <typename Real>
void dense_to_weights(LaneShape tile, DenseSizes shape, RowsOf<Real> dy, RowsOf<Real> x, WeightSums<Real> dw);
/// squares [out, in] += sum over the samples and lanes of (dy x^T)^2, element by element; x is shared.
template <typename Real>
void dense_squares(LaneShape tile, DenseSizes shape, RowsOf<Real> dy, const Real* x, Real* squares);

/// As dense_*, with w [filters, kh, kw, channels / groups], x [.., height, width, channels] and y [..,
/// out_height, out_width, filters]. shape.in.batch is not used. Squares: of the sum over the positions.
template <typename Real>
void conv2d_apply(LaneShape tile, const ConvShape& shape, WeightsOf<Real> w, RowsOf<Real> x, Real* y);
template <typename Real>
void conv2d_to_input(LaneShape tile, const ConvShape& shape, WeightsOf<Real> w, RowsOf<Real> dy, Real* dx);
template <typename Real>
void conv2d_to_weights(LaneShape tile, const ConvShape& shape, RowsOf<Real> dy, RowsOf<Real> x,
                       WeightSums<Real> dw);
template <typename Real>
void conv2d_squares(LaneShape tile, const ConvShape& shape, RowsOf<Real> dy, const Real* x, Real* squares);

/// A transposed convolution is the convolution `shape` used backward: x is shaped as its output and y as its
/// input. For a layer that turns [h, w, c] into [oh, ow, oc]: shape.in = {.height = oh, .width = ow,
/// .channels = oc}, shape.filters = c, window.out_height = h, window.out_width = w; kernel size, stride,
/// dilation, pad_top and pad_left are the layer's. w [oc, kh, kw, c] is in the layer's order. What the
/// windows reach outside of y is cut off; what they do not reach gets nothing. groups must be 1.
template <typename Real>
void transposed_apply(LaneShape tile, const ConvShape& shape, WeightsOf<Real> w, RowsOf<Real> x, Real* y);
template <typename Real>
void transposed_to_input(LaneShape tile, const ConvShape& shape, WeightsOf<Real> w, RowsOf<Real> dy,
                         Real* dx);
template <typename Real>
void transposed_to_weights(LaneShape tile, const ConvShape& shape, RowsOf<Real> dy, RowsOf<Real> x,
                           WeightSums<Real> dw);
template <typename Real>
void transposed_squares(LaneShape tile, const ConvShape& shape, RowsOf<Real> dy, const Real* x,
                        Real* squares);

/// y[.., c] += w[c] x[.., c]: an affine layer's scale.
template <typename Real>
void scale_apply(LaneShape tile, ChannelShape shape, WeightsOf<Real> w, RowsOf<Real> x, Real* y);
/// dw[c] of each lane += sum over the samples and pixels of dy x. (Toward the input it is scale_apply.)
template <typename Real>
void scale_to_weights(LaneShape tile, ChannelShape shape, RowsOf<Real> dy, RowsOf<Real> x,
                      WeightSums<Real> dw);
template <typename Real>
void scale_squares(LaneShape tile, ChannelShape shape, RowsOf<Real> dy, const Real* x, Real* squares);

/// y[.., c] += w[c]: biases and shifts.
template <typename Real>
void shift_apply(LaneShape tile, ChannelShape shape, WeightsOf<Real> w, Real* y);
template <typename Real>
void shift_to_weights(LaneShape tile, ChannelShape shape, RowsOf<Real> dy, WeightSums<Real> dw);
template <typename Real>
void shift_squares(LaneShape tile, ChannelShape shape, RowsOf<Real> dy, Real* squares);

}  // namespace netsurf::floating
