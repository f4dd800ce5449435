#include "engine/gradient/eigenpairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "tests/engine/gradient/explicit_matrix.h"

namespace netsurf {
namespace {

using testing::ExplicitMatrix;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using testing::with_spectrum;

std::vector<double> residuals_of(const ExplicitMatrix& matrix, const Eigenpairs& pairs) {
  const std::vector<double> products = matrix.products()(pairs.vectors);
  std::vector<double> result;
  for (size_t i = 0; i < pairs.values.size(); ++i) {
    double sum = 0;
    for (size_t k = i * static_cast<size_t>(matrix.n); k < (i + 1) * static_cast<size_t>(matrix.n); ++k) {
      sum += std::pow(products[k] - pairs.values[i] * pairs.vectors[k], 2);
    }
    result.push_back(std::sqrt(sum));
  }
  return result;
}

double worst_inner_product(const Eigenpairs& pairs, int64_t n) {
  double worst = 0;
  for (size_t i = 0; i < pairs.values.size(); ++i) {
    for (size_t j = 0; j < pairs.values.size(); ++j) {
      double sum = i == j ? -1 : 0;
      for (size_t k = 0; k < static_cast<size_t>(n); ++k) {
        sum += pairs.vectors[i * static_cast<size_t>(n) + k] * pairs.vectors[j * static_cast<size_t>(n) + k];
      }
      if (!(std::abs(sum) <= worst)) worst = std::abs(sum);
    }
  }
  return worst;
}

/// The spectrum's `count` of largest magnitude, the positive one of two equals first.
std::vector<double> top_of(std::vector<double> spectrum, int count) {
  std::sort(spectrum.begin(), spectrum.end(), [](double a, double b) {
    return std::abs(a) != std::abs(b) ? std::abs(a) > std::abs(b) : a > b;
  });
  spectrum.resize(static_cast<size_t>(count));
  return spectrum;
}

void expect_pairs(const std::vector<double>& spectrum, const EigenOptions& options) {
  const ExplicitMatrix matrix = with_spectrum(spectrum, 7);
  const Eigenpairs pairs = top_eigenpairs(matrix.products(), matrix.n, options);
  const std::vector<double> expected = top_of(spectrum, options.count);
  ASSERT_EQ(pairs.values.size(), expected.size());
  ASSERT_EQ(pairs.vectors.size(), expected.size() * spectrum.size());
  const double scale = std::max(std::abs(expected.front()), 1e-3);
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_LT(std::abs(pairs.values[i] - expected[i]), 1e-10 * scale) << i;
  }
  EXPECT_LT(worst_inner_product(pairs, matrix.n), 1e-12);
  const std::vector<double> residuals = residuals_of(matrix, pairs);
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_LT(std::abs(residuals[i] - pairs.residuals[i]), 1e-13 * scale) << i;
    EXPECT_LE(pairs.residuals[i], std::max(options.tolerance, 1e-12) * scale) << i;
  }
}

std::vector<double> decaying(int n, double ratio) {
  std::vector<double> values;
  for (int i = 0; i < n; ++i) values.push_back((i % 3 == 1 ? -10 : 10) * std::pow(ratio, i));
  return values;
}

TEST(Eigenpairs, OfASpectrumOfBothSignsAreFoundByMagnitude) {
  expect_pairs(decaying(120, 0.9), {.count = 8, .block = 12, .max_sweeps = 10, .tolerance = 1e-9});
}

TEST(Eigenpairs, OfAClusterAreAllFound) {
  std::vector<double> values = decaying(90, 0.93);
  for (size_t i = 0; i < 6; ++i) values[i] = 20 + 1e-9 * static_cast<double>(i);
  values[6] = values[7] = -19;  // equal ones too
  expect_pairs(values, {.count = 10, .block = 16, .max_sweeps = 12, .tolerance = 1e-10});
}

TEST(Eigenpairs, ALowRankIsExhaustedAndTheRestIsZero) {
  std::vector<double> values(60, 0.0);
  values[0] = 5;
  values[1] = -3;
  values[2] = 1e-3;
  expect_pairs(values, {.count = 6, .block = 8, .max_sweeps = 5, .tolerance = 1e-10});
  // Without a tolerance fresh directions fill the blocks, and nothing is found in them.
  expect_pairs(values, {.count = 6, .block = 8, .max_sweeps = 5, .tolerance = 0});
}

TEST(Eigenpairs, TheZeroMatrixHasZeros) {
  for (double tolerance : {0.0, 1e-6}) {
    expect_pairs(std::vector<double>(30, 0.0), {.count = 4, .block = 8, .tolerance = tolerance});
  }
}

TEST(Eigenpairs, SmallMatricesAreSolvedWhole) {
  expect_pairs({-2.5}, {.count = 1});
  expect_pairs({1, -4, 3}, {.count = 3});
  expect_pairs({1, -4, 3}, {.count = 1, .block = 2, .max_sweeps = 4, .tolerance = 0});
  expect_pairs(decaying(17, 0.95), {.count = 17, .block = 4, .tolerance = 0});
  // Three blocks of six overlap the end of a space of 17.
  expect_pairs(decaying(17, 0.95), {.count = 5, .block = 6, .max_sweeps = 9, .tolerance = 0});
}

