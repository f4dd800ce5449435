// Intervals of shares: known values, the ends, and how often the truth is inside.
#include "engine/stats/proportion.h"

#include <gtest/gtest.h>

#include <cmath>

namespace netsurf {
namespace {

/// Probability of k hits among n draws.
double binomial(int n, int k, double p) {
  double log_ways = std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0);
  return std::exp(log_ways + k * std::log(p) + (n - k) * std::log1p(-p));
}

TEST(WilsonInterval, IsWhereTheScoreTestStopsRejecting) {
  for (int64_t hits : {1, 7, 40, 99}) {
    Interval interval = wilson_interval(hits, 100);
    double share = static_cast<double>(hits) / 100;
    for (double end : {interval.low, interval.high}) {
      double z = (share - end) / std::sqrt(end * (1 - end) / 100);
      EXPECT_NEAR(std::fabs(z), 1.959963984540054, 1e-9) << hits;
    }
  }
}

TEST(WilsonInterval, EndsExactlyAtZeroAndOne) {
  for (int64_t count : {1, 3, 1000, 39804}) {
    EXPECT_EQ(wilson_interval(0, count).low, 0);
    EXPECT_GT(wilson_interval(0, count).high, 0);
    EXPECT_EQ(wilson_interval(count, count).high, 1);
    EXPECT_LT(wilson_interval(count, count).low, 1);
  }
}

TEST(WilsonInterval, HoldsTheTruthMostlyNineteenTimesInTwenty) {
  for (double truth : {0.00146, 0.02, 0.2, 0.5, 0.9}) {
    double covered = 0;
    for (int hits = 0; hits <= 381; ++hits) {
      Interval interval = wilson_interval(hits, 381);
      if (interval.low <= truth && truth <= interval.high) covered += binomial(381, hits, truth);
    }
    EXPECT_GT(covered, 0.92) << truth;
    EXPECT_LT(covered, 0.99) << truth;
  }
}

TEST(LeveugleSampleSize, IsThePapers) {
  EXPECT_EQ(leveugle_sample_size(39804, 0.01), 7738);
  EXPECT_EQ(leveugle_sample_size(39804, 0.05), 381);
  EXPECT_EQ(leveugle_sample_size(int64_t{1} << 40, 0.01), 9604);
  EXPECT_EQ(leveugle_sample_size(1, 0.01), 1);
}

}  // namespace
}  // namespace netsurf
