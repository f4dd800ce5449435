// A transposed convolution is a convolution used backward: its input is the convolution's output. Only the
// kernel's order differs: its own outputs come first, which are the convolution's channels.
#include <cstdint>

#include "kernels/floating/conv_lanes.h"
#include "kernels/floating/lane_scratch.h"
#include "kernels/floating/unfold.h"

namespace netsurf::floating {
namespace {

// visit(place in [channels, kh, kw, filters], place in [filters, kh, kw, channels]) of every weight.
template <typename Visit>
void for_each_weight(const ConvShape& shape, const Visit& visit) {
  const int64_t taps = int64_t{shape.window.height} * shape.window.width;
  const int64_t channels = shape.in.channels;
  int64_t own = 0;
  for (int64_t channel = 0; channel < channels; ++channel) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      for (int64_t filter = 0; filter < shape.filters; ++filter)
        visit(own++, (filter * taps + tap) * channels + channel);
    }
  }
}

// The lanes' kernels in the order of the convolution.
template <typename Real>
WeightsOf<Real> turned(LaneShape tile, const ConvShape& shape, WeightsOf<Real> w) {
  const int kernels = w.lane_stride == 0 ? 1 : tile.lanes;
  const int64_t size = ConvSizes(shape).kernel;
  Real* all = scratch<Scratch::kernels, Real>(kernels * size);
  for (int lane = 0; lane < kernels; ++lane) {
    const Real* from = w.data + lane * w.lane_stride;
    for_each_weight(shape, [&, to = all + lane * size](int64_t own, int64_t convolution) {
      to[convolution] = from[own];
    });
  }
  return {all, kernels == 1 ? 0 : size};
}

// The lanes' sums in the order of the convolution, added where they belong.
template <typename Real>
void add_turned(int lanes, const ConvShape& shape, const Real* sums, WeightSums<Real> dw) {
  const int64_t size = ConvSizes(shape).kernel;
  for (int lane = 0; lane < lanes; ++lane) {
    Real* to = dw.data + lane * dw.lane_stride;
    for_each_weight(shape, [&, from = sums + lane * size](int64_t own, int64_t convolution) {
      to[own] += from[convolution];
    });
  }
}

}  // namespace

template <typename Real>
void transposed_apply(LaneShape tile, const ConvShape& shape, WeightsOf<Real> w, RowsOf<Real> x, Real* y) {
  conv2d_to_input(tile, shape, turned(tile, shape, w), x, y);
}

template <typename Real>
void transposed_to_input(LaneShape tile, const ConvShape& shape, WeightsOf<Real> w, RowsOf<Real> dy,
                         Real* dx) {
  conv2d_apply(tile, shape, turned(tile, shape, w), dy, dx);
}

template <typename Real>
void transposed_to_weights(LaneShape tile, const ConvShape& shape, RowsOf<Real> dy, RowsOf<Real> x,
                           WeightSums<Real> dw) {
  const int64_t size = ConvSizes(shape).kernel;
  Real* sums = zeroed_scratch<Scratch::kernels, Real>(tile.lanes * size);
  conv2d_to_weights(tile, shape, x, dy, WeightSums<Real>{sums, size});
  add_turned(tile.lanes, shape, sums, dw);
}

template <typename Real>
void transposed_squares(LaneShape tile, const ConvShape& shape, RowsOf<Real> dy, const Real* x,
                        Real* squares) {
  Real* sums = zeroed_scratch<Scratch::kernels, Real>(ConvSizes(shape).kernel);
  conv2d_squares_of_rows(tile, shape, RowsOf<Real>{x, false}, dy, sums);
  add_turned(1, shape, sums, WeightSums<Real>{squares, 0});
}

template void transposed_apply(LaneShape, const ConvShape&, WeightsOf<float>, RowsOf<float>, float*);
template void transposed_apply(LaneShape, const ConvShape&, WeightsOf<double>, RowsOf<double>, double*);
template void transposed_to_input(LaneShape, const ConvShape&, WeightsOf<float>, RowsOf<float>, float*);
template void transposed_to_input(LaneShape, const ConvShape&, WeightsOf<double>, RowsOf<double>, double*);
template void transposed_to_weights(LaneShape, const ConvShape&, RowsOf<float>, RowsOf<float>,
                                    WeightSums<float>);
template void transposed_to_weights(LaneShape, const ConvShape&, RowsOf<double>, RowsOf<double>,
                                    WeightSums<double>);
template void transposed_squares(LaneShape, const ConvShape&, RowsOf<float>, const float*, float*);
template void transposed_squares(LaneShape, const ConvShape&, RowsOf<double>, const double*, double*);

}  // namespace netsurf::floating
