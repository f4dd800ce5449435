// The laws of the exact and the coverage model: slices of a shuffled order of the unprotected bits.
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/support/law.h"
#include "tests/support/law_space.h"

namespace netsurf::law {
namespace {

TEST(LawOfExact, EveryTrialFlipsTheRoundedNumberOfUnprotectedBits) {
  struct Row {
    uint64_t bits;
    const char* rate;
    const char* protection;
    uint64_t flips;
  };
  // Halves go to the even neighbour.
  for (const Row& row :
       {Row{1000, "0.01", "0", 10}, Row{1000, "0.0125", "0", 12}, Row{1000, "0.0135", "0", 14},
        Row{1000, "0.01", "0.25", 8}, Row{1000, "0.0001", "0", 0}, Row{1000, "1", "0.2", 800},
        Row{1000, "0.5", "0.9", 50}, Row{63, "0.1", "0", 6}, Row{1, "1", "0", 1}, Row{1, "0.5", "0", 0},
        Row{4097, "0.3", "0", 1229}, Row{1000, "0", "0", 0}, Row{1000, "0.5", "1", 0}}) {
    BitSpace space = space_of(row.bits);
    Protection protection = protection_of(row.bits, row.protection);
    FaultSampler sampler(space, faults_of(FaultModel::exact, row.rate), protection);
    FaultBatch batch = sampler.sample(0, 50);
    EXPECT_FALSE(check_form(batch, {row.bits, 0.5}).alarms());
    uint64_t immune = protection.num_protected(row.bits);
    for (uint64_t t = 0; t < 50; ++t)
      ASSERT_EQ(list(batch, t).size(), row.flips) << row.bits << " at " << row.rate;
    for (BitId id : batch.bits) ASSERT_FALSE(protection.protects(id, immune));
    EXPECT_EQ(sampler.expected_flips(), static_cast<double>(row.flips));
  }
}

TEST(LawOfExact, SlicesOfAPassShareNoBit) {
  for (const char* rate : {"0.01", "0.07", "0.3", "0.6"}) {
    BitSpace space = space_of(5000);
    FaultSampler sampler(space, faults_of(FaultModel::exact, rate), {});
    uint64_t slices = sampler.epoch_size();
    EXPECT_EQ(slices, static_cast<uint64_t>(std::floor(1 / std::stod(rate) + 1e-9)));
    EXPECT_FALSE(check_at_most_once(sampler.sample(0, 4 * slices), 5000, slices).alarms()) << rate;
  }
}

TEST(LawOfExact, OneSliceOfEachPassIsAUniformChoice) {
  constexpr uint64_t kBits = 20000;
  BitSpace space = space_of(kBits);
  for (const char* rate : {"0.01", "0.1", "0.4"}) {
    double p = std::stod(rate);
    FaultSampler sampler(space, faults_of(FaultModel::exact, rate, 5), {});
    uint64_t slices = sampler.epoch_size();
    FaultBatch alone;
    alone.offset = {0};
    for (uint64_t pass = 0; pass < 200; ++pass) {
      uint64_t trial = pass * slices + pass * 31 % slices;
      FaultBatch one = sampler.sample(trial, trial + 1);
      alone.bits.insert(alone.bits.end(), one.bits.begin(), one.bits.end());
      alone.offset.push_back(alone.bits.size());
    }
    // Without replacement: a bit's variance is p (1 - p), any two bits' covariance -p (1 - p) / (bits - 1).
    double ratio = (1 - p) * kBits / (kBits - 1);
    for (const Verdict& verdict : {check_positions_of(alone, {kBits, p}, ratio, true),
                                   check_lags(alone, {kBits, p}), check_trials(alone, {kBits, p})}) {
      EXPECT_FALSE(verdict.alarms()) << rate << ": " << verdict.what;
    }
    EXPECT_TRUE(check_counts(alone, {kBits, p}).alarms()) << "a fixed count is not binomial";
  }
}

TEST(LawOfExact, ProtectedBitsTakeNoPartInTheChoice) {
  constexpr uint64_t kBits = 20000;
  BitSpace space = space_of(kBits);
  Protection protection = protection_of(kBits, "0.5");
  std::vector<BitId> ids = unprotected(kBits, protection);
  FaultSampler sampler(space, faults_of(FaultModel::exact, "0.1"), protection);
  FaultBatch batch;
  batch.offset = {0};
  for (uint64_t pass = 0; pass < 200; ++pass) {
    for (BitId id : sampler.sample(pass * 10, pass * 10 + 1).bits) {
      batch.bits.push_back(static_cast<BitId>(std::lower_bound(ids.begin(), ids.end(), id) - ids.begin()));
    }
    batch.offset.push_back(batch.bits.size());
  }
  Verdict verdict = check_positions_of(batch, {10000, 0.1}, 0.9, true);
  EXPECT_FALSE(verdict.alarms()) << verdict.what;
}

TEST(LawOfCoverage, APassFlipsEveryUnprotectedBitExactlyOnce) {
  struct Row {
    uint64_t bits;
    const char* rate;
    const char* protection;
    uint64_t slices;
    bool has_short_slice;
  };
  for (const Row& row :
       {Row{5000, "0.01", "0", 100, false}, Row{5000, "0.03", "0", 34, true},
        Row{5000, "0.03", "0.4", 34, true}, Row{4097, "0.5", "0", 3, true}, Row{64, "1", "0", 1, false},
        Row{1, "1", "0", 1, false}, Row{100, "0.6", "0", 2, true}}) {
    BitSpace space = space_of(row.bits);
    Protection protection = protection_of(row.bits, row.protection);
    FaultSampler sampler(space, faults_of(FaultModel::coverage, row.rate), protection);
    ASSERT_EQ(sampler.epoch_size(), row.slices) << row.bits << " at " << row.rate;
    FaultBatch batch = sampler.sample(0, 4 * row.slices);
    EXPECT_FALSE(check_form(batch, {row.bits, 0.5}).alarms());
    std::vector<BitId> ids = unprotected(row.bits, protection);
    Verdict verdict = check_exactly_once(batch, ids, row.slices);
    EXPECT_FALSE(verdict.alarms()) << row.bits << " at " << row.rate << ": " << verdict.what;
    size_t full = list(batch, 0).size();
    for (uint64_t t = 0; t < 4 * row.slices; ++t) {
      bool is_short = row.has_short_slice && t % row.slices == row.slices - 1;
      EXPECT_EQ(sampler.is_short_slice(t), is_short);
      EXPECT_EQ(list(batch, t).size() < full, is_short);
    }
  }
}

TEST(LawOfCoverage, PassesAreShuffledAnew) {
  constexpr uint64_t kBits = 20000;
  BitSpace space = space_of(kBits);
  FaultSampler sampler(space, faults_of(FaultModel::coverage, "0.1"), {});
  // First slices of 300 passes: uniform, and independent of each other.
  FaultBatch firsts;
  firsts.offset = {0};
  for (uint64_t pass = 0; pass < 300; ++pass) {
    FaultBatch one = sampler.sample(pass * 10, pass * 10 + 1);
    firsts.bits.insert(firsts.bits.end(), one.bits.begin(), one.bits.end());
    firsts.offset.push_back(firsts.bits.size());
  }
  for (const Verdict& verdict : {check_positions_of(firsts, {kBits, 0.1}, 0.9 * kBits / (kBits - 1), true),
                                 check_lags(firsts, {kBits, 0.1}), check_trials(firsts, {kBits, 0.1})}) {
    EXPECT_FALSE(verdict.alarms()) << verdict.what;
  }
}

TEST(LawOfCoverage, IsRefusedWhenItCannotCover) {
  BitSpace space = space_of(100);
  EXPECT_THROW(FaultSampler(space, faults_of(FaultModel::coverage, "0"), {}), InputError);
  EXPECT_THROW(FaultSampler(space, faults_of(FaultModel::coverage, "0.001"), {}), InputError);
}

TEST(LawOfSlices, ModelsHaveStreamsOfTheirOwn) {
  constexpr uint64_t kBits = 20000;
  BitSpace space = space_of(kBits);
  FaultBatch exact = sample_of(space, faults_of(FaultModel::exact, "0.1"), 0, 10);
  FaultBatch coverage = sample_of(space, faults_of(FaultModel::coverage, "0.1"), 0, 10);
  FaultBatch bernoulli = sample_of(space, faults_of(FaultModel::bernoulli, "0.1"), 0, 10);
  EXPECT_FALSE(check_streams(exact, 0.1, coverage, 0.1, kBits).alarms());
  EXPECT_FALSE(check_streams(exact, 0.1, bernoulli, 0.1, kBits).alarms());
  EXPECT_FALSE(
      check_streams(exact, 0.1, sample_of(space, faults_of(FaultModel::exact, "0.1", 2), 0, 10), 0.1, kBits)
          .alarms());
}

TEST(LawOfLists, GivenFlipsAreFlippedAndFiltered) {
  BitSpace space = space_of(100);
  auto table = std::make_shared<FaultTable>();
  table->trials = {{1, 5, 99}, {}, {0}};
  table->digest = "d";
  FaultSpec faults{FaultModel::list, Design::independent, UnitDecimal::parse("0", "rate"), 0, table};
  FaultBatch batch = FaultSampler(space, faults, {}).sample(0, 3);
  EXPECT_EQ(batch.bits, (std::vector<BitId>{1, 5, 99, 0}));
  EXPECT_EQ(batch.offset, (std::vector<uint64_t>{0, 3, 3, 4}));
  Protection protection = protection_of(100, "0.5");
  FaultBatch left = FaultSampler(space, faults, protection).sample(0, 3);
  for (BitId id : {1u, 5u, 99u, 0u}) {
    EXPECT_EQ(std::count(left.bits.begin(), left.bits.end(), id), (*protection.rank)[id] >= 50) << id;
  }
  table = std::make_shared<FaultTable>(*table);
  table->trials[1] = {100};
  faults.table = table;
  EXPECT_THROW(FaultSampler(space, faults, {}), InputError);
}

/// Appends one batch to another.
void append(FaultBatch& whole, const FaultBatch& part) {
  if (whole.offset.empty()) whole.offset = {0};
  uint64_t base = whole.bits.size();
  whole.bits.insert(whole.bits.end(), part.bits.begin(), part.bits.end());
  for (size_t i = 1; i < part.offset.size(); ++i) whole.offset.push_back(base + part.offset[i]);
}

TEST(LawOfBatches, AnySplitDrawsTheSameTrials) {
  struct Row {
    FaultModel model;
    Design design;
    const char* rate;
  };
  BitSpace space = space_of(9000);
  for (const Row& row : {Row{FaultModel::bernoulli, Design::independent, "0.003"},
                         Row{FaultModel::bernoulli, Design::independent, "0.7"},
                         Row{FaultModel::bernoulli, Design::rotation, "0.03"},
                         Row{FaultModel::exact, Design::independent, "0.03"},
                         Row{FaultModel::coverage, Design::independent, "0.07"}}) {
    for (const char* fraction : {"0", "0.3"}) {
      FaultSpec faults = faults_of(row.model, row.rate, 4, row.design);
      Protection protection = protection_of(9000, fraction);
      FaultSampler sampler(space, faults, protection);
      FaultBatch whole = sampler.sample(0, 100);
      ASSERT_EQ(num_trials(whole), 100u);
      for (const std::vector<uint64_t>& cuts :
           std::vector<std::vector<uint64_t>>{{0, 37, 38, 100}, {0, 0, 1, 33, 34, 66, 67, 100}}) {
        FaultBatch pieces;
        FaultSampler fresh(space, faults, protection);
        for (size_t i = 1; i < cuts.size(); ++i) append(pieces, fresh.sample(cuts[i - 1], cuts[i]));
        EXPECT_EQ(pieces.bits, whole.bits);
        EXPECT_EQ(pieces.offset, whole.offset);
      }
      // Backwards, one at a time, from a sampler that has seen other trials.
      for (uint64_t t = 100; t-- > 0;) {
        FaultBatch one = sampler.sample(t, t + 1);
        auto expected = list(whole, t);
        ASSERT_TRUE(std::equal(one.bits.begin(), one.bits.end(), expected.begin(), expected.end())) << t;
        ASSERT_EQ(one.begin, t);
      }
    }
  }
}

}  // namespace
}  // namespace netsurf::law
