// Compares an analytic gradient with central finite differences of a scalar function, in double.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <vector>

namespace netsurf::floating {

inline std::vector<float> random_values(size_t count, unsigned seed, float low = -1, float high = 1) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> values(count);
  for (float& value : values) value = uniform(generator);
  return values;
}

/// sum of weight[i] x value[i]: turns a tensor into a scalar whose gradient is `weight`.
inline double weighted_sum(const std::vector<float>& value, const std::vector<float>& weight) {
  double sum = 0;
  for (size_t i = 0; i < value.size(); ++i)
    sum += static_cast<double>(value[i]) * static_cast<double>(weight[i]);
  return sum;
}

/// The largest |analytic - numeric| over all elements of x, relative to 1 + |numeric|. NaN counts as
/// infinite.
inline double gradient_error(std::vector<float>& x, const std::vector<float>& analytic, float step,
                             const std::function<double()>& function) {
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const float before = x[i];
    x[i] = before + step;
    const double above = x[i];
    const double high = function();
    x[i] = before - step;
    const double below = x[i];
    const double low = function();
    x[i] = before;
    const double numeric = (high - low) / (above - below);
    const double error = std::fabs(numeric - static_cast<double>(analytic[i])) / (1 + std::fabs(numeric));
    if (!(error <= worst)) worst = std::isnan(error) ? INFINITY : error;
  }
  return worst;
}

}  // namespace netsurf::floating
