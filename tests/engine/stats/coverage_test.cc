// Does an interval that claims 95 % hold the truth 95 times in a hundred? Simulated cells with a known mean,
// and the same check on intervals known to be wrong.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <optional>
#include <random>
#include <vector>

#include "engine/stats/summary.h"

namespace netsurf {
namespace {

constexpr int kCells = 2000;
constexpr int64_t kSamples = 200;

using Cell = std::vector<TrialOutcome>;
using MakeCell = std::function<Cell(std::mt19937_64&)>;
using MakeInterval = std::function<std::optional<Interval>(const Cell&)>;

double uniform(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

int64_t count_of(double probability, std::mt19937_64& random) {
  int64_t count = 0;
  for (int64_t i = 0; i < kSamples; ++i) count += uniform(random) < probability;
  return count;
}

double coverage(const MakeCell& make_cell, const MakeInterval& make_interval, double truth) {
  std::mt19937_64 random(20240611);
  int held = 0;
  for (int i = 0; i < kCells; ++i) {
    std::optional<Interval> interval = make_interval(make_cell(random));
    held += interval && interval->low <= truth && truth <= interval->high;
  }
  return static_cast<double>(held) / kCells;
}

/// Within four standard errors of 95 %.
bool is_about_95_percent(double covered) {
  return std::fabs(covered - 0.95) < 4 * std::sqrt(0.95 * 0.05 / kCells);
}

/// Faulty chips differ: a chip's own accuracy is uniform in [0.7, 0.95], then each sample is a toss of that
/// coin.
Cell clustered_cell(std::mt19937_64& random) {
  Cell cell(30);
  for (size_t t = 0; t < cell.size(); ++t) {
    cell[t].trial = t;
    cell[t].correct = count_of(0.7 + 0.25 * uniform(random), random);
  }
  return cell;
}
constexpr double kClusteredMean = 0.825;

/// Ten trials an epoch share out ten bits; a bit costs b percent, plus noise of the chip. Nearly all spread
/// is within epochs.
Cell rotated_cell(std::mt19937_64& random) {
  Cell cell(100);
  for (size_t epoch = 0; epoch < 10; ++epoch) {
    for (size_t b = 0; b < 10; ++b) {
      double accuracy = 0.9 - 0.04 * static_cast<double>(b) - 0.05 * uniform(random);
      TrialOutcome& outcome = cell[epoch * 10 + b];
      outcome.trial = epoch * 10 + b;
      outcome.correct = count_of(accuracy, random);
    }
  }
  return cell;
}
constexpr double kRotatedMean = 0.9 - 0.04 * 4.5 - 0.025;

CellFacts facts_of(Design design, uint64_t epoch_size) {
  CellFacts facts;
  facts.num_samples = kSamples;
  facts.clean.correct = kSamples;
  facts.design = design;
  facts.epoch_size = epoch_size;
  facts.bit_error_rate = UnitDecimal::parse("0.1", "BER");
  facts.bits_unprotected = 10;
  return facts;
}

MakeInterval engine_interval(Design design, uint64_t epoch_size) {
  CellFacts facts = facts_of(design, epoch_size);
  return [facts](const Cell& cell) { return estimate_accuracy(cell, facts, 0.95).interval; };
}

/// What is wrong with many papers: all samples of all trials as if they were independent.
std::optional<Interval> pooled_wilson(const Cell& cell) {
  double n = static_cast<double>(cell.size()) * kSamples, z = 1.96, correct = 0;
  for (const TrialOutcome& outcome : cell) correct += static_cast<double>(outcome.correct);
  double p = correct / n, scale = 1 + z * z / n, centre = (p + z * z / (2 * n)) / scale;
  double half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / scale;
  return Interval{centre - half, centre + half};
}

TEST(IntervalCoverage, StudentOnTrialsHoldsTheTruth95TimesInAHundred) {
  double covered = coverage(clustered_cell, engine_interval(Design::independent, 1), kClusteredMean);
  EXPECT_TRUE(is_about_95_percent(covered)) << covered;
}

TEST(IntervalCoverage, TheSameCheckRejectsAPooledInterval) {
  double covered = coverage(clustered_cell, pooled_wilson, kClusteredMean);
  EXPECT_FALSE(is_about_95_percent(covered)) << covered;
  EXPECT_LT(covered, 0.7);
}

TEST(IntervalCoverage, StudentOnEpochsHoldsTheTruth95TimesInAHundred) {
  double covered = coverage(rotated_cell, engine_interval(Design::rotation, 10), kRotatedMean);
  EXPECT_TRUE(is_about_95_percent(covered)) << covered;
}

TEST(IntervalCoverage, TheSameCheckRejectsStudentOnTrialsOfARotation) {
  double covered = coverage(rotated_cell, engine_interval(Design::independent, 1), kRotatedMean);
  EXPECT_FALSE(is_about_95_percent(covered)) << covered;
  EXPECT_GT(covered, 0.99) << "on the wide side";
}

}  // namespace
}  // namespace netsurf
