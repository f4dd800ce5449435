// The law of the rotation design: a trial alone is bernoulli, an epoch flips a bit at most once, and means
// over epochs vary less, by just the factor that the theory gives.
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/support/law.h"
#include "tests/support/law_space.h"

namespace netsurf::law {
namespace {

FaultSpec rotation(const char* rate, uint64_t seed = 21) {
  return faults_of(FaultModel::bernoulli, rate, seed, Design::rotation);
}

constexpr const char* kRates[] = {"0.001", "0.003", "0.01", "0.03", "0.07", "0.1"};

TEST(LawOfRotation, EpochsAreAsLongAsTheRateAllows) {
  BitSpace space = space_of(100);
  auto epoch = [&](const char* rate) { return FaultSampler(space, rotation(rate), {}).epoch_size(); };
  for (const char* rate : kRates) {
    // P is rounded to a multiple of 2^-64, so 1 / rate itself may or may not fit.
    uint64_t step = UnitDecimal::parse(rate, "rate").times_two_to_64();
    auto exact = static_cast<uint64_t>((static_cast<unsigned __int128>(1) << 64) / step);
    EXPECT_EQ(epoch(rate), exact) << rate;
    EXPECT_LE(std::fabs(static_cast<double>(exact) - std::floor(1 / std::stod(rate))), 1) << rate;
  }
  EXPECT_EQ(epoch("0.03"), 33u);
}

TEST(LawOfRotation, ABitFlipsAtMostOnceInAnEpoch) {
  for (uint64_t bits : {1, 63, 4097, 20000}) {
    BitSpace space = space_of(bits);
    for (const char* rate : kRates) {
      FaultSampler sampler(space, rotation(rate), {});
      uint64_t size = sampler.epoch_size();
      FaultBatch batch = sampler.sample(size, 3 * size);
      EXPECT_FALSE(check_form(batch, {bits, std::stod(rate)}).alarms());
      Verdict verdict = check_at_most_once(batch, bits, size);
      EXPECT_FALSE(verdict.alarms()) << bits << " bits at " << rate << ": " << verdict.what;
    }
  }
}

TEST(LawOfRotation, AnEpochOfAWholeNumberOfTrialsFlipsEveryBitOnce) {
  // At 0.01 a hundred trials leave 6e-20 of the draws without one.
  BitSpace space = space_of(20000);
  FaultSampler sampler(space, rotation("0.01"), {});
  ASSERT_EQ(sampler.epoch_size(), 100u);
  std::vector<BitId> all = unprotected(20000, {});
  EXPECT_FALSE(check_exactly_once(sampler.sample(0, 500), all, 100).alarms());
}

TEST(LawOfRotation, OneTrialOfEachEpochIsBernoulli) {
  for (uint64_t bits : {1, 63, 4097, 30000}) {
    BitSpace space = space_of(bits);
    for (const char* rate : {"0.001", "0.01", "0.07", "0.1"}) {
      FaultSampler sampler(space, rotation(rate), {});
      uint64_t size = sampler.epoch_size();
      FaultBatch alone;
      alone.offset = {0};
      for (uint64_t epoch = 0; epoch < 400; ++epoch) {
        uint64_t trial = epoch * size + epoch * 7919 % size;
        FaultBatch one = sampler.sample(trial, trial + 1);
        alone.bits.insert(alone.bits.end(), one.bits.begin(), one.bits.end());
        alone.offset.push_back(alone.bits.size());
      }
      Verdict verdict = check_bernoulli(alone, {bits, std::stod(rate)});
      EXPECT_FALSE(verdict.alarms()) << bits << " bits at " << rate << ": " << verdict.what
                                     << ", p = " << verdict.p_value;
    }
  }
}

TEST(LawOfRotation, TrialsOfAnEpochAreNotIndependent) {
  // The checker that passes the independent design must not pass this one.
  BitSpace space = space_of(30000);
  FaultBatch batch = sample_of(space, rotation("0.03"), 0, 33);
  EXPECT_TRUE(check_trials(batch, {30000, 0.03}).alarms());
}

TEST(LawOfRotation, PositionsAreUniformOverPartsOfAnEpoch) {
  constexpr uint64_t kBits = 100000;
  BitSpace space = space_of(kBits);
  for (uint64_t part : {5, 20, 33}) {
    // Flips of a bit over the part: Bernoulli with part x rate, so variance / mean is what is left of one.
    double rate = 0.03, ratio = 1 - rate * static_cast<double>(part);
    FaultBatch batch = sample_of(space, rotation("0.03"), 33 * 4, 33 * 4 + part);
    Verdict verdict = check_positions_of(batch, {kBits, rate}, ratio, false);
    EXPECT_FALSE(verdict.alarms()) << part << ": " << verdict.what;
  }
}

TEST(LawOfRotation, EpochMeansVaryAsTheTheorySays) {
  // A weighted sum of flips, over whole epochs of R trials: variance R p (1 - R p) of a bit, against R p (1 -
  // p) for independent trials. The factor between the two is what rotation is for.
  constexpr uint64_t kBits = 3000, kEpochs = 500;
  BitSpace space = space_of(kBits);
  auto weight = [](BitId id) { return 1 + std::sin(0.7 * id); };
  double weights = 0, squares = 0;
  for (BitId id = 0; id < kBits; ++id) {
    weights += weight(id);
    squares += weight(id) * weight(id);
  }
  auto sums = [&](const FaultSpec& faults, uint64_t size, double rate) {
    FaultSampler sampler(space, faults, {});
    std::vector<double> values;
    for (uint64_t epoch = 0; epoch < kEpochs; ++epoch) {
      double sum = -weights * rate * static_cast<double>(size);
      for (BitId id : sampler.sample(epoch * size, (epoch + 1) * size).bits) sum += weight(id);
      values.push_back(sum);
    }
    return values;
  };
  for (const char* text : {"0.03", "0.07", "0.1"}) {
    double p = std::stod(text);
    uint64_t size = FaultSampler(space, rotation(text), {}).epoch_size();
    double r = static_cast<double>(size);
    std::vector<double> rotated = sums(rotation(text), size, p);
    std::vector<double> independent = sums(faults_of(FaultModel::bernoulli, text, 21), size, p);
    double narrow = squares * r * p * (1 - r * p), wide = squares * r * p * (1 - p);
    Verdict of_rotated = check_spread(rotated, narrow, "rotation"),
            of_independent = check_spread(independent, wide, "independent");
    EXPECT_FALSE(of_rotated.alarms()) << text << ": " << of_rotated.what;
    EXPECT_FALSE(of_independent.alarms()) << text << ": " << of_independent.what;
    EXPECT_TRUE(check_spread(rotated, wide, "rotation").alarms()) << "rotation gains nothing at " << text;
  }
}

TEST(LawOfRotation, EpochsAreIndependentOfEachOther) {
  constexpr uint64_t kBits = 3000;
  BitSpace space = space_of(kBits);
  FaultSampler sampler(space, rotation("0.1"), {});
  uint64_t size = sampler.epoch_size();
  // The same place of neighbouring epochs, and another place.
  for (uint64_t shift : {uint64_t{0}, size / 2}) {
    double joint = 0, first = 0, second = 0, epochs = 600;
    for (uint64_t epoch = 0; epoch < 600; ++epoch) {
      FaultBatch here = sampler.sample(epoch * size + 2, epoch * size + 3);
      FaultBatch next = sampler.sample((epoch + 1) * size + (2 + shift) % size,
                                       (epoch + 1) * size + (2 + shift) % size + 1);
      joint += overlap(here.bits, next.bits);
      first += static_cast<double>(here.bits.size());
      second += static_cast<double>(next.bits.size());
    }
    EXPECT_FALSE(centred_sum(joint, first, second, epochs * kBits, 0.1, 0.1, "epochs").alarms());
  }
}

TEST(LawOfRotation, IsRefusedWhereItMeansNothing) {
  BitSpace space = space_of(100);
  EXPECT_THROW(FaultSampler(space, rotation("0.11"), {}), InputError);
  EXPECT_THROW(FaultSampler(space, rotation("0.5"), {}), InputError);
  EXPECT_THROW(FaultSampler(space, faults_of(FaultModel::exact, "0.01", 1, Design::rotation), {}),
               InputError);
  EXPECT_THROW(FaultSampler(space, faults_of(FaultModel::coverage, "0.01", 1, Design::rotation), {}),
               InputError);
  EXPECT_TRUE(FaultSampler(space, rotation("0"), {}).sample(0, 5).bits.empty());
}

}  // namespace
}  // namespace netsurf::law
