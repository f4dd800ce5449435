#include "engine/sweep/stop_rule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "engine/base/error.h"

namespace netsurf {
namespace {

CellFacts facts_of(const char* ber = "0.01") {
  CellFacts facts;
  facts.num_samples = 1000;
  facts.clean.correct = 970;
  facts.bit_error_rate = UnitDecimal::parse(ber, "BER");
  facts.bits_unprotected = 480;
  return facts;
}

std::vector<TrialOutcome> alike(uint64_t count) {
  std::vector<TrialOutcome> trials(count);
  for (uint64_t i = 0; i < count; ++i) {
    trials[i].trial = i;
    trials[i].correct = 970;
  }
  return trials;
}

TEST(StopRule, FixedLooksOnce) {
  StopRule rule = StopRule::fixed(100);
  EXPECT_EQ(rule.target(facts_of(), 0), 100u);
  EXPECT_TRUE(rule.is_enough(facts_of(), alike(100)));
}

TEST(StopRule, HalfWidthLooksAt64TimesPowersOfOneAndAHalfRoundedUp) {
  StopRule rule = StopRule::until_half_width(0.01, 1000);
  const uint64_t expected[] = {64, 96, 144, 216, 324, 486, 729, 1000, 1000};
  for (int look = 0; look < 9; ++look) EXPECT_EQ(rule.target(facts_of(), look), expected[look]) << look;
  StopRule large = StopRule::until_half_width(0.01, 1'000'000);
  EXPECT_EQ(large.target(facts_of(), 7), 1094u) << "1093.5 rounded up";
  EXPECT_EQ(large.target(facts_of(), 10'000), 1'000'000u);
}

TEST(StopRule, DependentTrialsAreCountedInEpochsFromEight) {
  CellFacts facts = facts_of("0.01");
  facts.design = Design::rotation;
  facts.epoch_size = 100;
  StopRule rule = StopRule::until_half_width(0.01, 2550);
  const uint64_t expected[] = {800, 1200, 1800, 2500, 2500};
  for (int look = 0; look < 5; ++look) EXPECT_EQ(rule.target(facts, look), expected[look]) << look;
  EXPECT_TRUE(rule.is_enough(facts, alike(2500))) << "no room for another epoch";
  EXPECT_EQ(StopRule::until_half_width(0.01, 700).target(facts, 0), 700u);
}

TEST(StopRule, OnePassIsAnEpoch) {
  CellFacts facts = facts_of();
  EXPECT_THROW(StopRule::one_pass().check(facts), InputError) << "independent trials have no passes";
  facts.fault_model = FaultModel::coverage;
  facts.epoch_size = 96;
  StopRule::one_pass().check(facts);
  EXPECT_EQ(StopRule::one_pass().target(facts, 0), 96u);
}

TEST(StopRule, WithoutLabelsThereIsNoHalfWidth) {
  CellFacts facts = facts_of();
  facts.clean.correct = kNoCount;
  EXPECT_THROW(StopRule::until_half_width(0.01, 1000).check(facts), InputError);
  StopRule::fixed(5).check(facts);
}

TEST(StopRule, NumbersOutOfRangeAreRefused) {
  EXPECT_THROW(StopRule::fixed(0), InputError);
  EXPECT_THROW(StopRule::fixed(~uint64_t{0}), InputError);
  for (double width : {0.0, -1.0, 0.5, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(StopRule::until_half_width(width, 1000), InputError) << width;
  }
  EXPECT_THROW(StopRule::until_half_width(0.01, 63), InputError);
}

TEST(StopRule, ACertainCellNeedsOneTrial) {
  EXPECT_EQ(StopRule::until_half_width(0.01, 1000).target(facts_of("0"), 0), 1u);
  EXPECT_TRUE(StopRule::until_half_width(0.01, 1000).is_enough(facts_of("0"), alike(1)));
}

TEST(StopRule, TrialsThatAreAllAlikeProveOnlyWhatTheirNumberProves) {
  StopRule rule = StopRule::until_half_width(0.01, 100'000);
  EXPECT_FALSE(rule.is_enough(facts_of(), alike(64)));
  // 0.035^(1/T) >= 0.99 from T = 334 on.
  EXPECT_FALSE(rule.is_enough(facts_of(), alike(333)));
  EXPECT_TRUE(rule.is_enough(facts_of(), alike(334)));
}

TEST(StopRule, TheReportedIntervalStillCovers95PercentAfterStopping) {
  StopRule rule = StopRule::until_half_width(0.004, 5000);
  CellFacts facts = facts_of();
  std::mt19937_64 random(5);
  auto uniform = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  constexpr int kCells = 1000;
  constexpr double kMean = 0.9;
  int held = 0;
  double trials_used = 0;
  for (int cell = 0; cell < kCells; ++cell) {
    std::vector<TrialOutcome> trials;
    for (int look = 0;; ++look) {
      uint64_t target = rule.target(facts, look);
      while (trials.size() < target) {
        TrialOutcome outcome;
        outcome.trial = trials.size();
        // Skewed, as accuracies are: most chips are good, some are far off.
        outcome.correct = 940 + static_cast<int64_t>(std::lround(40 * std::log(1 - uniform())));
        trials.push_back(outcome);
      }
      if (rule.is_enough(facts, trials)) break;
    }
    AccuracyEstimate estimate = estimate_accuracy(trials, facts, kReportedLevel);
    held += estimate.interval->low <= kMean && kMean <= estimate.interval->high;
    trials_used += static_cast<double>(trials.size());
    EXPECT_LE(estimate.interval->half_width(), 0.004);
  }
  EXPECT_NEAR(static_cast<double>(held) / kCells, 0.95, 4 * std::sqrt(0.95 * 0.05 / kCells));
  // A fixed number that gives this half-width at 95 % is (1.96 x 0.04 / 0.004)^2 = 384.
  EXPECT_LT(trials_used / kCells, 1.7 * 384);
}

}  // namespace
}  // namespace netsurf
