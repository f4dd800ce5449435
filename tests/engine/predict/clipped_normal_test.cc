#include "engine/predict/clipped_normal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

#include "engine/predict/activation_moments.h"

namespace netsurf {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// E f(x) of x normal, by the midpoint rule.
double expectation(double mean, double variance, const std::function<double(double)>& f) {
  constexpr int kPoints = 200000;
  double sum = 0;
  for (int i = 0; i < kPoints; ++i) {
    const double t = 20 * ((i + 0.5) / kPoints - 0.5);
    sum += f(mean + std::sqrt(variance) * t) * std::exp(-t * t / 2);
  }
  return sum * 20 / kPoints / std::sqrt(2 * std::numbers::pi);
}

TEST(ClippedNormal, HasTheMomentsOfItsIntegral) {
  for (double low : {-kInfinity, -0.7, 0.0}) {
    for (double high : {0.3, 1.9, kInfinity}) {
      for (double mean : {-9.0, -1.0, 0.0, 0.2, 1.0, 2.5, 30.0}) {
        for (double variance : {1e-3, 0.25, 4.0}) {
          const auto clip = [&](double x) { return std::clamp(x, low, high); };
          const double first = expectation(mean, variance, clip);
          const double second =
              expectation(mean, variance, [&](double x) { return std::pow(clip(x) - first, 2); });
          const ClippedMoments moments = clipped_normal(mean, variance, low, high);
          const double scale = std::max(1e-3, variance);
          EXPECT_LT(std::abs(moments.mean - first), 1e-5 * std::sqrt(scale)) << mean << " " << variance;
          EXPECT_LT(std::abs(moments.variance - second), 1e-5 * scale) << mean << " " << variance;
          const double step = 0.01 * std::sqrt(variance);
          const double slope = (clipped_normal(mean + step, variance, low, high).mean -
                                clipped_normal(mean - step, variance, low, high).mean) /
                               (2 * step);
          EXPECT_LT(std::abs(moments.gain - slope), 1e-3) << mean << " " << variance;
        }
      }
    }
  }
}

TEST(ClippedNormal, WithoutVarianceIsClipped) {
  EXPECT_EQ(clipped_normal(0.5, 0, 0, 1).mean, 0.5);
  EXPECT_EQ(clipped_normal(-3, 0, 0, 1).mean, 0);
  EXPECT_EQ(clipped_normal(3, 0, 0, 1).mean, 1);
  EXPECT_EQ(clipped_normal(3, 0, 0, 1).variance, 0);
  EXPECT_EQ(chance_above_zero(0, 0), 1) << "a threshold that is met is reached";
  EXPECT_EQ(chance_above_zero(-1e-9, 0), 0);
}

TEST(ClippedNormal, ChanceIsThatOfTheNormalLaw) {
  for (double t : {-9.0, -2.0, -0.3, 0.0, 1.0, 5.0}) {
    EXPECT_LT(std::abs(chance_above_zero(3 * t, 9) - std::erfc(-t / std::numbers::sqrt2) / 2), 1e-6);
  }
}

TEST(ActivationMoments, OfEveryFunctionAreThoseOfItsIntegral) {
  for (ActivationFunction function :
       {ActivationFunction::linear, ActivationFunction::relu, ActivationFunction::hard_tanh,
        ActivationFunction::hard_sigmoid, ActivationFunction::leaky_relu}) {
    Layer layer;
    layer.kind = LayerKind::activation;
    layer.function = function;
    layer.format = Format{6, 1, true};
    layer.slope = 3;
    layer.slope_shift = 3;
    const ActivationMoments moments(layer, 20);
    for (double mean : {-3.0, -0.4, 0.0, 0.6, 2.0}) {
      for (double variance : {0.01, 1.0}) {
        const auto value = [&](double x) { return moments.value(x); };
        const double first = expectation(mean, variance, value);
        const double second =
            expectation(mean, variance, [&](double x) { return std::pow(value(x) - first, 2); });
        const OutputMoments found = moments(mean, variance);
        EXPECT_LT(std::abs(found.mean - first), 1e-5) << static_cast<int>(function) << " " << mean;
        EXPECT_LT(std::abs(found.variance - second), 2e-5) << static_cast<int>(function) << " " << mean;
      }
    }
    EXPECT_EQ(moments.step(), 1.0 / 16);
  }
}

TEST(ActivationMoments, ValueIsTheFunctionBeforeItRounds) {
  Layer layer;
  layer.kind = LayerKind::activation;
  layer.format = Format{4, 1, true};  // -2 .. 1.75
  layer.function = ActivationFunction::leaky_relu;
  layer.slope = 1;
  layer.slope_shift = 2;
  const ActivationMoments leaky(layer, 20);
  EXPECT_EQ(leaky.value(-100), -2);
  EXPECT_EQ(leaky.value(-4), -1);
  EXPECT_EQ(leaky.value(0.7), 0.7);
  EXPECT_EQ(leaky.value(9), 1.75);
  layer.function = ActivationFunction::hard_sigmoid;
  EXPECT_EQ(ActivationMoments(layer, 20).value(-3), 0);
  EXPECT_EQ(ActivationMoments(layer, 20).value(0.5), 0.75);
  EXPECT_EQ(ActivationMoments(layer, 20).value(7), 1);
  layer.function = ActivationFunction::relu;
  EXPECT_EQ(ActivationMoments(layer, 20).value(-1), 0);
  EXPECT_EQ(ActivationMoments(layer, 20).value(5), 1.75);
}

}  // namespace
}  // namespace netsurf
