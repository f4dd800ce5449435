#include "engine/faults/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "engine/base/error.h"
#include "engine/faults/fault_table.h"
#include "tests/models/expect_error.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

using Bits = std::vector<BitId>;

FaultSpec spec(FaultModel model, const char* rate, Design design = Design::independent, uint64_t seed = 3) {
  return {model, design, UnitDecimal::parse(rate, "rate"), seed, nullptr};
}

FaultSpec table_spec(std::vector<Bits> lists) {
  FaultSpec faults = spec(FaultModel::list, "0");
  faults.table = std::make_shared<FaultTable>(make_fault_table(std::move(lists)));
  return faults;
}

BitSpace space_of(int bits) { return BitSpace(testing::model_of_bits(bits)); }

/// Bit id stands at place (id x 37) mod bits.
Protection protection(const char* fraction, uint64_t bits) {
  auto rank = std::make_shared<std::vector<uint32_t>>(bits);
  for (uint64_t id = 0; id < bits; ++id) (*rank)[id] = static_cast<uint32_t>(id * 37 % bits);
  return {UnitDecimal::parse(fraction, "protection"), rank};
}

Bits flips(FaultSampler& sampler, uint64_t trial) {
  FaultBatch batch = sampler.sample(trial, trial + 1);
  return batch.bits;
}

struct Kind {
  FaultModel model;
  Design design;
  const char* rate;
};
const std::vector<Kind> kKinds = {{FaultModel::bernoulli, Design::independent, "0.02"},
                                  {FaultModel::bernoulli, Design::independent, "0.8"},
                                  {FaultModel::bernoulli, Design::rotation, "0.03"},
                                  {FaultModel::bernoulli, Design::rotation, "0.1"},
                                  {FaultModel::exact, Design::independent, "0.03"},
                                  {FaultModel::coverage, Design::independent, "0.03"}};

TEST(Sampler, RateZeroFlipsNothingAndRateOneEverything) {
  BitSpace space = space_of(5000);
  Bits all(5000);
  std::iota(all.begin(), all.end(), 0u);
  for (FaultModel model : {FaultModel::bernoulli, FaultModel::exact}) {
    FaultSampler none(space, spec(model, "0"), {}), every(space, spec(model, "1"), {});
    for (uint64_t trial : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 40}) {
      EXPECT_TRUE(flips(none, trial).empty());
      EXPECT_EQ(flips(every, trial), all);
    }
    EXPECT_EQ(none.expected_flips(), 0);
    EXPECT_EQ(every.expected_flips(), 5000);
  }
  FaultSampler rotation(space, spec(FaultModel::bernoulli, "0", Design::rotation), {});
  EXPECT_TRUE(rotation.sample(0, 100).bits.empty());
  FaultSampler coverage(space, spec(FaultModel::coverage, "1"), {});
  EXPECT_EQ(flips(coverage, 5), all);
  EXPECT_EQ(coverage.epoch_size(), 1u);
}

TEST(Sampler, ARateTooSmallForSixtyFourBitsFlipsNothing) {
  FaultSampler sampler(space_of(5000), spec(FaultModel::bernoulli, "1e-20"), {});
  EXPECT_TRUE(sampler.sample(0, 2000).bits.empty());
  expect_error<InputError>(
      [] { FaultSampler(space_of(10), spec(FaultModel::bernoulli, "1e-20", Design::rotation), {}); },
      {"too small", "--design independent"});
}

TEST(Sampler, ARateJustBelowOneFlipsEverything) {
  FaultSampler sampler(space_of(5000), spec(FaultModel::bernoulli, "0.999999999999999999"), {});
  EXPECT_EQ(flips(sampler, 0).size(), 5000u);
}

