#include "kernels/floating/quantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/floating/conv2d.h"
#include "kernels/floating/gemm.h"
#include "kernels/floating/parallel.h"
#include "kernels/floating/reduce.h"
#include "tests/kernels/floating/gradient_check.h"

namespace netsurf::floating {
namespace {

double reference(double x, const Grid& grid) {
  return std::min(std::max(std::nearbyint(x / grid.step), grid.low), grid.high) * grid.step;
}

TEST(FakeQuantize, RoundsHalfToEvenAndSaturatesLikeTheDefinition) {
  for (const Grid& grid : {Grid{1.0 / 32, -32, 31}, Grid{1.0 / 64, 0, 63}, Grid{2, -8, 7},
                           Grid{1, -8388608.0, 8388607}, Grid{1.0 / 1024, -2147483648.0, 2147483647}}) {
    std::vector<float> x = random_values(2000, 7, static_cast<float>(1.3 * grid.low * grid.step),
                                         static_cast<float>(1.3 * grid.high * grid.step));
    for (int half = -9; half <= 9; ++half) x.push_back(static_cast<float>((half + 0.5) * grid.step));
    std::vector<float> y(x.size());
    quantize_forward(static_cast<int64_t>(x.size()), grid, x.data(), y.data());
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_EQ(y[i], static_cast<float>(reference(static_cast<double>(x[i]), grid)))
          << x[i] << " step " << grid.step;
    }
  }
}

TEST(FakeQuantize, ClipsBeforeItRounds) {
  const Grid wide{1.0 / 4, -32, 31};
  const std::vector<float> x = {-3, -1, -0.2f, 0.7f, 1, 2.5f};
  std::vector<float> y(6);
  clipped_quantize_forward(6, -1, 1, wide, x.data(), y.data());
  EXPECT_EQ(y, (std::vector<float>{-1, -1, -0.25f, 0.75f, 1, 1}));
}

TEST(FakeQuantize, GradientIsThatOfTheClipWithoutTheRounding) {
  // Straight through means: the derivative of clamp(x, bottom, top), whatever the grid.
  std::vector<float> x = random_values(200, 3, -2, 2), clamped(200), dx(200);
  for (float& value : x) {
    if (std::fabs(std::fabs(value) - 1) < 0.02f) value = 0.5f;  // keep off the corners
  }
  const std::vector<float> dy = random_values(200, 4);
  clipped_backward(200, -1, 1, x.data(), dy.data(), dx.data());
  auto clamp_all = [&] {
    for (size_t i = 0; i < x.size(); ++i) clamped[i] = std::min(std::max(x[i], -1.0f), 1.0f);
    return weighted_sum(clamped, dy);
  };
  EXPECT_LT(gradient_error(x, dx, 0.01f, clamp_all), 1e-3);
}

TEST(FakeQuantize, NotANumberStaysNotANumber) {
  const std::vector<float> x = {NAN};
  std::vector<float> y(1);
  quantize_forward(1, {1.0 / 32, -32, 31}, x.data(), y.data());
  EXPECT_TRUE(std::isnan(y[0]));
}

TEST(Gemm, BlocksGiveWhatTheDefinitionGives) {
  for (bool transpose_a : {false, true}) {
    for (bool transpose_b : {false, true}) {
      for (auto [m, n, k] : {std::tuple{70, 5, 9}, std::tuple{3, 90, 4}, std::tuple{1, 1, 1}}) {
        const std::vector<float> a = random_values(static_cast<size_t>(m * k), 1),
                                 b = random_values(static_cast<size_t>(k * n), 2);
        std::vector<float> c(static_cast<size_t>(m * n));
        parallel_gemm({.transpose_a = transpose_a,
                       .transpose_b = transpose_b,
                       .m = m,
                       .n = n,
                       .k = k,
                       .a = a.data(),
                       .b = b.data(),
                       .c = c.data()});
        for (int row = 0; row < m; ++row) {
          for (int column = 0; column < n; ++column) {
            double sum = 0;
            for (int i = 0; i < k; ++i) {
              sum +=
                  static_cast<double>(a[static_cast<size_t>(transpose_a ? i * m + row : row * k + i)]) *
                  static_cast<double>(b[static_cast<size_t>(transpose_b ? column * k + i : i * n + column)]);
            }
            ASSERT_NEAR(static_cast<double>(c[static_cast<size_t>(row * n + column)]), sum, 1e-5);
          }
        }
      }
    }
  }
}

TEST(Threads, SumsAndConvolutionGradientsHaveTheSameBitsForAnyThreadCount) {
  const ConvShape shape{{9, 12, 12, 8}, {3, 3, 1, 1, 1, 1, 0, 0, 10, 10}, 8, 1};
  const std::vector<float> x = random_values(9 * 12 * 12 * 8, 1), kernel = random_values(8 * 9 * 8, 2);
  const std::vector<float> dy = random_values(9 * 10 * 10 * 8, 3);
  std::vector<std::vector<float>> results;
  for (int threads : {1, 2, 5}) {
    const ThreadScope scope(threads);
    std::vector<float> dx(x.size()), all(kernel.size()), sums(8);
    conv2d_backward(shape, x.data(), kernel.data(), dy.data(), dx.data(), all.data(), nullptr);
    sum_rows(900, 8, dy.data(), sums.data());
    all.insert(all.end(), dx.begin(), dx.end());
    all.insert(all.end(), sums.begin(), sums.end());
    results.push_back(all);
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

}  // namespace
}  // namespace netsurf::floating
