// FaultSampler against the functions of kernels/core, one draw at a time, and against itself on other numbers
// of threads.
#include <gtest/gtest.h>

#include <numeric>
#include <ostream>

#include "engine/faults/binomial_table.h"
#include "engine/faults/mask_source.h"
#include "engine/faults/sampler.h"
#include "kernels/core/mask.h"
#include "tests/support/models.h"
#include "tests/support/random.h"

namespace netsurf {
namespace {

FaultSpec spec_of(FaultModel model, Design design, const char* rate) {
  return {model, design, UnitDecimal::parse(rate, "rate"), 11, nullptr};
}

std::vector<BitId> independent_flips(uint64_t key, uint64_t num_bits, uint64_t p_fixed, uint64_t trial) {
  std::vector<BitId> flips;
  for (uint64_t begin = 0; begin < num_bits; begin += core::kBlockBits) {
    const auto size = static_cast<uint32_t>(std::min<uint64_t>(core::kBlockBits, num_bits - begin));
    const auto block = static_cast<uint32_t>(begin / core::kBlockBits);
    const std::vector<uint64_t> table = binomial_thresholds(size, p_fixed);
    const uint64_t uniform =
        core::philox(core::counter_of(trial, block, 0, core::Purpose::flip_count), key).pair(0);
    const uint32_t count = core::count_from_table(table.data(), static_cast<uint32_t>(table.size()), uniform);
    uint64_t mask[core::kBlockWords];
    core::draw_positions(key, trial, block, size, count, mask);
    for (uint32_t position = 0; position < size; ++position) {
      if ((mask[position / 64] >> (position % 64) & 1) != 0)
        flips.push_back(static_cast<BitId>(begin + position));
    }
  }
  return flips;
}

std::vector<BitId> rotation_flips(uint64_t key, uint64_t num_bits, uint64_t p_fixed, uint64_t trial) {
  const auto epoch = static_cast<uint64_t>((static_cast<unsigned __int128>(1) << 64) / p_fixed);
  std::vector<BitId> flips;
  for (uint64_t id = 0; id < num_bits; ++id) {
    const core::PhiloxBlock random = core::philox(
        core::counter_of(trial / epoch, static_cast<uint32_t>(id / 2), 0, core::Purpose::rotation), key);
    if (random.pair(static_cast<int>(id % 2)) / p_fixed == trial % epoch)
      flips.push_back(static_cast<BitId>(id));
  }
  return flips;
}

using Draw = std::vector<BitId> (*)(uint64_t key, uint64_t num_bits, uint64_t p_fixed, uint64_t trial);

void expect_draws(Design design, const char* rate, int num_bits, Draw draw) {
  const BitSpace space(testing::model_of_bits(num_bits));
  const FaultSpec faults = spec_of(FaultModel::bernoulli, design, rate);
  FaultSampler sampler(space, faults, {});
  const uint64_t key = stream_key(space, faults), p_fixed = faults.bit_error_rate.times_two_to_64();
  for (uint64_t begin : {uint64_t{0}, uint64_t{996}, (uint64_t{1} << 32) - 2}) {
    const FaultBatch batch = sampler.sample(begin, begin + 40);
    for (uint64_t trial = begin; trial < begin + 40; ++trial) {
      const auto found = batch.flips(trial);
      ASSERT_EQ(std::vector<BitId>(found.begin(), found.end()), draw(key, space.size(), p_fixed, trial))
          << num_bits << " bits, rate " << rate << ", trial " << trial;
    }
  }
}

TEST(SamplerDraws, IndependentFlipsAreCores) {
  for (int num_bits : {1, 63, 64, 65, 4095, 4096, 4097, 8191, 12345, 26334}) {
    for (const char* rate : {"1e-7", "0.0001", "0.001", "0.01", "0.1", "0.3", "0.5", "0.7", "0.999"})
      ASSERT_NO_FATAL_FAILURE(expect_draws(Design::independent, rate, num_bits, independent_flips));
  }
}

TEST(SamplerDraws, RotationFlipsWhereTheQuotientIsTheTrial) {
  for (int num_bits : {1, 2, 63, 1023, 1024, 1025, 5001}) {
    for (const char* rate : {"1e-19", "1e-7", "0.0009765625", "0.001", "0.0625", "0.07", "0.1"})
      ASSERT_NO_FATAL_FAILURE(expect_draws(Design::rotation, rate, num_bits, rotation_flips));
  }
}

struct Stream {
  FaultModel model;
  Design design;
  const char* rate;
};

void PrintTo(const Stream& stream, std::ostream* out) {
  *out << name_of(stream.model) << ", " << name_of(stream.design) << ", BER " << stream.rate;
}

class SamplerThreads : public ::testing::TestWithParam<Stream> {};

/// Ranges with work enough for three threads and ragged against blocks, epochs and passes, and short ones.
TEST_P(SamplerThreads, ChangeNoList) {
  constexpr int kBits = 200'003;
  const BitSpace space(testing::model_of_bits(kBits));
  auto rank = std::make_shared<std::vector<uint32_t>>(space.size());
  for (uint64_t id = 0; id < space.size(); ++id) (*rank)[id] = static_cast<uint32_t>(id * 37 % space.size());
  for (const char* fraction : {"0", "0.4"}) {
    const Protection protection{UnitDecimal::parse(fraction, "protection"), rank};
    const FaultSpec faults = spec_of(GetParam().model, GetParam().design, GetParam().rate);
    FaultSampler one(space, faults, protection), two(space, faults, protection, 2),
        three(space, faults, protection, 3);
    for (auto [begin, end] : {std::pair{17u, 138u}, {138u, 139u}, {139u, 301u}, {5u, 5u}, {3u, 9u}}) {
      const FaultBatch expected = one.sample(begin, end);
      for (FaultSampler* sampler : {&two, &three}) {
        const FaultBatch found = sampler->sample(begin, end);
        ASSERT_EQ(found.offset, expected.offset) << begin << " to " << end;
        ASSERT_EQ(found.bits, expected.bits) << begin << " to " << end;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Each, SamplerThreads,
                         ::testing::Values(Stream{FaultModel::bernoulli, Design::independent, "0.0001"},
                                           Stream{FaultModel::bernoulli, Design::independent, "0.02"},
                                           Stream{FaultModel::bernoulli, Design::rotation, "0.001"},
                                           Stream{FaultModel::bernoulli, Design::rotation, "0.03"},
                                           Stream{FaultModel::exact, Design::independent, "0.03"},
                                           Stream{FaultModel::coverage, Design::independent, "0.03"}));

}  // namespace
}  // namespace netsurf
