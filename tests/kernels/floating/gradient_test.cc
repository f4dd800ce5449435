// Analytic gradients against central finite differences. Layers that are linear in what is moved take a wide
// step, so that float32 rounding hardly matters.
#include <cmath>

#include "kernels/floating/conv2d.h"
#include "kernels/floating/dense.h"
#include "kernels/floating/elementwise.h"
#include "kernels/floating/loss.h"
#include "kernels/floating/pool.h"
#include "kernels/floating/reduce.h"
#include "tests/kernels/floating/gradient_check.h"

namespace netsurf::floating {
namespace {

constexpr double kTight = 2e-4;
constexpr double kLoose = 5e-3;

TEST(GradientCheck, AWrongGradientIsNoticed) {
  std::vector<float> x = random_values(5, 1);
  std::vector<float> gradient(5);
  for (size_t i = 0; i < 5; ++i) gradient[i] = 2 * x[i];
  auto square = [&] { return weighted_sum(x, x); };
  EXPECT_LT(gradient_error(x, gradient, 0.25f, square), kTight);
  gradient[3] += 0.05f;
  EXPECT_GT(gradient_error(x, gradient, 0.25f, square), kLoose);
  gradient[3] = NAN;
  EXPECT_GT(gradient_error(x, gradient, 0.25f, square), kLoose);
}

TEST(Dense, GradientsMatchFiniteDifferences) {
  const DenseShape shape{5, 7, 3};
  std::vector<float> x = random_values(35, 1), kernel = random_values(21, 2), bias = random_values(3, 3),
                     y(15);
  const std::vector<float> dy = random_values(15, 4);
  std::vector<float> dx(35), dkernel(21), dbias(3);
  auto run = [&] {
    dense_forward(shape, x.data(), kernel.data(), bias.data(), y.data());
    return weighted_sum(y, dy);
  };
  dense_backward(shape, x.data(), kernel.data(), dy.data(), dx.data(), dkernel.data(), dbias.data());
  EXPECT_LT(gradient_error(x, dx, 0.5f, run), kTight);
  EXPECT_LT(gradient_error(kernel, dkernel, 0.5f, run), kTight);
  EXPECT_LT(gradient_error(bias, dbias, 0.5f, run), kTight);
}

struct ConvCase {
  const char* name;
  ConvShape shape;
};

void PrintTo(const ConvCase& each, std::ostream* out) { *out << each.name; }

class Conv : public testing::TestWithParam<ConvCase> {};

TEST_P(Conv, ForwardMatchesTheDefinitionAndGradientsMatchFiniteDifferences) {
  const ConvShape shape = GetParam().shape;
  const WindowShape& w = shape.window;
  const int in_channels = shape.in.channels / shape.groups, out_channels = shape.filters / shape.groups;
  const auto inputs =
      static_cast<size_t>(shape.in.batch * shape.in.height * shape.in.width * shape.in.channels);
  const auto weights = static_cast<size_t>(shape.filters * w.height * w.width * in_channels);
  const auto outputs = static_cast<size_t>(shape.in.batch * w.out_height * w.out_width * shape.filters);
  std::vector<float> x = random_values(inputs, 1), kernel = random_values(weights, 2);
  std::vector<float> bias = random_values(static_cast<size_t>(shape.filters), 3), y(outputs);
  const std::vector<float> dy = random_values(outputs, 4);
  std::vector<float> dx(inputs), dkernel(weights), dbias(bias.size());
  auto run = [&] {
    conv2d_forward(shape, x.data(), kernel.data(), bias.data(), y.data());
    return weighted_sum(y, dy);
  };
  run();
  size_t at = 0;
  for (int b = 0; b < shape.in.batch; ++b) {
    for (int oy = 0; oy < w.out_height; ++oy) {
      for (int ox = 0; ox < w.out_width; ++ox) {
        for (int o = 0; o < shape.filters; ++o, ++at) {
          double sum = static_cast<double>(bias[static_cast<size_t>(o)]);
          for (int i = 0; i < w.height; ++i) {
            for (int j = 0; j < w.width; ++j) {
              const int iy = oy * w.stride_y - w.pad_top + i * w.dilation_y,
                        ix = ox * w.stride_x - w.pad_left + j * w.dilation_x;
              if (iy < 0 || iy >= shape.in.height || ix < 0 || ix >= shape.in.width) continue;
              for (int c = 0; c < in_channels; ++c) {
                const int from = ((b * shape.in.height + iy) * shape.in.width + ix) * shape.in.channels +
                                 o / out_channels * in_channels + c;
                const int weight = ((o * w.height + i) * w.width + j) * in_channels + c;
                sum += static_cast<double>(x[static_cast<size_t>(from)]) *
                       static_cast<double>(kernel[static_cast<size_t>(weight)]);
              }
            }
          }
          ASSERT_NEAR(static_cast<double>(y[at]), sum, 1e-5) << "output " << at;
        }
      }
    }
  }
  conv2d_backward(shape, x.data(), kernel.data(), dy.data(), dx.data(), dkernel.data(), dbias.data());
  EXPECT_LT(gradient_error(x, dx, 0.5f, run), kTight);
  EXPECT_LT(gradient_error(kernel, dkernel, 0.5f, run), kTight);
  EXPECT_LT(gradient_error(bias, dbias, 0.5f, run), kTight);
}

INSTANTIATE_TEST_SUITE_P(
    Geometries, Conv,
    testing::Values(ConvCase{"plain", {{2, 5, 6, 3}, {3, 2, 1, 1, 1, 1, 0, 0, 3, 5}, 4, 1}},
                    ConvCase{"stride_and_padding", {{2, 6, 5, 2}, {3, 3, 2, 2, 1, 1, 1, 1, 3, 3}, 3, 1}},
                    ConvCase{"dilation", {{1, 7, 7, 2}, {3, 2, 1, 1, 2, 3, 0, 0, 3, 4}, 2, 1}},
                    ConvCase{"groups", {{2, 4, 4, 4}, {2, 2, 1, 1, 1, 1, 0, 0, 3, 3}, 6, 2}},
                    ConvCase{"depthwise", {{2, 5, 5, 3}, {3, 3, 2, 1, 1, 1, 1, 1, 3, 5}, 3, 3}}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(Pool, GradientsMatchFiniteDifferences) {
  const ImageShape in{2, 5, 5, 3};
  const WindowShape window{2, 3, 2, 1, 1, 1, 1, 0, 3, 3};
  const size_t outputs = 2 * 3 * 3 * 3;
  // Distinct values a tenth apart, so that a small step changes no winner.
  std::vector<float> x(150);
  for (size_t i = 0; i < x.size(); ++i) x[i] = 0.1f * static_cast<float>((i * 67) % 151);
  const std::vector<float> dy = random_values(outputs, 2);
  std::vector<float> y(outputs), dx(150);
  std::vector<int32_t> winner(outputs);
  auto largest = [&] {
    max_pool_forward(in, window, x.data(), y.data(), winner.data());
    return weighted_sum(y, dy);
  };
  largest();
  max_pool_backward(in, window, winner.data(), dy.data(), dx.data());
  EXPECT_LT(gradient_error(x, dx, 0.03f, largest), kLoose);
  auto average = [&] {
    average_pool_forward(in, window, x.data(), y.data());
    return weighted_sum(y, dy);
  };
  average_pool_backward(in, window, dy.data(), dx.data());
  EXPECT_LT(gradient_error(x, dx, 0.5f, average), kTight);
}

TEST(Pool, PaddingIsNotCountedAndNeverWins) {
  const ImageShape in{1, 2, 2, 1};
  const WindowShape window{2, 2, 2, 2, 1, 1, 1, 1, 2, 2};
  const std::vector<float> x = {-4, -8, -2, -6};
  std::vector<float> y(4);
  std::vector<int32_t> winner(4);
  max_pool_forward(in, window, x.data(), y.data(), winner.data());
  EXPECT_EQ(y, x);
  average_pool_forward(in, window, x.data(), y.data());
  EXPECT_EQ(y, x);
}

TEST(Affine, GradientsMatchFiniteDifferences) {
  std::vector<float> x = random_values(12, 1), scale = random_values(3, 2), shift = random_values(3, 3),
                     y(12);
  const std::vector<float> dy = random_values(12, 4);
  std::vector<float> dx(12), dscale(3), dshift(3);
  auto run = [&] {
    affine_forward(4, 3, x.data(), scale.data(), shift.data(), y.data());
    return weighted_sum(y, dy);
  };
  affine_backward(4, 3, x.data(), scale.data(), dy.data(), dx.data(), dscale.data(), dshift.data());
  EXPECT_LT(gradient_error(x, dx, 0.5f, run), kTight);
  EXPECT_LT(gradient_error(scale, dscale, 0.5f, run), kTight);
  EXPECT_LT(gradient_error(shift, dshift, 0.5f, run), kTight);
}

TEST(BatchNorm, GradientsMatchFiniteDifferencesThroughTheMoments) {
  constexpr int kRows = 9, kChannels = 2;
  constexpr float kEpsilon = 1e-3f;
  std::vector<float> x = random_values(18, 1), gamma = random_values(2, 2), beta = random_values(2, 3), y(18);
  const std::vector<float> dy = random_values(18, 4);
  std::vector<float> mean(2), variance(2), scale(2), shift(2), dx(18), dgamma(2), dbeta(2);
  auto run = [&] {
    moments(kRows, kChannels, x.data(), mean.data(), variance.data());
    batch_norm_affine(kChannels, gamma.data(), beta.data(), mean.data(), variance.data(), kEpsilon,
                      scale.data(), shift.data());
    affine_forward(kRows, kChannels, x.data(), scale.data(), shift.data(), y.data());
    return weighted_sum(y, dy);
  };
  run();
  batch_norm_backward(kRows, kChannels, x.data(), gamma.data(), mean.data(), variance.data(), kEpsilon,
                      dy.data(), dx.data(), dgamma.data(), dbeta.data());
  EXPECT_LT(gradient_error(x, dx, 0.01f, run), kLoose);
  EXPECT_LT(gradient_error(gamma, dgamma, 0.5f, run), kTight);
  EXPECT_LT(gradient_error(beta, dbeta, 0.5f, run), kTight);
}

TEST(CrossEntropy, GradientMatchesFiniteDifferencesAndCountsHits) {
  std::vector<float> logits = random_values(12, 1, -2, 2);
  const std::vector<int32_t> labels = {0, 3, 1};
  std::vector<float> gradient(12);
  int64_t correct = 0;
  auto run = [&] {
    return softmax_cross_entropy(3, 4, 3.0, logits.data(), labels.data(), nullptr, &correct);
  };
  softmax_cross_entropy(3, 4, 3.0, logits.data(), labels.data(), gradient.data(), &correct);
  EXPECT_LT(gradient_error(logits, gradient, 1e-3f, run), kLoose);
  const std::vector<float> tie = {1, 1, 0, 0};
  const std::vector<int32_t> first = {0}, second = {1};
  softmax_cross_entropy(1, 4, 1.0, tie.data(), first.data(), nullptr, &correct);
  EXPECT_EQ(correct, 1);
  softmax_cross_entropy(1, 4, 1.0, tie.data(), second.data(), nullptr, &correct);
  EXPECT_EQ(correct, 0) << "the lowest index wins a tie";
}

TEST(MeanSquaredError, GradientMatchesFiniteDifferences) {
  std::vector<float> y = random_values(6, 1);
  const std::vector<float> targets = random_values(6, 2);
  std::vector<float> gradient(6);
  mean_squared_error(3, 2, y.data(), targets.data(), gradient.data());
  EXPECT_LT(gradient_error(y, gradient, 0.25f,
                           [&] { return mean_squared_error(3, 2, y.data(), targets.data(), nullptr); }),
            kTight);
}

}  // namespace
}  // namespace netsurf::floating
