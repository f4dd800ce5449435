// The law of the bernoulli model, independent design: every trial and every bit alone, for rates 0 to 1 and
// spaces from one bit up. The same with larger samples and spaces stands in tests/long.
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/support/law.h"
#include "tests/support/law_space.h"

namespace netsurf::law {
namespace {

constexpr const char* kRates[] = {"0", "0.000001", "0.0001", "0.001", "0.01", "0.1", "0.5", "0.9", "1"};

TEST(LawOfBernoulli, HoldsForEveryRateAndSpace) {
  for (uint64_t bits : {1, 2, 63, 64, 65, 4095, 4096, 4097, 8192, 100000}) {
    BitSpace space = space_of(bits);
    ASSERT_EQ(space.size(), bits);
    for (const char* rate : kRates) {
      double p = std::stod(rate);
      double budget = 300000 / (static_cast<double>(bits) * std::max(p, 1e-9));
      auto trials = static_cast<uint64_t>(std::clamp(budget, 3.0, bits < 100 ? 20000.0 : 2000.0));
      FaultBatch batch = sample_of(space, faults_of(FaultModel::bernoulli, rate, 12345), 0, trials);
      ASSERT_EQ(num_trials(batch), trials);
      Verdict verdict = check_bernoulli(batch, {bits, p});
      EXPECT_FALSE(verdict.alarms()) << bits << " bits at " << rate << ": " << verdict.what
                                     << ", p = " << verdict.p_value;
    }
  }
}

TEST(LawOfBernoulli, HoldsForTrialsFarOut) {
  BitSpace space = space_of(10000);
  for (uint64_t begin : {uint64_t{1} << 31, (uint64_t{1} << 32) - 500, uint64_t{1} << 62}) {
    FaultBatch batch = sample_of(space, faults_of(FaultModel::bernoulli, "0.01"), begin, begin + 1000);
    Verdict verdict = check_bernoulli(batch, {10000, 0.01});
    EXPECT_FALSE(verdict.alarms()) << begin << ": " << verdict.what;
  }
}

TEST(LawOfBernoulli, TrialsWhoseNumbersDifferInTheHighHalfAreIndependent) {
  BitSpace space = space_of(20000);
  FaultSpec faults = faults_of(FaultModel::bernoulli, "0.02");
  FaultBatch low = sample_of(space, faults, 0, 400);
  FaultBatch high = sample_of(space, faults, uint64_t{1} << 32, (uint64_t{1} << 32) + 400);
  EXPECT_FALSE(check_streams(low, 0.02, high, 0.02, 20000).alarms());
}

TEST(LawOfBernoulli, OtherSeedsRatesAndDesignsGiveOtherStreams) {
  constexpr uint64_t kBits = 30000;
  BitSpace space = space_of(kBits);
  auto draw = [&](const char* rate, uint64_t seed, Design design) {
    return sample_of(space, faults_of(FaultModel::bernoulli, rate, seed, design), 0, 50);
  };
  FaultBatch base = draw("0.02", 1, Design::independent);
  struct Other {
    FaultBatch batch;
    double rate;
    const char* name;
  };
  const Other others[] = {
      {draw("0.02", 2, Design::independent), 0.02, "seed"},
      {draw("0.02", uint64_t{1} << 63 | 1, Design::independent), 0.02, "high bit of the seed"},
      {draw("0.021", 1, Design::independent), 0.021, "rate"},
      {draw("0.5", 1, Design::independent), 0.5, "large rate"},
      {draw("0.02", 1, Design::rotation), 0.02, "design"},
  };
  for (const Other& other : others) {
    Verdict verdict = check_streams(base, 0.02, other.batch, other.rate, kBits);
    EXPECT_FALSE(verdict.alarms()) << other.name << ": " << verdict.what;
    EXPECT_NE(base.bits, other.batch.bits) << other.name;
  }
  EXPECT_EQ(base.bits, draw("0.02", 1, Design::independent).bits);
  EXPECT_EQ(base.bits, draw("2e-2", 1, Design::independent).bits) << "the spelling of the rate";
}

TEST(LawOfBernoulli, TheSameChipsServeEveryNetworkOfOneBitSpace) {
  FaultSpec faults = faults_of(FaultModel::bernoulli, "0.01");
  EXPECT_EQ(sample_of(space_of(5000), faults, 0, 20).bits, sample_of(space_of(5000, 1), faults, 0, 20).bits);
}

TEST(LawOfBernoulli, ProtectionFiltersTheSameChips) {
  constexpr uint64_t kBits = 20000;
  BitSpace space = space_of(kBits);
  for (Design design : {Design::independent, Design::rotation}) {
    for (const char* rate : {"0.001", "0.01", "0.1"}) {
      FaultSpec faults = faults_of(FaultModel::bernoulli, rate, 3, design);
      FaultBatch all = sample_of(space, faults, 0, 60);
      for (const char* fraction : {"0.2", "0.99995", "1"}) {
        Protection protection = protection_of(kBits, fraction);
        uint64_t count = protection.num_protected(kBits);
        FaultBatch left = FaultSampler(space, faults, protection).sample(0, 60);
        for (uint64_t t = 0; t < 60; ++t) {
          std::vector<BitId> expected;
          for (BitId id : list(all, t)) {
            if ((*protection.rank)[id] >= count) expected.push_back(id);
          }
          auto found = list(left, t);
          ASSERT_TRUE(std::equal(found.begin(), found.end(), expected.begin(), expected.end()))
              << rate << " " << fraction;
        }
      }
    }
  }
}

TEST(LawOfBernoulli, UnprotectedBitsKeepTheirLaw) {
  constexpr uint64_t kBits = 50000;
  BitSpace space = space_of(kBits);
  Protection protection = protection_of(kBits, "0.4");
  FaultBatch batch =
      FaultSampler(space, faults_of(FaultModel::bernoulli, "0.01"), protection).sample(0, 1000);
  std::vector<BitId> ids = unprotected(kBits, protection);
  ASSERT_EQ(ids.size(), 30000u);
  // Renumbered among themselves they are a space of their own.
  for (BitId& id : batch.bits) {
    auto at = std::lower_bound(ids.begin(), ids.end(), id);
    ASSERT_TRUE(at != ids.end() && *at == id) << "a protected bit flips";
    id = static_cast<BitId>(at - ids.begin());
  }
  Verdict verdict = check_bernoulli(batch, {ids.size(), 0.01});
  EXPECT_FALSE(verdict.alarms()) << verdict.what;
}

TEST(LawOfBernoulli, ExpectedFlipsAreExpected) {
  BitSpace space = space_of(20000);
  FaultSampler sampler(space, faults_of(FaultModel::bernoulli, "0.01"), protection_of(20000, "0.25"));
  EXPECT_EQ(sampler.num_unprotected(), 15000u);
  EXPECT_NEAR(sampler.expected_flips(), 150, 1e-9);
  EXPECT_EQ(sampler.epoch_size(), 1u);
  EXPECT_FALSE(sampler.is_short_slice(0));
}

}  // namespace
}  // namespace netsurf::law