TEST(Sampler, ListsAreSortedWithoutRepeatsAndInRange) {
  for (const Kind& kind : kKinds) {
    FaultSampler sampler(space_of(9000), spec(kind.model, kind.rate, kind.design), {});
    FaultBatch batch = sampler.sample(5, 60);
    for (uint64_t trial = 5; trial < 60; ++trial) {
      auto list = batch.flips(trial);
      ASSERT_TRUE(std::adjacent_find(list.begin(), list.end(), std::greater_equal<>()) == list.end());
      ASSERT_TRUE(list.empty() || list.back() < 9000);
    }
  }
}

TEST(Sampler, AnyCutOfTheTrialsGivesTheSameLists) {
  for (const Kind& kind : kKinds) {
    for (const char* fraction : {"0", "0.4"}) {
      BitSpace space = space_of(4500);
      FaultSampler sampler(space, spec(kind.model, kind.rate, kind.design), protection(fraction, 4500));
      uint64_t first = 17, last = 117;
      FaultBatch whole = sampler.sample(first, last);
      ASSERT_EQ(whole.begin, first);
      ASSERT_EQ(whole.offset.size(), last - first + 1);
      FaultSampler other(space, spec(kind.model, kind.rate, kind.design), protection(fraction, 4500));
      for (uint64_t step : {1u, 7u, 33u, 60u}) {
        // From the end to the start, so that nothing can hang on what was drawn before.
        for (uint64_t end = last; end > first;) {
          uint64_t begin = end - std::min(step, end - first);
          FaultBatch part = other.sample(begin, end);
          for (uint64_t trial = begin; trial < end; ++trial) {
            auto expected = whole.flips(trial), found = part.flips(trial);
            ASSERT_TRUE(std::equal(expected.begin(), expected.end(), found.begin(), found.end())) << trial;
          }
          end = begin;
        }
      }
    }
  }
}

TEST(Sampler, AnEmptyRangeIsAnEmptyBatch) {
  for (const Kind& kind : kKinds) {
    FaultSampler sampler(space_of(100), spec(kind.model, kind.rate, kind.design), {});
    FaultBatch batch = sampler.sample(7, 7);
    EXPECT_TRUE(batch.bits.empty());
    EXPECT_EQ(batch.offset.size(), 1u);
  }
}

TEST(Sampler, TrialsAreSixtyFourBits) {
  FaultSampler sampler(space_of(5000), spec(FaultModel::bernoulli, "0.01"), {});
  EXPECT_NE(flips(sampler, 1), flips(sampler, (uint64_t{1} << 32) + 1));
  EXPECT_NE(flips(sampler, 1), flips(sampler, (uint64_t{1} << 63) + 1));
  uint64_t last = ~uint64_t{0};
  EXPECT_EQ(sampler.sample(last - 3, last).offset.size(), 4u);
}

TEST(Sampler, ProtectionFiltersTheSameMask) {
  BitSpace space = space_of(6000);
  for (const Kind& kind : kKinds) {
    if (kind.model != FaultModel::bernoulli) continue;
    FaultSampler open(space, spec(kind.model, kind.rate, kind.design), {});
    for (const char* fraction : {"0.00001", "0.2", "0.9", "1"}) {
      Protection shield = protection(fraction, 6000);
      FaultSampler sampler(space, spec(kind.model, kind.rate, kind.design), shield);
      uint64_t count = shield.fraction.floor_of(6000);
      EXPECT_EQ(sampler.num_unprotected(), 6000 - count);
      for (uint64_t trial = 0; trial < 10; ++trial) {
        Bits expected;
        for (BitId id : flips(open, trial)) {
          if ((*shield.rank)[id] >= count) expected.push_back(id);
        }
        ASSERT_EQ(flips(sampler, trial), expected);
      }
    }
  }
}

TEST(Sampler, SlicesLeaveProtectedBitsAlone) {
  for (FaultModel model : {FaultModel::exact, FaultModel::coverage}) {
    Protection shield = protection("0.5", 1000);
    FaultSampler sampler(space_of(1000), spec(model, "0.1"), shield);
    EXPECT_EQ(sampler.num_unprotected(), 500u);
    EXPECT_EQ(sampler.epoch_size(), 10u);
    for (uint64_t trial = 0; trial < 25; ++trial) {
      Bits list = flips(sampler, trial);
      EXPECT_EQ(list.size(), 50u);
      for (BitId id : list) EXPECT_GE((*shield.rank)[id], 500u);
    }
  }
}

