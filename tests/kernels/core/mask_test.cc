#include "kernels/core/mask.h"

#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <vector>

#include "kernels/core/philox.h"
#include "tests/support/random.h"

namespace netsurf::core {
namespace {

TEST(Philox, KnownAnswersOfDocsReproducibility) {
  PhiloxBlock zero = philox({{0, 0, 0, 0}}, 0);
  EXPECT_EQ(zero.word[0], 0x6627e8d5u);
  EXPECT_EQ(zero.word[1], 0xe169c58du);
  EXPECT_EQ(zero.word[2], 0xbc57ac4cu);
  EXPECT_EQ(zero.word[3], 0x9b00dbd8u);
  PhiloxBlock pi = philox({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0x299f31d0a4093822);
  EXPECT_EQ(pi.word[0], 0xd16cfe09u);
  EXPECT_EQ(pi.word[1], 0x94fdccebu);
  EXPECT_EQ(pi.word[2], 0x5001e420u);
  EXPECT_EQ(pi.word[3], 0x24126ea1u);
  EXPECT_EQ(pi.pair(0), 0x94fdccebd16cfe09u);
  EXPECT_EQ(pi.pair(1), 0x24126ea15001e420u);
}

TEST(Philox, TheCounterHoldsEveryPartOfTheAddress) {
  PhiloxBlock counter = counter_of(0x1122334455667788, 0x99aabbcc, 0xddeeff, Purpose::slice_order);
  EXPECT_EQ(counter.word[0], 0x55667788u);
  EXPECT_EQ(counter.word[1], 0x11223344u);
  EXPECT_EQ(counter.word[2], 0x99aabbccu);
  EXPECT_EQ(counter.word[3], 0x04ddeeffu);
}

TEST(CountFromTable, IsTheNumberOfThresholdsReached) {
  testing::Random random(1);
  for (int round = 0; round < 300; ++round) {
    std::vector<uint64_t> table;
    for (int i = random.pick(0, 40); i > 0; --i) table.push_back(random.bits() >> random.pick(0, 63));
    std::sort(table.begin(), table.end());
    if (table.size() > 3 && random.chance(50)) table[1] = table[2];
    std::vector<uint64_t> probes = {0, 1, ~uint64_t{0}, random.bits()};
    for (uint64_t threshold : table) {
      probes.insert(probes.end(), {threshold, threshold - 1, threshold + 1});
    }
    for (uint64_t uniform : probes) {
      uint32_t expected = 0;
      for (uint64_t threshold : table) expected += threshold <= uniform ? 1 : 0;
      ASSERT_EQ(count_from_table(table.data(), static_cast<uint32_t>(table.size()), uniform), expected);
    }
  }
  EXPECT_EQ(count_from_table(nullptr, 0, ~uint64_t{0}), 0u);
}

std::vector<uint32_t> positions(const uint64_t* mask) {
  std::vector<uint32_t> all;
  for (uint32_t p = 0; p < kBlockBits; ++p) {
    if ((mask[p / 64] >> (p % 64) & 1) != 0) all.push_back(p);
  }
  return all;
}

TEST(DrawPositions, AreDistinctAndInRangeForEverySize) {
  testing::Random random(2);
  for (uint32_t size = 1; size <= kBlockBits; ++size) {
    std::set<uint32_t> counts = {
        0, 1, size / 2, size / 2 + 1, size - 1, size, static_cast<uint32_t>(random.between(0, size))};
    if (size > 300 && size % 97 != 0 && size < kBlockBits - 2) counts = {size / 2 + 1};
    for (uint32_t count : counts) {
      if (count > size) continue;
      uint64_t mask[kBlockWords];
      for (uint64_t& word : mask) word = random.bits();  // what stood there must not matter
      draw_positions(17, size, 3, size, count, mask);
      uint32_t set = 0;
      for (uint64_t word : mask) set += static_cast<uint32_t>(std::popcount(word));
      ASSERT_EQ(set, count) << "of " << size;
      std::vector<uint32_t> all = positions(mask);
      ASSERT_TRUE(all.empty() || all.back() < size) << count << " of " << size;
    }
  }
}

TEST(DrawPositions, AboveHalfFullTheHolesAreThePositionsOfTheRest) {
  for (uint32_t size : {3u, 64u, 65u, 127u, 128u, 1000u, 4095u, 4096u}) {
    for (uint32_t holes : {1u, size / 3, (size - 1) / 2}) {
      uint64_t sparse[kBlockWords], dense[kBlockWords];
      draw_positions(5, 9, 1, size, holes, sparse);
      draw_positions(5, 9, 1, size, size - holes, dense);
      for (uint32_t p = 0; p < size; ++p) {
        ASSERT_NE(sparse[p / 64] >> (p % 64) & 1, dense[p / 64] >> (p % 64) & 1) << p << " of " << size;
      }
    }
  }
}

TEST(DrawPositions, FollowThePageWordByWord) {
  // 3 of 1000: values at or above 65000 skipped, then value mod 1000, repeats skipped.
  uint64_t mask[kBlockWords];
  for (uint64_t trial = 0; trial < 200; ++trial) {
    draw_positions(123, trial, 7, 1000, 3, mask);
    std::set<uint32_t> expected;
    for (uint32_t draw = 0; expected.size() < 3; ++draw) {
      PhiloxBlock block = philox({{static_cast<uint32_t>(trial), 0, 7, (2u << 24) + draw}}, 123);
      for (uint32_t word : block.word) {
        for (uint32_t value : {word & 0xFFFF, word >> 16}) {
          if (value < 65000 && expected.size() < 3) expected.insert(value % 1000);
        }
      }
    }
    std::vector<uint32_t> found = positions(mask);
    ASSERT_EQ(std::set<uint32_t>(found.begin(), found.end()), expected) << "trial " << trial;
  }
}

}  // namespace
}  // namespace netsurf::core
