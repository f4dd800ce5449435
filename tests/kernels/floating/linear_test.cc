// The maps of linear.h against loops over their definitions, and their transposes by <A x, y> = <x, A^T y>.
#include "kernels/floating/linear.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "tests/kernels/floating/lane_draws.h"

namespace netsurf::floating {
namespace {

/// A linear map of a row as a list: y[out] += factor x[in], for every sample.
struct LinearMap {
  struct Term {
    int64_t out, in;
    double factor;
  };
  int64_t outs, ins;
  std::vector<std::vector<Term>> terms;  // [samples]
};

template <typename Real>
using Use = std::function<void(LaneShape, const Real*, Real*)>;

template <typename Real>
void expect_close(const std::vector<Real>& found, const std::vector<double>& expected, double tolerance) {
  for (size_t i = 0; i < found.size(); ++i) {
    const double error = std::fabs(static_cast<double>(found[i]) - expected[i]);
    ASSERT_TRUE(error <= tolerance) << "element " << i << ": " << found[i] << " instead of " << expected[i];
  }
}

template <typename Real>
void check(LaneShape tile, const LinearMap& map, LaneDraws<Real>& draws, const Use<Real>& apply,
           const Use<Real>& transpose, double tolerance = 0) {
  SCOPED_TRACE(draws.text());
  const std::vector<Real> x = draws.numbers(tile.rows() * map.ins),
                          dy = draws.numbers(tile.rows() * map.outs);
  std::vector<Real> y = draws.numbers(tile.rows() * map.outs), dx = draws.numbers(tile.rows() * map.ins);
  std::vector<double> expected_y(y.begin(), y.end()), expected_dx(dx.begin(), dx.end());
  for (int64_t row = 0; row < tile.rows(); ++row) {
    for (const LinearMap::Term& term : map.terms[static_cast<size_t>(row / tile.lanes)]) {
      const auto out = static_cast<size_t>(row * map.outs + term.out);
      const auto in = static_cast<size_t>(row * map.ins + term.in);
      expected_y[out] += term.factor * static_cast<double>(x[in]);
      expected_dx[in] += term.factor * static_cast<double>(dy[out]);
    }
  }
  apply(tile, x.data(), y.data());
  transpose(tile, dy.data(), dx.data());
  expect_close(y, expected_y, tolerance);
  expect_close(dx, expected_dx, tolerance);
}

template <typename Real>
class Linear : public ::testing::Test {};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Linear, Reals);

constexpr int kCases = 200;

TYPED_TEST(Linear, SlopesMultiplyElementByElement) {
  using Real = TypeParam;
  LaneDraws<Real> draws(1);
  for (int i = 0; i < kCases && !this->HasFatalFailure(); ++i) {
    draws.next_tile();
    const LaneShape tile = draws.tile();
    const int64_t size = draws.pick(1, 40);
    const std::vector<Real> slope = draws.numbers(tile.samples * size);
    LinearMap map{size, size, {}};
    for (int n = 0; n < tile.samples; ++n) {
      map.terms.emplace_back();
      for (int64_t e = 0; e < size; ++e)
        map.terms.back().push_back({e, e, static_cast<double>(slope[static_cast<size_t>(n * size + e)])});
    }
    const Use<Real> use = [&](auto t, auto* x, auto* y) { slope_apply(t, size, slope.data(), x, y); };
    check(tile, map, draws, use, use);
  }
}

TYPED_TEST(Linear, ChoicesTakeTheWinnersOfTheirSample) {
  using Real = TypeParam;
  LaneDraws<Real> draws(2);
  for (int i = 0; i < kCases && !this->HasFatalFailure(); ++i) {
    draws.next_tile();
    const LaneShape tile = draws.tile();
    const int64_t ins = draws.pick(1, 30), outs = draws.pick(1, 20);
    std::vector<int32_t> winner;
    LinearMap map{outs, ins, {}};
    for (int n = 0; n < tile.samples; ++n) {
      map.terms.emplace_back();
      for (int64_t out = 0; out < outs; ++out) {
        winner.push_back(draws.pick(0, static_cast<int>(ins) - 1));
        map.terms.back().push_back({out, winner.back(), 1});
      }
    }
    check<Real>(
        tile, map, draws, [&](auto t, auto* x, auto* y) { choice_apply(t, ins, outs, winner.data(), x, y); },
        [&](auto t, auto* dy, auto* dx) { choice_transpose(t, ins, outs, winner.data(), dy, dx); });
  }
}

TYPED_TEST(Linear, WindowsSumOrAverageWhatLiesInsideTheImage) {
  using Real = TypeParam;
  LaneDraws<Real> draws(3);
  for (int i = 0; i < kCases && !this->HasFatalFailure(); ++i) {
    draws.next_tile();
    const LaneShape tile = draws.tile();
    const ImageShape in{.height = draws.pick(1, 6), .width = draws.pick(1, 6), .channels = draws.pick(1, 5)};
    WindowShape w = draws.window();
    w.out_height = draws.pick(1, 4);
    w.out_width = draws.pick(1, 4);
    const bool averages = draws.coin();
    std::vector<LinearMap::Term> terms;
    for (int out_y = 0; out_y < w.out_height; ++out_y) {
      for (int out_x = 0; out_x < w.out_width; ++out_x) {
        std::vector<int> pixels;
        for (int tap = 0; tap < w.height * w.width; ++tap) {
          const int y = out_y * w.stride_y + tap / w.width * w.dilation_y - w.pad_top;
          const int x = out_x * w.stride_x + tap % w.width * w.dilation_x - w.pad_left;
          if (y >= 0 && y < in.height && x >= 0 && x < in.width) pixels.push_back(y * in.width + x);
        }
        for (int pixel : pixels) {
          for (int c = 0; c < in.channels; ++c)
            terms.push_back({(out_y * w.out_width + out_x) * in.channels + c, pixel * in.channels + c,
                             averages ? 1.0 / static_cast<double>(pixels.size()) : 1.0});
        }
      }
    }
    const LinearMap map{w.out_height * w.out_width * in.channels, in.height * in.width * in.channels,
                        std::vector(static_cast<size_t>(tile.samples), terms)};
    check<Real>(
        tile, map, draws, [&](auto t, auto* x, auto* y) { window_sum_apply(t, in, w, averages, x, y); },
        [&](auto t, auto* dy, auto* dx) { window_sum_transpose(t, in, w, averages, dy, dx); },
        !averages                     ? 0
        : std::is_same_v<Real, float> ? 1e-5
                                      : 1e-14);
  }
}

TYPED_TEST(Linear, UpsamplingRepeatsEveryPixel) {
  using Real = TypeParam;
  LaneDraws<Real> draws(4);
  for (int i = 0; i < kCases && !this->HasFatalFailure(); ++i) {
    draws.next_tile();
    const LaneShape tile = draws.tile();
    const ImageShape in{.height = draws.pick(1, 4), .width = draws.pick(1, 4), .channels = draws.pick(1, 5)};
    const int height = draws.pick(1, 3), width = draws.pick(1, 3);
    std::vector<LinearMap::Term> terms;
    for (int y = 0; y < in.height * height; ++y) {
      for (int x = 0; x < in.width * width; ++x) {
        for (int c = 0; c < in.channels; ++c)
          terms.push_back({(y * in.width * width + x) * in.channels + c,
                           (y / height * in.width + x / width) * in.channels + c, 1});
      }
    }
    const LinearMap map{int64_t{in.height} * height * in.width * width * in.channels,
                        in.height * in.width * in.channels,
                        std::vector(static_cast<size_t>(tile.samples), terms)};
    check<Real>(
        tile, map, draws, [&](auto t, auto* x, auto* y) { upsample_apply(t, in, height, width, x, y); },
        [&](auto t, auto* dy, auto* dx) { upsample_transpose(t, in, height, width, dy, dx); });
  }
}

}  // namespace
}  // namespace netsurf::floating
