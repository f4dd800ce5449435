#include "engine/stats/summary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "engine/stats/student_t.h"

namespace netsurf {
namespace {

CellFacts facts_of(int64_t num_samples, const char* ber = "0.01") {
  CellFacts facts;
  facts.num_samples = num_samples;
  facts.clean.correct = num_samples;
  facts.clean.loss = 0;
  facts.bit_error_rate = UnitDecimal::parse(ber, "BER");
  facts.bits_unprotected = 100;
  return facts;
}

TrialOutcome outcome_of(uint64_t trial, int64_t correct) {
  TrialOutcome outcome;
  outcome.trial = trial;
  outcome.correct = correct;
  outcome.flips = static_cast<int64_t>(trial % 3);
  outcome.changed = 10 - correct;
  outcome.distance = correct * 7;
  outcome.loss = (10 - correct) << 20;
  return outcome;
}

TEST(Summary, GivesTheNumbersOfASmallExample) {
  std::vector<TrialOutcome> trials;
  const int64_t correct[] = {10, 8, 9, 7};
  for (uint64_t i = 0; i < 4; ++i) trials.push_back(outcome_of(i, correct[i]));
  CellSummary summary = summarize(trials, facts_of(10));
  EXPECT_EQ(summary.trials, 4u);
  EXPECT_DOUBLE_EQ(*summary.accuracy.mean, 0.85);
  // Deviations .15, -.05, .05, -.15: variance .05 / 3; t(.975, 3) = 3.182446305.
  double half = 3.182446305 * std::sqrt(0.05 / 3 / 4);
  EXPECT_NEAR(summary.accuracy.interval->low, 0.85 - half, 1e-9);
  EXPECT_EQ(summary.accuracy.interval->high, 1) << "cut at one";
  EXPECT_EQ(summary.accuracy.basis, IntervalBasis::trials);
  EXPECT_DOUBLE_EQ(*summary.median, 0.8);
  EXPECT_DOUBLE_EQ(*summary.q05, 0.7);
  EXPECT_DOUBLE_EQ(*summary.q95, 1.0);
  EXPECT_DOUBLE_EQ(*summary.minimum, 0.7);
  EXPECT_DOUBLE_EQ(*summary.mean_loss, 6 / 40.0);
  EXPECT_DOUBLE_EQ(*summary.changed, 6 / 40.0);
  EXPECT_DOUBLE_EQ(*summary.mean_flips, 3 / 4.0);
  EXPECT_DOUBLE_EQ(*summary.observed_ber, 3 / 400.0);
  EXPECT_DOUBLE_EQ(*summary.mean_distance, 34 * 7 / 4.0);
  EXPECT_DOUBLE_EQ(*summary.clean_accuracy, 1);
}

TEST(Summary, OrderStatisticIsTheSmallestValueThatEnoughDoNotExceed) {
  std::vector<int64_t> hundred(100);
  for (size_t i = 0; i < 100; ++i) hundred[i] = static_cast<int64_t>(i) + 1;
  EXPECT_EQ(order_statistic(hundred, 5), 5);
  EXPECT_EQ(order_statistic(hundred, 50), 50);
  EXPECT_EQ(order_statistic(hundred, 95), 95);
  EXPECT_EQ(order_statistic(hundred, 100), 100);
  std::vector<int64_t> one = {4};
  for (uint64_t percent : {1u, 50u, 100u}) EXPECT_EQ(order_statistic(one, percent), 4);
}

TEST(Summary, AnyOrderOfTrialsGivesTheSameBits) {
  std::mt19937_64 random(7);
  std::vector<TrialOutcome> trials;
  for (uint64_t i = 0; i < 999; ++i) {
    trials.push_back(outcome_of(i, static_cast<int64_t>(random() % 11)));
    trials.back().loss = static_cast<int64_t>(random() >> 20);
  }
  CellFacts facts = facts_of(10);
  CellSummary first = summarize(trials, facts);
  for (int i = 0; i < 20; ++i) {
    std::shuffle(trials.begin(), trials.end(), random);
    CellSummary again = summarize(trials, facts);
    EXPECT_EQ(*again.accuracy.mean, *first.accuracy.mean);
    EXPECT_EQ(again.accuracy.interval->low, first.accuracy.interval->low);
    EXPECT_EQ(again.accuracy.interval->high, first.accuracy.interval->high);
    EXPECT_EQ(*again.mean_loss, *first.mean_loss);
    EXPECT_EQ(*again.median, *first.median);
  }
}

TEST(Summary, WithoutLabelsThereIsNoAccuracyAndWithoutLossNoLoss) {
  CellFacts facts = facts_of(10);
  facts.clean.correct = kNoCount;
  facts.clean.loss = kNoCount;
  TrialOutcome outcome;
  std::vector<TrialOutcome> trials(3, outcome);
  CellSummary summary = summarize(trials, facts);
  EXPECT_FALSE(summary.accuracy.mean.has_value());
  EXPECT_FALSE(summary.median.has_value());
  EXPECT_FALSE(summary.mean_loss.has_value());
  EXPECT_EQ(summary.accuracy.basis, IntervalBasis::no_labels);
  EXPECT_TRUE(summary.changed.has_value());
}

TEST(Summary, SaysWhyThereIsNoInterval) {
  CellFacts facts = facts_of(10);
  EXPECT_EQ(summarize({}, facts).accuracy.basis, IntervalBasis::too_few_trials);
  EXPECT_FALSE(summarize({}, facts).accuracy.mean.has_value());
  std::vector<TrialOutcome> trials = {outcome_of(0, 9)};
  EXPECT_EQ(summarize(trials, facts).accuracy.basis, IntervalBasis::too_few_trials);
  EXPECT_FALSE(summarize(trials, facts).accuracy.interval.has_value());
  trials.push_back(outcome_of(1, 9));
  EXPECT_EQ(summarize(trials, facts).accuracy.basis, IntervalBasis::no_spread);
  EXPECT_FALSE(summarize(trials, facts).accuracy.interval.has_value())
      << "two equal trials are not certainty";
}

TEST(Summary, WhereNothingCanDifferTheIntervalIsAPoint) {
  std::vector<TrialOutcome> trials = {outcome_of(0, 9)};
  for (const char* ber : {"0", "1"}) {
    AccuracyEstimate estimate = summarize(trials, facts_of(10, ber)).accuracy;
    EXPECT_EQ(estimate.basis, IntervalBasis::exact);
    EXPECT_EQ(estimate.interval->low, 0.9);
    EXPECT_EQ(estimate.interval->high, 0.9);
  }
  CellFacts all_protected = facts_of(10);
  all_protected.bits_unprotected = 0;
  EXPECT_EQ(summarize(trials, all_protected).accuracy.basis, IntervalBasis::exact);
  EXPECT_FALSE(summarize(trials, all_protected).observed_ber.has_value());
  CellFacts rounds_to_none = facts_of(10, "0.001");
  rounds_to_none.fault_model = FaultModel::exact;
  EXPECT_TRUE(rounds_to_none.is_certain());
  CellFacts given = facts_of(10, "0");
  given.fault_model = FaultModel::list;
  EXPECT_FALSE(given.is_certain()) << "given lists have no bit error rate";
}

TEST(Summary, DependentTrialsAreJudgedByCompleteEpochsOnly) {
  CellFacts facts = facts_of(10, "0.25");
  facts.design = Design::rotation;
  facts.epoch_size = 4;
  std::vector<TrialOutcome> trials;
  // Epoch e sums to 20 + e, whatever its single trials do.
  for (uint64_t epoch = 0; epoch < 8; ++epoch) {
    const int64_t correct[] = {10, 0, 10, static_cast<int64_t>(epoch)};
    for (uint64_t i = 0; i < 4; ++i) trials.push_back(outcome_of(epoch * 4 + i, correct[i]));
  }
  std::vector<TrialOutcome> one_short(trials.begin(), trials.end() - 1);
  EXPECT_EQ(summarize(one_short, facts).accuracy.basis, IntervalBasis::too_few_epochs);
  EXPECT_FALSE(summarize(one_short, facts).accuracy.interval.has_value());
  EXPECT_TRUE(summarize(one_short, facts).accuracy.mean.has_value());

  trials.push_back(outcome_of(32, 0));  // of an epoch that is not complete
  AccuracyEstimate estimate = summarize(trials, facts).accuracy;
  EXPECT_EQ(estimate.basis, IntervalBasis::epochs);
  EXPECT_EQ(estimate.complete_epochs, 8u);
  EXPECT_DOUBLE_EQ(*estimate.mean, 23.5 / 40);
  // Epoch means are (20 + e) / 40: variance of 0..7 is 6.
  double half = student_t_quantile(0.975, 7) * std::sqrt(6.0 / 1600 / 8);
  EXPECT_NEAR(estimate.interval->half_width(), half, 1e-12);
}

TEST(Summary, CoverageIsJudgedByItsPasses) {
  CellFacts facts = facts_of(10, "0.3");
  facts.fault_model = FaultModel::coverage;
  facts.epoch_size = 4;
  std::vector<TrialOutcome> trials;
  for (uint64_t i = 0; i < 16; ++i) trials.push_back(outcome_of(i, static_cast<int64_t>(i % 7)));
  EXPECT_EQ(summarize(trials, facts).accuracy.basis, IntervalBasis::too_few_epochs);
}

TEST(Summary, LargeCountsDoNotOverflow) {
  CellFacts facts = facts_of(1'000'000);
  std::vector<TrialOutcome> trials;
  for (uint64_t i = 0; i < 2000; ++i) {
    trials.push_back(outcome_of(i, i % 2 == 0 ? 1'000'000 : 0));
    trials.back().distance = int64_t{1} << 62;
    trials.back().loss = int64_t{1} << 60;
  }
  CellSummary summary = summarize(trials, facts);
  EXPECT_DOUBLE_EQ(*summary.accuracy.mean, 0.5);
  EXPECT_DOUBLE_EQ(*summary.mean_distance, 0x1p62);
  EXPECT_DOUBLE_EQ(*summary.mean_loss, 0x1p40 / 1e6);
}

}  // namespace
}  // namespace netsurf
