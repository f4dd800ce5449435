// FaultSampler against the document it implements, list by list.
#include "tests/reference/naive_sampler.h"

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <ostream>
#include <string>
#include <vector>

#include "engine/faults/sampler.h"
#include "tests/support/random.h"

namespace netsurf::naive {
namespace {

/// A model of one dense layer with `weights` weights of `bits` bits, every `prune_every`-th pruned (0: none).
Model model_of(int weights, int bits, int prune_every) {
  Layer input, dense;
  input.shape = {weights};
  input.format = {2, 0, true};
  dense.kind = LayerKind::dense;
  dense.inputs = {0};
  dense.kernel = 0;
  Parameter kernel;
  kernel.shape = {1, weights};
  kernel.format = {bits, 0, true};
  kernel.codes.assign(static_cast<size_t>(weights), 0);
  for (int i = 0; i < weights && prune_every > 0; ++i) kernel.pruned.push_back(i % prune_every == 0 ? 1 : 0);
  return Model::build("bits", {input, dense}, {kernel});
}

Protection draw_protection(uint64_t bits, const std::string& fraction, testing::Random& random) {
  Protection protection;
  protection.fraction = UnitDecimal::parse(fraction, "protection");
  std::vector<uint32_t> rank(bits);
  std::iota(rank.begin(), rank.end(), 0u);
  for (size_t i = rank.size(); i > 1; --i) std::swap(rank[i - 1], rank[random.bits() % i]);
  protection.rank = std::make_shared<const std::vector<uint32_t>>(std::move(rank));
  return protection;
}

struct Stream {
  FaultModel model;
  Design design;
  std::vector<std::string> rates;
};

void PrintTo(const Stream& stream, std::ostream* out) {
  *out << name_of(stream.model) << ", " << name_of(stream.design) << ", BER " << stream.rates.front()
       << " to " << stream.rates.back();
}

class SamplerLaw : public ::testing::TestWithParam<Stream> {};

TEST_P(SamplerLaw, ListsAreTheDocumentsOnes) {
  uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  testing::Random random(seed);
  const std::vector<Model> models = [] {
    std::vector<Model> all;
    all.push_back(model_of(1, 1, 0));
    all.push_back(model_of(9, 3, 0));
    all.push_back(model_of(4096, 1, 0));
    all.push_back(model_of(4097, 1, 0));
    all.push_back(model_of(3000, 6, 5));
    return all;
  }();
  int64_t flips = 0;
  for (const Model& model : models) {
    BitSpace space(model);
    ASSERT_EQ(space.digest(), bit_space_digest(model, false));
    for (const std::string& rate : GetParam().rates) {
      FaultSpec faults;
      faults.model = GetParam().model;
      faults.design = GetParam().design;
      faults.bit_error_rate = UnitDecimal::parse(rate, "BER");
      faults.seed = random.bits();
      Protection protection =
          draw_protection(space.size(), random.of(std::vector<std::string>{"0", "0.2", "0.75"}), random);
      uint64_t unprotected = space.size() - protection.num_protected(space.size());
      if (faults.model == FaultModel::coverage && faults.bit_error_rate.round_of(unprotected) == 0) continue;
      FaultSampler sampler(space, faults, protection);
      NaiveSampler naive(space.digest(), space.size(), faults, protection);
      for (uint64_t begin : {uint64_t{0}, static_cast<uint64_t>(random.pick(1, 3000)), random.bits() >> 8}) {
        FaultBatch batch = sampler.sample(begin, begin + 5);
        for (uint64_t trial = begin; trial < begin + 5; ++trial) {
          auto span = batch.flips(trial);
          std::vector<BitId> found(span.begin(), span.end());
          ASSERT_EQ(found, naive.flips(trial))
              << space.size() << " bits, BER " << rate << ", seed " << faults.seed << ", trial " << trial
              << ", protection " << protection.fraction.text();
          flips += static_cast<int64_t>(found.size());
        }
      }
    }
  }
  EXPECT_GT(flips, 0);
}

const std::vector<std::string> kRates = {"0",    "1e-30", "1e-6", "0.0001", "0.001", "0.0123456789", "0.1",
                                         "0.25", "0.3",   "0.5",  "0.501",  "0.9",   "0.9999",       "1"};

INSTANTIATE_TEST_SUITE_P(Each, SamplerLaw,
                         ::testing::Values(Stream{FaultModel::bernoulli, Design::independent, kRates},
                                           Stream{FaultModel::bernoulli,
                                                  Design::rotation,
                                                  {"0", "1e-6", "0.0001", "0.003", "0.05", "0.0999", "0.1"}},
                                           Stream{FaultModel::exact, Design::independent, kRates},
                                           Stream{FaultModel::coverage,
                                                  Design::independent,
                                                  {"0.001", "0.03", "0.1", "0.25", "0.7", "1"}}));

TEST(SamplerLists, AnotherSeedTrialOrSpaceIsNoticed) {
  Model model = model_of(500, 6, 0);
  BitSpace space(model);
  FaultSpec faults;
  faults.bit_error_rate = UnitDecimal::parse("0.01", "BER");
  FaultSampler sampler(space, faults, {});
  FaultBatch batch = sampler.sample(0, 1);
  std::vector<BitId> found(batch.bits.begin(), batch.bits.end());
  EXPECT_EQ(found, NaiveSampler(space.digest(), space.size(), faults, {}).flips(0));
  EXPECT_NE(found, NaiveSampler(space.digest(), space.size(), faults, {}).flips(1));
  faults.seed = 1;
  EXPECT_NE(found, NaiveSampler(space.digest(), space.size(), faults, {}).flips(0));
  EXPECT_NE(found, NaiveSampler(std::string(64, '0'), space.size(), faults, {}).flips(0));
}

TEST(BinomialEntries, FollowTheBinomialLaw) {
  // n = 2, p = 1/2: P(0) = 1/4, P(<= 1) = 3/4.
  EXPECT_EQ(binomial_entries(2, uint64_t{1} << 63),
            (std::vector<uint64_t>{uint64_t{1} << 62, uint64_t{3} << 62}));
  EXPECT_TRUE(binomial_entries(1, 1).size() == 1 && binomial_entries(1, 1)[0] == ~uint64_t{0});
}

}  // namespace
}  // namespace netsurf::naive
