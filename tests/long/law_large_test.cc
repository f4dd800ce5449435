// The law of the bernoulli model with large samples, and in spaces of up to twenty million bits.
#include <gtest/gtest.h>

#include "tests/support/law.h"
#include "tests/support/law_space.h"

namespace netsurf::law {
namespace {

void check(uint64_t bits, double budget, double most_trials) {
  BitSpace space = space_of(bits);
  ASSERT_EQ(space.size(), bits);
  for (const char* rate : {"0", "0.000001", "0.00001", "0.0001", "0.001", "0.01", "0.1", "0.5", "0.9", "1"}) {
    double p = std::stod(rate);
    double wanted = budget / (static_cast<double>(bits) * std::max(p, 1e-9));
    auto trials = static_cast<uint64_t>(std::clamp(wanted, 3.0, most_trials));
    FaultBatch batch = sample_of(space, faults_of(FaultModel::bernoulli, rate, 777), 0, trials);
    Verdict verdict = check_bernoulli(batch, {bits, p});
    EXPECT_FALSE(verdict.alarms()) << bits << " bits at " << rate << ": " << verdict.what
                                   << ", p = " << verdict.p_value;
  }
}

TEST(LawInTheLarge, HoldsForFiveMillionFlipsInSmallSpaces) {
  for (uint64_t bits : {1, 7, 63, 64, 1000, 4095, 4096, 4097, 12345, 100000, 1000000})
    check(bits, 5e6, 50000);
}

TEST(LawInTheLarge, HoldsForTwentyMillionBits) { check(20000000, 5e6, 2000); }

TEST(LawInTheLarge, RotationHoldsForTwentyMillionBits) {
  constexpr uint64_t kBits = 20000000;
  BitSpace space = space_of(kBits);
  FaultSampler sampler(space, faults_of(FaultModel::bernoulli, "0.01", 3, Design::rotation), {});
  FaultBatch epoch = sampler.sample(0, 100);
  std::vector<BitId> all = unprotected(kBits, {});
  EXPECT_FALSE(check_exactly_once(epoch, all, 100).alarms());
  FaultBatch one = sampler.sample(250, 251);
  Verdict verdict = check_bernoulli(one, {kBits, 0.01});
  EXPECT_FALSE(verdict.alarms()) << verdict.what;
}

TEST(LawInTheLarge, CoverageHoldsForTwentyMillionBits) {
  constexpr uint64_t kBits = 20000000;
  BitSpace space = space_of(kBits);
  FaultSampler sampler(space, faults_of(FaultModel::coverage, "0.3"), {});
  std::vector<BitId> all = unprotected(kBits, {});
  EXPECT_FALSE(check_exactly_once(sampler.sample(0, 4), all, 4).alarms());
}

}  // namespace
}  // namespace netsurf::law
