// Every map of bilinear.h, in every use, against its list of terms. Operands are small integers, so that all
// sums are exact and results compare exactly, in float as in double.
#include "kernels/floating/bilinear.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "tests/kernels/floating/bilinear_maps.h"
#include "tests/kernels/floating/lane_draws.h"

namespace netsurf::floating {
namespace {

/// The four uses of one map. Squares read an x that all lanes share.
template <typename Real>
struct Uses {
  std::function<void(LaneShape, WeightsOf<Real>, RowsOf<Real>, Real*)> apply, to_input;
  std::function<void(LaneShape, RowsOf<Real> dy, RowsOf<Real> x, WeightSums<Real>)> to_weights;
  std::function<void(LaneShape, RowsOf<Real> dy, const Real*, Real*)> squares;
};

/// visit(sample, lane, row of both).
template <typename Visit>
void for_each_row(LaneShape tile, Visit visit) {
  for (int row = 0; row < tile.rows(); ++row) visit(row / tile.lanes, row % tile.lanes, row);
}

template <typename Real>
void check_apply(const BilinearMap& map, const Uses<Real>& uses, LaneDraws<Real>& draws) {
  const LaneShape tile = draws.tile();
  const DrawnWeights<Real> w = draws.weights(map.weights);
  const DrawnRows<Real> x = draws.rows(map.ins);
  std::vector<Real> found = draws.numbers(tile.rows() * map.outs), expected = found;
  for_each_row(tile, [&](int n, int lane, int row) {
    Real* y = &expected[static_cast<size_t>(row * map.outs)];
    for (const Term& term : map.terms) y[term.out] += w.of(lane)[term.weight] * x.of(n, lane)[term.in];
  });
  uses.apply(tile, w.operand(), x.operand(), found.data());
  ASSERT_EQ(found, expected);
}

template <typename Real>
void check_to_input(const BilinearMap& map, const Uses<Real>& uses, LaneDraws<Real>& draws) {
  const LaneShape tile = draws.tile();
  const DrawnWeights<Real> w = draws.weights(map.weights);
  const DrawnRows<Real> dy = draws.rows(map.outs);
  std::vector<Real> found = draws.numbers(tile.rows() * map.ins), expected = found;
  for_each_row(tile, [&](int n, int lane, int row) {
    Real* dx = &expected[static_cast<size_t>(row * map.ins)];
    for (const Term& term : map.terms) dx[term.in] += w.of(lane)[term.weight] * dy.of(n, lane)[term.out];
  });
  uses.to_input(tile, w.operand(), dy.operand(), found.data());
  ASSERT_EQ(found, expected);
}

template <typename Real>
void check_to_weights(const BilinearMap& map, const Uses<Real>& uses, LaneDraws<Real>& draws) {
  const LaneShape tile = draws.tile();
  const DrawnRows<Real> dy = draws.rows(map.outs), x = draws.rows(map.ins);
  const int64_t stride = draws.stride(map.weights);
  std::vector<Real> found = draws.numbers(tile.lanes * stride), expected = found;
  for_each_row(tile, [&](int n, int lane, int) {
    Real* dw = &expected[static_cast<size_t>(lane * stride)];
    for (const Term& term : map.terms) dw[term.weight] += dy.of(n, lane)[term.out] * x.of(n, lane)[term.in];
  });
  uses.to_weights(tile, dy.operand(), x.operand(), {found.data(), stride});
  ASSERT_EQ(found, expected);
}

template <typename Real>
void check_squares(const BilinearMap& map, const Uses<Real>& uses, LaneDraws<Real>& draws) {
  const LaneShape tile = draws.tile();
  const DrawnRows<Real> dy = draws.rows(map.outs), x = draws.shared_rows(map.ins);
  std::vector<Real> found = draws.numbers(map.weights), expected = found;
  for_each_row(tile, [&](int n, int lane, int) {
    std::vector<Real> dw(found.size(), 0);
    for (const Term& term : map.terms) dw[term.weight] += dy.of(n, lane)[term.out] * x.of(n, lane)[term.in];
    for (size_t i = 0; i < dw.size(); ++i) expected[i] += dw[i] * dw[i];
  });
  uses.squares(tile, dy.operand(), x.operand().data, found.data());
  ASSERT_EQ(found, expected);
}

/// <A x, y> = <x, A^T y>, toward the input and toward the weights.
template <typename Real>
void check_adjoints(const BilinearMap& map, const Uses<Real>& uses, LaneDraws<Real>& draws) {
  const LaneShape tile = draws.tile();
  const int64_t stride = draws.stride(map.weights);
  const std::vector<Real> w = draws.numbers(tile.lanes * stride), x = draws.numbers(tile.rows() * map.ins),
                          dy = draws.numbers(tile.rows() * map.outs);
  std::vector<Real> y(dy.size(), 0), dx(x.size(), 0), dw(w.size(), 0);
  uses.apply(tile, {w.data(), stride}, {x.data(), true}, y.data());
  uses.to_input(tile, {w.data(), stride}, {dy.data(), true}, dx.data());
  uses.to_weights(tile, {dy.data(), true}, {x.data(), true}, {dw.data(), stride});
  ASSERT_EQ(inner_product(y, dy), inner_product(x, dx));
  ASSERT_EQ(inner_product(y, dy), inner_product(w, dw));
}

template <typename Real>
void check_all(const BilinearMap& map, const Uses<Real>& uses, LaneDraws<Real>& draws, int most_samples = 4) {
  for (int round = 0; round < 3; ++round) {
    draws.next_tile(most_samples);
    SCOPED_TRACE(draws.text());
    check_apply(map, uses, draws);
    check_to_input(map, uses, draws);
    check_to_weights(map, uses, draws);
    check_squares(map, uses, draws);
    check_adjoints(map, uses, draws);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

template <typename Real, typename Shape>
Uses<Real> uses_of(Shape shape, void (*apply)(LaneShape, Shape, WeightsOf<Real>, RowsOf<Real>, Real*),
                   void (*to_input)(LaneShape, Shape, WeightsOf<Real>, RowsOf<Real>, Real*),
                   void (*to_weights)(LaneShape, Shape, RowsOf<Real>, RowsOf<Real>, WeightSums<Real>),
                   void (*squares)(LaneShape, Shape, RowsOf<Real>, const Real*, Real*)) {
  return {[=](auto tile, auto w, auto x, auto y) { apply(tile, shape, w, x, y); },
          [=](auto tile, auto w, auto dy, auto dx) { to_input(tile, shape, w, dy, dx); },
          [=](auto tile, auto dy, auto x, auto dw) { to_weights(tile, shape, dy, x, dw); },
          [=](auto tile, auto dy, auto x, auto sums) { squares(tile, shape, dy, x, sums); }};
}

template <typename Real>
Uses<Real> conv2d_uses(const ConvShape& shape) {
  return uses_of<Real, const ConvShape&>(shape, conv2d_apply, conv2d_to_input, conv2d_to_weights,
                                         conv2d_squares);
}

template <typename Real>
class Bilinear : public ::testing::Test {};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Bilinear, Reals);

constexpr int kCases = 100;

TYPED_TEST(Bilinear, DenseLayersAreWhatTheirTermsGive) {
  using Real = TypeParam;
  LaneDraws<Real> draws(1);
  for (int i = 0; i < kCases && !this->HasFatalFailure(); ++i) {
    const DenseSizes shape{draws.pick(1, 20), draws.pick(1, 9)};
    check_all(dense_map(shape),
              uses_of<Real>(shape, dense_apply<Real>, dense_to_input<Real>, dense_to_weights<Real>,
                            dense_squares<Real>),
              draws);
  }
}

/// A window that fits the image with its padding, whatever is left over at the bottom and on the right.
template <typename Real>
WindowShape draw_window(LaneDraws<Real>& draws, const ImageShape& in) {
  WindowShape w = draws.window();
  const auto windows = [&](int size, int pad, int taps, int stride, int dilation) {
    const int room = size + pad + draws.pick(0, 2) - dilation * (taps - 1) - 1;
    return room < 0 ? 1 : room / stride + 1;
  };
  w.out_height = windows(in.height, w.pad_top, w.height, w.stride_y, w.dilation_y);
  w.out_width = windows(in.width, w.pad_left, w.width, w.stride_x, w.dilation_x);
  return w;
}

TYPED_TEST(Bilinear, ConvolutionsAreWhatTheirTermsGive) {
  LaneDraws<TypeParam> draws(2);
  for (int i = 0; i < 2 * kCases && !this->HasFatalFailure(); ++i) {
    ConvShape shape;
    shape.in = {.height = draws.pick(1, 6), .width = draws.pick(1, 6)};
    shape.groups = draws.coin() ? 1 : draws.pick(2, 3);
    shape.in.channels = shape.groups * draws.pick(1, 3);
    shape.filters = shape.groups * draws.pick(1, 3);
    shape.window = draw_window(draws, shape.in);
    SCOPED_TRACE(i);
    check_all(conv2d_map(shape), conv2d_uses<TypeParam>(shape), draws);
  }
}

// So many that samples, or their lanes, go through in more than one block.
TYPED_TEST(Bilinear, ConvolutionsOfManySamplesAreWhatTheirTermsGive) {
  LaneDraws<TypeParam> draws(8);
  for (int channels : {1, 4, 5, 7}) {
    const ConvShape shape{.in = {.height = 9, .width = 8, .channels = channels},
                          .window = {.height = 3, .width = 4, .pad_top = 1, .out_height = 8, .out_width = 5},
                          .filters = 2};
    SCOPED_TRACE(channels);
    check_all(conv2d_map(shape), conv2d_uses<TypeParam>(shape), draws, 70);
  }
}

TYPED_TEST(Bilinear, ConvolutionsOfSinglePixelsAreWhatTheirTermsGive) {
  LaneDraws<TypeParam> draws(3);
  for (int i = 0; i < kCases && !this->HasFatalFailure(); ++i) {
    ConvShape shape;
    shape.in = {.height = draws.pick(1, 5), .width = draws.pick(1, 5)};
    shape.groups = draws.pick(1, 2);
    shape.in.channels = shape.groups * draws.pick(1, 4);
    shape.filters = shape.groups * draws.pick(1, 4);
    shape.window = {.out_height = shape.in.height, .out_width = shape.in.width};
    check_all(conv2d_map(shape), conv2d_uses<TypeParam>(shape), draws);
  }
}

TYPED_TEST(Bilinear, TransposedConvolutionsAreWhatTheirTermsGive) {
  using Real = TypeParam;
  LaneDraws<Real> draws(4);
  for (int i = 0; i < 2 * kCases && !this->HasFatalFailure(); ++i) {
    const ImageShape x{.height = draws.pick(1, 4), .width = draws.pick(1, 4)};
    ConvShape shape;
    shape.filters = draws.pick(1, 3);
    shape.window = draw_window(draws, x);
    WindowShape& w = shape.window;
    w.out_height = x.height;
    w.out_width = x.width;
    // What is cut off below and on the right, or reached by no window.
    const auto reached = [&](int places, int stride, int taps, int dilation, int pad) {
      return std::max((places - 1) * stride + dilation * (taps - 1) + 1 - pad - draws.pick(-2, 2), 1);
    };
    shape.in = {.height = reached(x.height, w.stride_y, w.height, w.dilation_y, w.pad_top),
                .width = reached(x.width, w.stride_x, w.width, w.dilation_x, w.pad_left),
                .channels = draws.pick(1, 3)};
    SCOPED_TRACE(i);
    check_all(transposed_map(shape),
              uses_of<Real, const ConvShape&>(shape, transposed_apply, transposed_to_input,
                                              transposed_to_weights, transposed_squares),
              draws);
  }
}

TYPED_TEST(Bilinear, ScalesAreWhatTheirTermsGive) {
  using Real = TypeParam;
  LaneDraws<Real> draws(5);
  for (int i = 0; i < kCases && !this->HasFatalFailure(); ++i) {
    const ChannelShape shape{draws.pick(1, 5), draws.pick(1, 9)};
    check_all(scale_map(shape),
              uses_of<Real>(shape, scale_apply<Real>, scale_apply<Real>, scale_to_weights<Real>,
                            scale_squares<Real>),
              draws);
  }
}

TYPED_TEST(Bilinear, ShiftsAreScalesOfOnes) {
  using Real = TypeParam;
  LaneDraws<Real> draws(6);
  for (int i = 0; i < kCases; ++i) {
    const ChannelShape shape{draws.pick(1, 5), draws.pick(1, 9)};
    const int64_t size = int64_t{shape.pixels} * shape.channels;
    draws.next_tile();
    const LaneShape tile = draws.tile();
    const std::vector<Real> ones(static_cast<size_t>(tile.samples * size), 1);
    const DrawnWeights<Real> w = draws.weights(shape.channels);
    const DrawnRows<Real> dy = draws.rows(size);
    const int64_t stride = draws.stride(shape.channels);
    std::vector<Real> y = draws.numbers(tile.rows() * size), dw = draws.numbers(tile.lanes * stride),
                      squares = draws.numbers(shape.channels);
    std::vector<Real> expected_y = y, expected_dw = dw, expected_squares = squares;
    scale_apply<Real>(tile, shape, w.operand(), {ones.data(), false}, expected_y.data());
    shift_apply(tile, shape, w.operand(), y.data());
    ASSERT_EQ(y, expected_y);
    scale_to_weights<Real>(tile, shape, dy.operand(), {ones.data(), false}, {expected_dw.data(), stride});
    shift_to_weights<Real>(tile, shape, dy.operand(), {dw.data(), stride});
    ASSERT_EQ(dw, expected_dw);
    scale_squares(tile, shape, dy.operand(), ones.data(), expected_squares.data());
    shift_squares(tile, shape, dy.operand(), squares.data());
    ASSERT_EQ(squares, expected_squares);
  }
}

}  // namespace
}  // namespace netsurf::floating
