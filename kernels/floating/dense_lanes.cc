#include "kernels/floating/bilinear.h"
#include "kernels/floating/gemm.h"
#include "kernels/floating/lane_scratch.h"

namespace netsurf::floating {
namespace {

/// Where lane 0's rows begin and how far they are apart, lane k's being k elements * size further.
template <typename Real>
struct LaneRows {
  const Real* data;
  int stride;
};

template <typename Real>
LaneRows<Real> rows_of(LaneShape tile, int size, RowsOf<Real> rows, int lane) {
  if (!rows.per_lane) return {rows.data, size};
  return {rows.data + int64_t{lane} * size, tile.lanes * size};
}

}  // namespace

template <typename Real>
void dense_apply(LaneShape tile, DenseSizes shape, WeightsOf<Real> w, RowsOf<Real> x, Real* y) {
  const int64_t kernel = int64_t{shape.out} * shape.in;
  const auto one_product = [&](int rows, int outputs) {
    gemm(GemmOf<Real>{.transpose_b = true,
                      .m = rows,
                      .n = outputs,
                      .k = shape.in,
                      .a = x.data,
                      .b = w.data,
                      .c = y,
                      .beta = 1});
  };
  if (lanes_agree(tile, w, x)) {
    add_rows_once(tile, shape.out, y,
                  [&](LaneShape one, Real* rows) { dense_apply(one, shape, w, x, rows); });
  } else if (tile.lanes == 1 || w.lane_stride == 0) {
    one_product(tile.rows(), shape.out);
  } else if (!x.per_lane && w.lane_stride == kernel) {
    one_product(tile.samples, tile.lanes * shape.out);  // the lanes' kernels are one tall kernel
  } else {
    for (int lane = 0; lane < tile.lanes; ++lane) {
      const LaneRows<Real> in = rows_of(tile, shape.in, x, lane);
      gemm(GemmOf<Real>{.transpose_b = true,
                        .m = tile.samples,
                        .n = shape.out,
                        .k = shape.in,
                        .a = in.data,
                        .b = w.data + lane * w.lane_stride,
                        .c = y + int64_t{lane} * shape.out,
                        .beta = 1,
                        .lda = in.stride,
                        .ldc = tile.lanes * shape.out});
    }
  }
}

template <typename Real>
void dense_to_input(LaneShape tile, DenseSizes shape, WeightsOf<Real> w, RowsOf<Real> dy, Real* dx) {
  if (lanes_agree(tile, w, dy)) {
    add_rows_once(tile, shape.in, dx,
                  [&](LaneShape one, Real* rows) { dense_to_input(one, shape, w, dy, rows); });
  } else if (tile.lanes == 1 || w.lane_stride == 0) {
    gemm(GemmOf<Real>{
        .m = tile.rows(), .n = shape.in, .k = shape.out, .a = dy.data, .b = w.data, .c = dx, .beta = 1});
  } else {
    for (int lane = 0; lane < tile.lanes; ++lane) {
      const LaneRows<Real> out = rows_of(tile, shape.out, dy, lane);
      gemm(GemmOf<Real>{.m = tile.samples,
                        .n = shape.in,
                        .k = shape.out,
                        .a = out.data,
                        .b = w.data + lane * w.lane_stride,
                        .c = dx + int64_t{lane} * shape.in,
                        .beta = 1,
                        .lda = out.stride,
                        .ldc = tile.lanes * shape.in});
    }
  }
}

template <typename Real>
void dense_to_weights(LaneShape tile, DenseSizes shape, RowsOf<Real> dy, RowsOf<Real> x,
                      WeightSums<Real> dw) {
  const int64_t kernel = int64_t{shape.out} * shape.in;
  if (lanes_agree(tile, dy, x)) {
    add_sums_once(tile, kernel, dw,
                  [&](LaneShape one, WeightSums<Real> sums) { dense_to_weights(one, shape, dy, x, sums); });
  } else if (!x.per_lane && (tile.lanes == 1 || dw.lane_stride == kernel)) {
    gemm(GemmOf<Real>{.transpose_a = true,
                      .m = tile.lanes * shape.out,
                      .n = shape.in,
                      .k = tile.samples,
                      .a = dy.data,
                      .b = x.data,
                      .c = dw.data,
                      .beta = 1});
  } else {
    for (int lane = 0; lane < tile.lanes; ++lane) {
      const LaneRows<Real> out = rows_of(tile, shape.out, dy, lane), in = rows_of(tile, shape.in, x, lane);
      gemm(GemmOf<Real>{.transpose_a = true,
                        .m = shape.out,
                        .n = shape.in,
                        .k = tile.samples,
                        .a = out.data,
                        .b = in.data,
                        .c = dw.data + lane * dw.lane_stride,
                        .beta = 1,
                        .lda = out.stride,
                        .ldb = in.stride});
    }
  }
}

// x is shared, so the sum over the lanes can be taken before the product.
template <typename Real>
void dense_squares(LaneShape tile, DenseSizes shape, RowsOf<Real> dy, const Real* x, Real* squares) {
  const int64_t outs = int64_t{tile.samples} * shape.out, ins = int64_t{tile.samples} * shape.in;
  Real* dy_squares = zeroed_scratch<Scratch::products, Real>(outs);
  Real* x_squares = scratch<Scratch::squares, Real>(ins);
  for (int64_t i = 0; i < ins; ++i) x_squares[i] = x[i] * x[i];
  for (int64_t row = 0; row < tile.rows(); ++row) {
    const Real* from = dy.data + (dy.per_lane ? row : row / tile.lanes) * shape.out;
    Real* to = dy_squares + row / tile.lanes * shape.out;
    for (int o = 0; o < shape.out; ++o) to[o] += from[o] * from[o];
  }
  gemm(GemmOf<Real>{.transpose_a = true,
                    .m = shape.out,
                    .n = shape.in,
                    .k = tile.samples,
                    .a = dy_squares,
                    .b = x_squares,
                    .c = squares,
                    .beta = 1});
}

template void dense_apply(LaneShape, DenseSizes, WeightsOf<float>, RowsOf<float>, float*);
template void dense_apply(LaneShape, DenseSizes, WeightsOf<double>, RowsOf<double>, double*);
template void dense_to_input(LaneShape, DenseSizes, WeightsOf<float>, RowsOf<float>, float*);
template void dense_to_input(LaneShape, DenseSizes, WeightsOf<double>, RowsOf<double>, double*);
template void dense_to_weights(LaneShape, DenseSizes, RowsOf<float>, RowsOf<float>, WeightSums<float>);
template void dense_to_weights(LaneShape, DenseSizes, RowsOf<double>, RowsOf<double>, WeightSums<double>);
template void dense_squares(LaneShape, DenseSizes, RowsOf<float>, const float*, float*);
template void dense_squares(LaneShape, DenseSizes, RowsOf<double>, const double*, double*);

}  // namespace netsurf::floating
