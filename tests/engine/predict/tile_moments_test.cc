#include "engine/predict/tile_moments.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/predict/exposure.h"

namespace netsurf {
namespace {

TEST(TileMoments, CovarianceGoesWithTheGains) {
  TileMoments x(4);  // two samples of two
  x.variance = {4, 9, 1, 1};
  x.covariance = {4, 3, 3, 9, 1, 0.5, 0.5, 1};
  const std::vector<double> found = gained_covariance(x, {2, -1, 0, 3}, {20, 10, 7, 8}, 2);
  EXPECT_EQ(found, (std::vector<double>{20, -6, -6, 10, 7, 0, 0, 8}));
  x.covariance.clear();
  EXPECT_TRUE(gained_covariance(x, {2, -1, 0, 3}, {20, 10, 7, 8}, 2).empty());
}

TEST(TileMoments, CorrelationIsPooledOverThePixels) {
  TileMoments x(4);  // two pixels of two channels
  x.correlation = {1, 0.5, 0.5, 1};
  const std::vector<double> found = moved_correlation(x, {2, 2, 1, -1}, {4, 4, 1, 1}, 1);
  EXPECT_EQ(found[0], 1);
  EXPECT_NEAR(found[1], 0.5 * (4 - 1) / 5, 1e-12);
  EXPECT_EQ(found[1], found[2]);
}

TEST(TileMoments, TieIsAllOfWhatCasesDoAndItsShareOfTheRest) {
  TileMoments x(4);
  x.tie = {0.5, 0};
  const std::vector<double> found = mixed_tie(x, {1, 0, 3, 1}, {2, 1, 4, 1}, 1);
  EXPECT_NEAR(found[0], (4 + 0.5 * 2) / 6, 1e-12);
  EXPECT_NEAR(found[1], 1.0 / 2, 1e-12);
}

TEST(TileMoments, RoundingErrorsAreKeptWhereNothingVaries) {
  EXPECT_EQ(kept_rounding(0, 0.25), 1);
  EXPECT_LT(kept_rounding(0.25 * 0.25, 0.25), 1e-8);
  // E of the sawtooth's first harmonic, cos(2 pi x / step), over a normal law.
  EXPECT_NEAR(kept_rounding(0.01, 0.5), std::exp(-0.02 * std::pow(3.14159265358979 / 0.5, 2)), 1e-12);
}

TEST(TileMoments, TheOtherCasesHaveTheCovarianceThatIsLeft) {
  // At chance 0.4 both are (0, 0), else (1, 2) or (3, 2) or (1, 6), alike.
  const double points[3][2] = {{1, 2}, {3, 2}, {1, 6}};
  double mean[2] = {}, square[2][2] = {}, other_mean[2] = {}, other[2][2] = {};
  for (const auto& point : points) {
    for (int i = 0; i < 2; ++i) {
      mean[i] += 0.2 * point[i];
      other_mean[i] += point[i] / 3;
      for (int j = 0; j < 2; ++j) {
        square[i][j] += 0.2 * point[i] * point[j];
        other[i][j] += point[i] * point[j] / 3;
      }
    }
  }
  TileMoments moments(2);
  for (size_t i = 0; i < 2; ++i) {
    moments.mean[i] = mean[i];
    moments.variance[i] = square[i][i] - mean[i] * mean[i];
    for (size_t j = 0; j < 2; ++j) moments.covariance.push_back(square[i][j] - mean[i] * mean[j]);
  }
  const TileMoments found = without_clean(moments, {0, 0}, 0.4, 1);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_NEAR(found.mean[i], other_mean[i], 1e-12);
    for (size_t j = 0; j < 2; ++j) {
      EXPECT_NEAR(found.covariance[2 * i + j], other[i][j] - other_mean[i] * other_mean[j], 1e-12);
    }
  }
}

}  // namespace
}  // namespace netsurf
