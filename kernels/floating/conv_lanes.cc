#include "kernels/floating/conv_lanes.h"

#include <algorithm>

#include "kernels/floating/gemm.h"
#include "kernels/floating/lane_scratch.h"
#include "kernels/floating/unfold.h"

namespace netsurf::floating {
namespace {

constexpr int kFewChannels = 4;  // at most: unfolded with the places of the window outside
constexpr int64_t kWindowElements =
    16384;  // unfolded at once where rows share a product; half of an L2 cache

// How many rows (samples, or their lanes) go into one product where they have the same kernel.
int rows_at_once(const ConvSizes& sizes) {
  return static_cast<int>(std::clamp<int64_t>(
      kWindowElements / std::max<int64_t>(int64_t{sizes.positions} * sizes.row, 1), 1, 1024));
}

template <typename Real>
int64_t row_of(LaneShape tile, RowsOf<Real> rows, int row) {
  return rows.per_lane ? row : row / tile.lanes;
}

template <typename Real>
struct Matrix {
  const Real* data;
  int stride;
  bool transposed;
};

// The windows of runs of rows, each unfolded once as long as it is asked for again at once.
template <typename Real>
class Windows {
 public:
  Windows(LaneShape tile, const ConvShape& shape, const ConvSizes& sizes, RowsOf<Real> x, int rows)
      : tile_(tile),
        shape_(shape),
        sizes_(sizes),
        x_(x),
        reads_pixels_(reads_pixels(shape)),
        across_(sizes.in_channels <= kFewChannels) {
    if (!reads_pixels_) windows_ = scratch<Scratch::columns, Real>(rows * unfolded());
  }

  /// [count * positions, row] of a group. REQUIRES: 1 row, or lanes that have x of their own or are one.
  Matrix<Real> of(int group, int row, int count) {
    const int64_t first = row_of(tile_, x_, row);
    const Real* image = x_.data + first * sizes_.image;
    if (reads_pixels_) return {image + group * sizes_.in_channels, shape_.in.channels, false};
    if (group != held_group_ || first != held_row_) {
      for (int i = 0; i < count; ++i, image += sizes_.image) {
        if (across_) {
          unfold_across(shape_, sizes_, group, image, count * sizes_.positions,
                        windows_ + i * sizes_.positions);
        } else {
          unfold(shape_, sizes_, group, image, windows_ + i * unfolded());
        }
      }
    }
    held_group_ = group;
    held_row_ = first;
    return {windows_, across_ ? count * sizes_.positions : sizes_.row, across_};
  }

 private:
  int64_t unfolded() const { return int64_t{sizes_.positions} * sizes_.row; }