TEST(Sampler, TheShortSliceOfAPassIsFlagged) {
  FaultSampler coverage(space_of(100), spec(FaultModel::coverage, "0.07"), {});
  EXPECT_EQ(coverage.epoch_size(), 15u);
  for (uint64_t trial = 0; trial < 45; ++trial) {
    EXPECT_EQ(coverage.is_short_slice(trial), trial % 15 == 14) << trial;
    EXPECT_EQ(flips(coverage, trial).size(), trial % 15 == 14 ? 2u : 7u);
  }
  FaultSampler exact(space_of(100), spec(FaultModel::exact, "0.07"), {});
  EXPECT_EQ(exact.epoch_size(), 14u);
  for (uint64_t trial = 0; trial < 30; ++trial) {
    EXPECT_FALSE(exact.is_short_slice(trial));
    EXPECT_EQ(flips(exact, trial).size(), 7u);
  }
  FaultSampler even(space_of(100), spec(FaultModel::coverage, "0.1"), {});
  for (uint64_t trial = 0; trial < 10; ++trial) EXPECT_FALSE(even.is_short_slice(trial));
}

TEST(Sampler, ExactRoundsHalvesToEvenAndMayFlipNothing) {
  EXPECT_EQ(FaultSampler(space_of(25), spec(FaultModel::exact, "0.1"), {}).expected_flips(), 2);
  EXPECT_EQ(FaultSampler(space_of(35), spec(FaultModel::exact, "0.1"), {}).expected_flips(), 4);
  FaultSampler none(space_of(10), spec(FaultModel::exact, "0.01"), {});
  EXPECT_TRUE(none.sample(0, 10).bits.empty());
  EXPECT_EQ(none.epoch_size(), 1u);
}

TEST(Sampler, EpochSizes) {
  auto epoch = [](const char* rate) {
    return FaultSampler(space_of(10), spec(FaultModel::bernoulli, rate, Design::rotation), {}).epoch_size();
  };
  EXPECT_EQ(epoch("0.1"), 9u);  // P is rounded up, so ten times P is more than 2^64
  EXPECT_EQ(epoch("0.05"), 19u + (UnitDecimal::parse("0.05", "").times_two_to_64() * 20 == 0 ? 1 : 0));
  EXPECT_EQ(epoch("0.0625"), 16u);
  EXPECT_EQ(epoch("1e-19"), uint64_t{1} << 63);
  EXPECT_THROW(epoch("5e-20"), InputError);  // one trial in 2^64: an epoch no 64-bit number can count
  EXPECT_EQ(FaultSampler(space_of(10), spec(FaultModel::bernoulli, "0.1"), {}).epoch_size(), 1u);
}

TEST(Sampler, DifferentSeedsRatesAndModelsAreDifferentStreams) {
  BitSpace space = space_of(5000);
  std::vector<Bits> lists;
  for (uint64_t seed : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 32, ~uint64_t{0}}) {
    FaultSampler sampler(space, spec(FaultModel::exact, "0.01", Design::independent, seed), {});
    lists.push_back(flips(sampler, 0));
  }
  FaultSampler coverage(space, spec(FaultModel::coverage, "0.01", Design::independent, 0), {});
  lists.push_back(flips(coverage, 0));
  std::sort(lists.begin(), lists.end());
  EXPECT_TRUE(std::adjacent_find(lists.begin(), lists.end()) == lists.end());
}