TEST(Eigenpairs, TheIdentityIsDegenerate) {
  expect_pairs(std::vector<double>(40, 3.0), {.count = 5, .block = 8, .tolerance = 1e-10});
  expect_pairs(std::vector<double>(40, 3.0), {.count = 5, .block = 8, .max_sweeps = 12, .tolerance = 0});
}

TEST(Eigenpairs, ResidualsOfAnUnfinishedSearchAreTrue) {
  std::vector<double> values;
  for (int i = 0; i < 200; ++i) values.push_back(10 - 0.04 * i);
  const ExplicitMatrix matrix = with_spectrum(values, 3);
  const Eigenpairs pairs =
      top_eigenpairs(matrix.products(), matrix.n, {.count = 4, .block = 4, .max_sweeps = 3});
  const std::vector<double> residuals = residuals_of(matrix, pairs);
  for (size_t i = 0; i < residuals.size(); ++i) {
    EXPECT_GT(pairs.residuals[i], 1e-2);
    EXPECT_NEAR(pairs.residuals[i], residuals[i], 1e-12);
    EXPECT_LT(pairs.values[i], values[i]);
  }
  EXPECT_EQ(pairs.products, 4 * 3 + 4);
}

TEST(Eigenpairs, ResidualsSeeWhatInexactProductsAreOffBy) {
  const ExplicitMatrix matrix = with_spectrum(decaying(50, 0.8), 5);
  const BlockOperator exact = matrix.products();
  const BlockOperator rounded = [&](std::span<const double> rows) {
    std::vector<double> result = exact(rows);
    for (double& each : result) each = std::round(each * 1e4) * 1e-4;
    return result;
  };
  const Eigenpairs pairs = top_eigenpairs(rounded, matrix.n, {.count = 3, .block = 8, .tolerance = 1e-12});
  for (double residual : pairs.residuals) {
    EXPECT_GT(residual, 1e-5);
    EXPECT_LT(residual, 1e-3);
  }
}

Eigenpairs expect_same_bits(const BlockOperator& matrix, int64_t n, EigenOptions options) {
  options.num_threads = 1;
  Eigenpairs first = top_eigenpairs(matrix, n, options);
  for (int threads : {1, 2, 3}) {
    options.num_threads = threads;
    const Eigenpairs second = top_eigenpairs(matrix, n, options);
    EXPECT_EQ(first.values, second.values);
    EXPECT_EQ(first.vectors, second.vectors);
    EXPECT_EQ(first.residuals, second.residuals);
  }
  return first;
}

TEST(Eigenpairs, AreTheSameBitsTwiceAndForAnyNumberOfThreads) {
  const ExplicitMatrix matrix = with_spectrum(decaying(300, 0.97), 11);
  const EigenOptions options{.count = 5, .block = 8, .max_sweeps = 6};
  const Eigenpairs first = expect_same_bits(matrix.products(), matrix.n, options);
  expect_same_bits(testing::diagonal_products(decaying(testing::kLongRow, 0.97)), testing::kLongRow, options);
  for (size_t i = 0; i < first.values.size(); ++i) {
    const auto begin = first.vectors.begin() + static_cast<int64_t>(i) * matrix.n;
    const auto largest = std::max_element(begin, begin + matrix.n,
                                          [](double a, double b) { return std::abs(a) < std::abs(b); });
    EXPECT_GT(*largest, 0) << i;
  }
  const Eigenpairs other = top_eigenpairs(matrix.products(), matrix.n, {.count = 5, .block = 8, .seed = 2});
  EXPECT_NE(first.vectors, other.vectors);
}

TEST(Eigenpairs, BadRequestsAreRefused) {
  const ExplicitMatrix matrix = with_spectrum({1, 2, 3}, 1);
  const auto ask = [&](EigenOptions options) {
    return [&matrix, options] { top_eigenpairs(matrix.products(), matrix.n, options); };
  };
  EXPECT_THAT(ask({.count = 0}), ThrowsMessage<InputError>(HasSubstr("0 eigenpairs")));
  EXPECT_THAT(ask({.count = 4}), ThrowsMessage<InputError>(HasSubstr("the matrix has 3")));
  EXPECT_THAT(ask({.count = 1, .block = 0}), ThrowsMessage<InputError>(HasSubstr("block of 0")));
  EXPECT_THAT(ask({.count = 1, .max_sweeps = 0}), ThrowsMessage<InputError>(HasSubstr("0 sweeps")));
  EXPECT_THAT(ask({.count = 1, .tolerance = std::nan("")}),
              ThrowsMessage<InputError>(HasSubstr("tolerance")));
  EXPECT_THROW(top_eigenpairs(matrix.products(), 0, {.count = 1}), InputError);
}

TEST(Eigenpairs, ProductsThatAreNotFiniteStopTheSearch) {
  for (double poison : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    const BlockOperator bad = [&](std::span<const double> rows) {
      std::vector<double> result(rows.begin(), rows.end());
      result.back() = poison;
      return result;
    };
    EXPECT_THAT([&] { top_eigenpairs(bad, 5, {.count = 1}); },
                ThrowsMessage<RunError>(HasSubstr("not finite")));
  }
}

}  // namespace
}  // namespace netsurf