  LaneShape tile_;
  const ConvShape& shape_;
  const ConvSizes& sizes_;
  RowsOf<Real> x_;
  bool reads_pixels_, across_;
  Real* windows_ = nullptr;
  int held_group_ = -1;
  int64_t held_row_ = -1;
};

// visit(group, first row, number of rows), `most` rows at a time.
template <typename Visit>
void for_each_run(int groups, int rows, int most, const Visit& visit) {
  for (int group = 0; group < groups; ++group) {
    for (int row = 0; row < rows; row += most) visit(group, row, std::min(most, rows - row));
  }
}

}  // namespace

template <typename Real>
void conv2d_apply(LaneShape tile, const ConvShape& shape, WeightsOf<Real> w, RowsOf<Real> x, Real* y) {
  const ConvSizes sizes(shape);
  if (lanes_agree(tile, w, x)) {
    add_rows_once(tile, sizes.output, y,
                  [&](LaneShape one, Real* rows) { conv2d_apply(one, shape, w, x, rows); });
    return;
  }
  if (is_depthwise(shape)) return depthwise_apply(tile, shape, w, x, y);
  const int most = tile.lanes == 1 || w.lane_stride == 0 ? rows_at_once(sizes) : 1;
  Windows<Real> windows(tile, shape, sizes, x, most);
  for_each_run(shape.groups, tile.rows(), most, [&](int group, int row, int count) {
    const Matrix<Real> columns = windows.of(group, row, count);
    gemm(GemmOf<Real>{
        .transpose_a = columns.transposed,
        .transpose_b = true,
        .m = count * sizes.positions,
        .n = sizes.out_channels,
        .k = sizes.row,
        .a = columns.data,
        .b = w.data + row % tile.lanes * w.lane_stride + int64_t{group} * sizes.out_channels * sizes.row,
        .c = y + row * sizes.output + group * sizes.out_channels,
        .beta = 1,
        .lda = columns.stride,
        .ldc = shape.filters});
  });
}

template <typename Real>
void conv2d_to_input(LaneShape tile, const ConvShape& shape, WeightsOf<Real> w, RowsOf<Real> dy, Real* dx) {
  const ConvSizes sizes(shape);
  if (lanes_agree(tile, w, dy)) {
    add_rows_once(tile, sizes.image, dx,
                  [&](LaneShape one, Real* rows) { conv2d_to_input(one, shape, w, dy, rows); });
    return;
  }
  if (is_depthwise(shape)) return depthwise_to_input(tile, shape, w, dy, dx);
  const int most = tile.lanes == 1 || w.lane_stride == 0 ? rows_at_once(sizes) : 1;
  const int64_t unfolded = int64_t{sizes.positions} * sizes.row;
  const bool in_place = reads_pixels(shape);
  Real* columns = in_place ? nullptr : scratch<Scratch::columns, Real>(most * unfolded);
  for_each_run(shape.groups, tile.rows(), most, [&](int group, int row, int count) {
    Real* images = dx + row * sizes.image;
    gemm(GemmOf<Real>{
        .m = count * sizes.positions,
        .n = sizes.row,
        .k = sizes.out_channels,
        .a = dy.data + row_of(tile, dy, row) * sizes.output + group * sizes.out_channels,
        .b = w.data + row % tile.lanes * w.lane_stride + int64_t{group} * sizes.out_channels * sizes.row,
        .c = in_place ? images + group * sizes.in_channels : columns,
        .beta = in_place ? Real{1} : Real{0},
        .lda = shape.filters,
        .ldc = in_place ? shape.in.channels : sizes.row});
    if (in_place) return;
    for (int i = 0; i < count; ++i)
      fold(shape, sizes, group, columns + i * unfolded, images + i * sizes.image);
  });
}

template <typename Real>
void conv2d_to_weights(LaneShape tile, const ConvShape& shape, RowsOf<Real> dy, RowsOf<Real> x,
                       WeightSums<Real> dw) {
  const ConvSizes sizes(shape);
  if (lanes_agree(tile, dy, x)) {
    add_sums_once(tile, sizes.kernel, dw,
                  [&](LaneShape one, WeightSums<Real> sums) { conv2d_to_weights(one, shape, dy, x, sums); });
    return;
  }
  if (is_depthwise(shape)) return depthwise_to_weights(tile, shape, dy, x, dw);
  const int most = tile.lanes == 1 ? rows_at_once(sizes) : 1;
  Windows<Real> windows(tile, shape, sizes, x, most);
  for_each_run(shape.groups, tile.rows(), most, [&](int group, int row, int count) {
    const Matrix<Real> columns = windows.of(group, row, count);
    gemm(GemmOf<Real>{
        .transpose_a = true,
        .transpose_b = columns.transposed,
        .m = sizes.out_channels,
        .n = sizes.row,
        .k = count * sizes.positions,
        .a = dy.data + row_of(tile, dy, row) * sizes.output + group * sizes.out_channels,
        .b = columns.data,
        .c = dw.data + row % tile.lanes * dw.lane_stride + int64_t{group} * sizes.out_channels * sizes.row,
        .beta = 1,
        .lda = shape.filters,
        .ldb = columns.stride});
  });
}

template <typename Real>
void conv2d_squares_of_rows(LaneShape tile, const ConvShape& shape, RowsOf<Real> dy, RowsOf<Real> x,
                            Real* squares) {
  if (is_depthwise(shape)) return depthwise_squares(tile, shape, dy, x, squares);
  const ConvSizes sizes(shape);
  const int64_t group_kernel = int64_t{sizes.out_channels} * sizes.row;
  Windows<Real> windows(tile, shape, sizes, x, 1);
  Real* sums = scratch<Scratch::products, Real>(group_kernel);
  for_each_run(shape.groups, tile.rows(), 1, [&](int group, int row, int) {
    const Matrix<Real> columns = windows.of(group, row, 1);
    gemm(GemmOf<Real>{.transpose_a = true,
                      .transpose_b = columns.transposed,
                      .m = sizes.out_channels,
                      .n = sizes.row,
                      .k = sizes.positions,
                      .a = dy.data + row_of(tile, dy, row) * sizes.output + group * sizes.out_channels,
                      .b = columns.data,
                      .c = sums,
                      .lda = shape.filters,
                      .ldb = columns.stride});
    Real* to = squares + group * group_kernel;
    for (int64_t i = 0; i < group_kernel; ++i) to[i] += sums[i] * sums[i];
  });
}

template <typename Real>
void conv2d_squares(LaneShape tile, const ConvShape& shape, RowsOf<Real> dy, const Real* x, Real* squares) {
  conv2d_squares_of_rows(tile, shape, dy, RowsOf<Real>{x, false}, squares);
}

template void conv2d_apply(LaneShape, const ConvShape&, WeightsOf<float>, RowsOf<float>, float*);
template void conv2d_apply(LaneShape, const ConvShape&, WeightsOf<double>, RowsOf<double>, double*);
template void conv2d_to_input(LaneShape, const ConvShape&, WeightsOf<float>, RowsOf<float>, float*);
template void conv2d_to_input(LaneShape, const ConvShape&, WeightsOf<double>, RowsOf<double>, double*);
template void conv2d_to_weights(LaneShape, const ConvShape&, RowsOf<float>, RowsOf<float>, WeightSums<float>);
template void conv2d_to_weights(LaneShape, const ConvShape&, RowsOf<double>, RowsOf<double>,
                                WeightSums<double>);
template void conv2d_squares(LaneShape, const ConvShape&, RowsOf<float>, const float*, float*);
template void conv2d_squares(LaneShape, const ConvShape&, RowsOf<double>, const double*, double*);
template void conv2d_squares_of_rows(LaneShape, const ConvShape&, RowsOf<float>, RowsOf<float>, float*);
template void conv2d_squares_of_rows(LaneShape, const ConvShape&, RowsOf<double>, RowsOf<double>, double*);

}  // namespace netsurf::floating
