#include "engine/gradient/estimators.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "tests/engine/gradient/explicit_matrix.h"

namespace netsurf {
namespace {

using testing::ExplicitMatrix;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using testing::with_spectrum;

std::vector<double> decaying(int n, double ratio) {
  std::vector<double> values;
  for (int i = 0; i < n; ++i) values.push_back((i % 4 == 3 ? -5 : 10) * std::pow(ratio, i) + 1e-3);
  return values;
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

double length(const std::vector<double>& a) { return distance(a, std::vector<double>(a.size())); }

TEST(Estimators, AreExactBelowTheRankOfTheSketch) {
  std::vector<double> values(80, 0.0);
  values[0] = 7;
  values[1] = -2;
  values[2] = 1;
  values[3] = 1e-4;
  const ExplicitMatrix matrix = with_spectrum(values, 5);
  for (int64_t products : {10, 11, 40}) {
    const TraceEstimate trace = xtrace(matrix.products(), matrix.n, products, 3);
    EXPECT_NEAR(trace.trace, matrix.trace(), 1e-10);
    EXPECT_LT(trace.standard_error, 1e-10);
    EXPECT_LE(trace.products, products);
    const DiagonalEstimate diagonal = xdiag(matrix.products(), matrix.n, products, 3);
    EXPECT_LT(distance(diagonal.diagonal, matrix.diagonal()), 1e-10);
    EXPECT_LT(diagonal.relative_error, 1e-10);
    EXPECT_LE(diagonal.products, products);
  }
}

TEST(Estimators, AreExactFromNProductsOn) {
  for (int n : {1, 2, 3, 17, 40}) {
    const ExplicitMatrix matrix = with_spectrum(decaying(n, 0.99), 2);
    const int64_t products = std::max(4, n);
    const TraceEstimate trace = xtrace(matrix.products(), n, products, 1);
    EXPECT_NEAR(trace.trace, matrix.trace(), 1e-12 * n);
    EXPECT_EQ(trace.standard_error, 0);
    EXPECT_EQ(trace.products, n);
    const DiagonalEstimate diagonal = xdiag(matrix.products(), n, products, 1);
    EXPECT_EQ(diagonal.diagonal, matrix.diagonal());
    EXPECT_EQ(diagonal.products, n);
  }
}

TEST(Estimators, TheZeroMatrixHasZeros) {
  const ExplicitMatrix matrix = with_spectrum(std::vector<double>(40, 0.0), 2);
  EXPECT_EQ(xtrace(matrix.products(), 40, 8, 1).trace, 0);
  EXPECT_EQ(xtrace(matrix.products(), 40, 8, 1).standard_error, 0);
  EXPECT_EQ(length(xdiag(matrix.products(), 40, 8, 1).diagonal), 0);
  EXPECT_EQ(xdiag(matrix.products(), 40, 8, 1).relative_error, 0);
  EXPECT_EQ(length(hutchinson_diagonal(matrix.products(), 40, 8, 1).diagonal), 0);
}

/// Root mean squared error over seeds, and how often the error is within `widths` of what was said.
struct Quality {
  double error = 0;
  double covered = 0;
  double bias = 0;
};

constexpr int kSeeds = 200;

Quality trace_quality(const ExplicitMatrix& matrix, int64_t products) {
  Quality quality;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const TraceEstimate estimate = xtrace(matrix.products(), matrix.n, products, seed);
    const double off = estimate.trace - matrix.trace();
    quality.error += off * off / kSeeds;
    quality.bias += off / kSeeds;
    quality.covered += std::abs(off) <= 2.5 * estimate.standard_error ? 1.0 / kSeeds : 0;
  }
  quality.error = std::sqrt(quality.error);
  return quality;
}

DiagonalEstimate xdiag_of(const BlockOperator& matrix, int64_t n, int64_t products, uint64_t seed) {
  return xdiag(matrix, n, products, seed);
}

template <typename Estimator>
Quality diagonal_quality(const Estimator& estimator, const ExplicitMatrix& matrix, int64_t products) {
  Quality quality;
  const std::vector<double> truth = matrix.diagonal();
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const DiagonalEstimate estimate = estimator(matrix.products(), matrix.n, products, seed);
    const double off = distance(estimate.diagonal, truth);
    quality.error += off * off / kSeeds;
    quality.covered += off <= 2 * estimate.relative_error * length(estimate.diagonal) ? 1.0 / kSeeds : 0;
  }
  quality.error = std::sqrt(quality.error);
  return quality;
}

TEST(Estimators, XTraceIsUnbiasedItsErrorCoversAndBeatsHutchinson) {
  const ExplicitMatrix matrix = with_spectrum(decaying(100, 0.8), 9);
  const Quality quality = trace_quality(matrix, 40);
  // The trace of Hutchinson's estimate: variance 2 (|A|_F^2 - |diag|^2) / m with signs.
  double squares = 0;
  for (double each : matrix.cells) squares += each * each;
  for (double each : matrix.diagonal()) squares -= each * each;
  const double hutchinson = std::sqrt(2 * squares / 40);
  EXPECT_LT(quality.error, hutchinson / 4);
  EXPECT_LT(std::abs(quality.bias), 4 * quality.error / std::sqrt(kSeeds));
  EXPECT_GT(quality.covered, 0.9);
}

TEST(Estimators, XDiagErrorCoversAndBeatsHutchinson) {
  const ExplicitMatrix matrix = with_spectrum(decaying(100, 0.8), 9);
  const Quality sketched = diagonal_quality(xdiag_of, matrix, 40);
  const Quality plain = diagonal_quality(hutchinson_diagonal, matrix, 40);
  EXPECT_LT(sketched.error, plain.error / 4);
  EXPECT_GT(sketched.covered, 0.9);
  EXPECT_GT(plain.covered, 0.9);
}

TEST(Estimators, HutchinsonHasTheErrorOfItsLaw) {
  const ExplicitMatrix matrix = with_spectrum(decaying(40, 0.9), 4);
  double squares = 0;
  for (double each : matrix.cells) squares += each * each;
  for (double each : matrix.diagonal()) squares -= each * each;
  const Quality quality = diagonal_quality(hutchinson_diagonal, matrix, 64);
  EXPECT_NEAR(quality.error / std::sqrt(squares / 64), 1, 0.1);
}

TEST(Estimators, AFlatSpectrumIsStillUnbiased) {
  const ExplicitMatrix matrix = with_spectrum(decaying(30, 0.999), 6);
  const Quality quality = trace_quality(matrix, 8);
  EXPECT_LT(std::abs(quality.bias), 4 * quality.error / std::sqrt(kSeeds));
}

TEST(Estimators, AreTheSameBitsTwiceAndForAnyNumberOfThreads) {
  for (const int n : {200, testing::kLongRow}) {
    const BlockOperator matrix = testing::diagonal_products(decaying(n, 0.9));
    const TraceEstimate trace = xtrace(matrix, n, 20, 5, 1);
    const DiagonalEstimate diagonal = xdiag(matrix, n, 20, 5, 1);
    for (int threads : {1, 2, 3}) {
      EXPECT_EQ(trace.trace, xtrace(matrix, n, 20, 5, threads).trace);
      EXPECT_EQ(diagonal.diagonal, xdiag(matrix, n, 20, 5, threads).diagonal);
    }
    EXPECT_NE(trace.trace, xtrace(matrix, n, 20, 6).trace);
    EXPECT_EQ(hutchinson_diagonal(matrix, n, 20, 5).diagonal, hutchinson_diagonal(matrix, n, 20, 5).diagonal);
  }
}

TEST(Estimators, BadRequestsAreRefused) {
  const ExplicitMatrix matrix = with_spectrum(decaying(10, 0.9), 8);
  const BlockOperator a = matrix.products();
  EXPECT_THAT([&] { xtrace(a, 10, 3, 1); }, ThrowsMessage<InputError>(HasSubstr("at least 4")));
  EXPECT_THAT([&] { xtrace(a, 10, 21, 1); }, ThrowsMessage<InputError>(HasSubstr("too many")));
  EXPECT_THAT([&] { xdiag(a, 10, 3, 1); }, ThrowsMessage<InputError>(HasSubstr("at least 4")));
  EXPECT_THAT([&] { xdiag(a, 10, 21, 1); }, ThrowsMessage<InputError>(HasSubstr("too many")));
  EXPECT_THAT([&] { hutchinson_diagonal(a, 10, 1, 1); }, ThrowsMessage<InputError>(HasSubstr("at least 2")));
  EXPECT_THROW(xtrace(a, 0, 4, 1), InputError);
  const BlockOperator bad = [](std::span<const double> rows) {
    return std::vector<double>(rows.size(), std::nan(""));
  };
  EXPECT_THAT([&] { xtrace(bad, 10, 4, 1); }, ThrowsMessage<RunError>(HasSubstr("not finite")));
  EXPECT_THAT([&] { xdiag(bad, 10, 4, 1); }, ThrowsMessage<RunError>(HasSubstr("not finite")));
  EXPECT_THAT([&] { hutchinson_diagonal(bad, 10, 4, 1); }, ThrowsMessage<RunError>(HasSubstr("not finite")));
}

}  // namespace
}  // namespace netsurf