TEST(Sampler, GivenListsAreTheFlipsAndEndWithTheTable) {
  FaultSampler sampler(space_of(10), table_spec({{3, 1}, {}, {9}}), protection("0.1", 10));
  EXPECT_EQ(flips(sampler, 0), (Bits{1, 3}));
  EXPECT_TRUE(flips(sampler, 1).empty());
  EXPECT_EQ(flips(sampler, 2), (Bits{9}));
  EXPECT_EQ(sampler.epoch_size(), 3u);
  EXPECT_EQ(sampler.expected_flips(), 1.0);
  expect_error<InputError>([&] { sampler.sample(2, 4); }, {"trial 3", "3 fault lists"});
  FaultSampler shielded(space_of(10), table_spec({{0, 3}}), protection("0.1", 10));
  EXPECT_EQ(flips(shielded, 0), (Bits{3}));  // bit 0 is first in the ranking
}

TEST(Sampler, WhatCannotBeDrawnIsRefused) {
  auto refused = [](const FaultSpec& faults, const Protection& shield,
                    std::initializer_list<std::string_view> pieces) {
    expect_error<InputError>([&] { FaultSampler(space_of(100), faults, shield); }, pieces);
  };
  refused(spec(FaultModel::bernoulli, "0.2", Design::rotation), {},
          {"rotation", "above", "0.1", "0.2", "--design independent"});
  refused(spec(FaultModel::bernoulli, "0.100000001", Design::rotation), {}, {"rotation"});
  refused(spec(FaultModel::bernoulli, "1", Design::rotation), {}, {"rotation"});
  refused(spec(FaultModel::exact, "0.05", Design::rotation), {}, {"rotation", "bernoulli", "exact"});
  refused(spec(FaultModel::coverage, "0.004"), {}, {"coverage", "0.004", "100", "larger"});
  refused(spec(FaultModel::coverage, "0"), {}, {"coverage"});
  refused(spec(FaultModel::coverage, "0.5"), protection("1", 100), {"coverage"});
  refused(spec(FaultModel::list, "0"), {}, {"needs fault lists"});
  refused(table_spec({}), {}, {"needs fault lists"});
  refused(table_spec({{1}, {100}}), {}, {"fault list 1", "bit 100", "0 to 99"});
  Protection unranked{UnitDecimal::parse("0.5", "protection"), nullptr};
  refused(spec(FaultModel::bernoulli, "0.5"), unranked,
          {"protection 0.5", "ranking of 100 bits", "netsurf rank"});
  refused(spec(FaultModel::bernoulli, "0.5"), protection("0.5", 99), {"found 99"});
}

TEST(Sampler, ProtectionThatRoundsToNoBitNeedsNoRanking) {
  Protection tiny{UnitDecimal::parse("0.009", "protection"), nullptr};
  EXPECT_EQ(FaultSampler(space_of(100), spec(FaultModel::bernoulli, "0.5"), tiny).num_unprotected(), 100u);
}

TEST(Sampler, ASpaceWithoutBitsGivesCleanTrials) {
  BitSpace empty(Model::build("input", {testing::input_layer({2}, Format{8, 0, true})}, {}));
  for (const Kind& kind : kKinds) {
    if (kind.model == FaultModel::coverage) continue;
    FaultSampler sampler(empty, spec(kind.model, kind.rate, kind.design), {});
    EXPECT_TRUE(sampler.sample(0, 20).bits.empty());
  }
  EXPECT_TRUE(FaultSampler(empty, spec(FaultModel::bernoulli, "1"), {}).sample(0, 3).bits.empty());
}

TEST(FaultNames, ReadBackAndSuggest) {
  for (FaultModel model : {FaultModel::bernoulli, FaultModel::exact, FaultModel::coverage, FaultModel::list})
    EXPECT_EQ(parse_fault_model(name_of(model)), model);
  for (Design design : {Design::independent, Design::rotation})
    EXPECT_EQ(parse_design(name_of(design)), design);
  expect_error<InputError>([] { parse_fault_model("bernouli"); }, {"did you mean \"bernoulli\""});
  expect_error<InputError>([] { parse_design("rotatoin"); }, {"did you mean \"rotation\"", "independent"});
}

}  // namespace
}  // namespace netsurf
