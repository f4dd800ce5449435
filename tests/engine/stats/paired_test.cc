#include "engine/stats/paired.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "engine/stats/student_t.h"

namespace netsurf {
namespace {

using Counts = std::vector<int64_t>;

TEST(Paired, TheIntervalOfFourTrialsByHand) {
  // Differences 1, 3, 2, 6: mean 3, variance (4 + 0 + 1 + 9) / 3, in units of 2.
  PairedDifference d = paired_difference(Counts{5, 3, 7, 6}, Counts{4, 0, 5, 0}, 2, 1, 0.95);
  EXPECT_EQ(d.basis, IntervalBasis::trials);
  EXPECT_EQ(d.mean, 1.5);
  ASSERT_TRUE(d.interval);
  double half = 3.182446305 * std::sqrt(14.0 / 3 / 4) / 2;
  EXPECT_NEAR(d.interval->low, 1.5 - half, 1e-8);
  EXPECT_NEAR(d.interval->high, 1.5 + half, 1e-8);
}

TEST(Paired, WhatBothHaveInCommonCancels) {
  Counts a, b;
  for (int64_t t = 0; t < 50; ++t) {
    a.push_back(t * t * 1000 + t % 3);
    b.push_back(t * t * 1000);
  }
  PairedDifference d = paired_difference(a, b, 1, 1, 0.95);
  ASSERT_TRUE(d.interval);
  EXPECT_NEAR(d.mean, 0.98, 1e-12);
  EXPECT_LT(d.interval->high, 1.3);
}

TEST(Paired, EpochsAreTheSampleAndTheRestIsLeftOut) {
  Counts a, b;
  // Epochs of three with sums 0, 1, ..., 9 and whatever inside; two trials too many.
  for (int64_t e = 0; e < 10; ++e) {
    for (int64_t number : {100 * e, -100 * e, e}) a.push_back(number);
  }
  a.insert(a.end(), {1 << 20, 1 << 20});
  b.assign(a.size(), 0);
  PairedDifference d = paired_difference(a, b, 1, 3, 0.95);
  EXPECT_EQ(d.basis, IntervalBasis::epochs);
  EXPECT_DOUBLE_EQ(d.mean, 1.5);
  ASSERT_TRUE(d.interval);
  double half = student_t_quantile(0.975, 9) * std::sqrt(82.5 / 9 / 10) / 3;
  EXPECT_NEAR(d.interval->half_width(), half, 1e-12);
  EXPECT_EQ(paired_difference(a, b, 1, 5, 0.95).basis, IntervalBasis::too_few_epochs);
}

TEST(Paired, WithoutSpreadThereIsNoInterval) {
  PairedDifference same = paired_difference(Counts{4, 4, 9}, Counts{4, 4, 9}, 1, 1, 0.95);
  EXPECT_EQ(same.mean, 0);
  EXPECT_FALSE(same.interval);
  EXPECT_EQ(same.basis, IntervalBasis::no_spread);
  EXPECT_EQ(paired_difference(Counts{4}, Counts{1}, 1, 1, 0.95).basis, IntervalBasis::too_few_trials);
  EXPECT_EQ(paired_difference(Counts{4}, Counts{1}, 1, 1, 0.95).mean, 3);
}

TEST(Paired, TheLargestCountsDoNotOverflow) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  PairedDifference d = paired_difference(Counts{kMost, kMost, 0}, Counts{0, 0, kMost}, 1, 1, 0.95);
  EXPECT_NEAR(d.mean / static_cast<double>(kMost), 1.0 / 3, 1e-12);
  ASSERT_TRUE(d.interval);
  EXPECT_GT(d.interval->high, d.mean);
}

}  // namespace
}  // namespace netsurf
