// Counts and flips of many blocks at once against core/mask.h, block by block.
#include "kernels/cpu/mask.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "tests/support/random.h"

namespace netsurf::cpu {
namespace {

using core::kBlockBits;

struct Table {
  std::vector<uint64_t> thresholds;
  std::array<uint16_t, kGuideSize> guide{};

  explicit Table(std::vector<uint64_t> values) : thresholds(std::move(values)) {
    std::sort(thresholds.begin(), thresholds.end());
    make_guide(thresholds, guide);
  }
  CountTable view() const { return {thresholds, guide}; }
  uint32_t count(uint64_t uniform) const {
    return core::count_from_table(thresholds.data(), static_cast<uint32_t>(thresholds.size()), uniform);
  }
};

/// `crowded`: all thresholds share their leading bits, so that one place of the guide holds them all.
Table random_table(testing::Random& random, uint32_t size, bool crowded) {
  std::vector<uint64_t> thresholds(size);
  for (uint64_t& each : thresholds)
    each = crowded ? (uint64_t{5} << 61) + (random.bits() >> 20) : random.bits();
  return Table(std::move(thresholds));
}

TEST(DrawCounts, AreTheTablesForEveryBlockAndTrial) {
  testing::Random random(2);
  std::vector<Table> tables;
  tables.emplace_back(std::vector<uint64_t>{});
  tables.emplace_back(std::vector<uint64_t>(kBlockBits, 0));
  tables.emplace_back(std::vector<uint64_t>{0, 0, ~uint64_t{0}});
  for (uint32_t size : {1u, 7u, 100u, kBlockBits}) {
    tables.push_back(random_table(random, size, false));
    tables.push_back(random_table(random, size, true));
  }
  for (const Table& full : tables) {
    for (uint64_t num_bits :
         {uint64_t{1}, uint64_t{4095}, uint64_t{4096}, uint64_t{4097}, uint64_t{301'056}}) {
      const Table& last = random.of(tables);
      const BlockedBits space{num_bits};
      const uint64_t key = random.bits(), begin = random.of<uint64_t>({0, 77, (uint64_t{1} << 32) - 2});
      const uint64_t num_trials = num_bits > 5000 ? 20 : 1100;
      std::vector<uint16_t> counts(num_trials * space.num_blocks(), 9999);
      draw_counts(key, space, full.view(), last.view(), begin, num_trials, counts.data());
      for (uint64_t i = 0; i < counts.size(); ++i) {
        const auto block = static_cast<uint32_t>(i % space.num_blocks());
        const uint64_t uniform =
            core::philox(
                core::counter_of(begin + i / space.num_blocks(), block, 0, core::Purpose::flip_count), key)
                .pair(0);
        const Table& table = space.size(block) == kBlockBits ? full : last;
        ASSERT_EQ(counts[i], table.count(uniform)) << num_bits << " bits, count " << i;
      }
    }
  }
}

/// The bits of one trial as core/mask.h draws them.
void append_trial(uint64_t key, BlockedBits space, uint64_t trial, const uint16_t* counts,
                  std::vector<uint32_t>& bits) {
  for (uint32_t block = 0; block < space.num_blocks(); ++block) {
    uint64_t mask[core::kBlockWords];
    core::draw_positions(key, trial, block, space.size(block), counts[block], mask);
    for (uint32_t position = 0; position < kBlockBits; ++position) {
      if ((mask[position / 64] >> (position % 64) & 1) != 0) bits.push_back(block * kBlockBits + position);
    }
  }
}

void expect_flips_of_core(uint64_t key, BlockedBits space, uint64_t begin, uint64_t num_trials,
                          const std::vector<uint16_t>& counts) {
  constexpr uint32_t kUntouched = 0xDEADBEEF;
  std::vector<uint32_t> expected;
  for (uint64_t t = 0; t < num_trials; ++t)
    append_trial(key, space, begin + t, counts.data() + t * space.num_blocks(), expected);
  std::vector<uint32_t> found(expected.size() + 70, kUntouched);
  draw_flips(key, space, begin, num_trials, counts.data(), std::span(found).first(expected.size()));
  ASSERT_TRUE(std::equal(expected.begin(), expected.end(), found.begin()))
      << space.num_bits << " bits from trial " << begin << ", first count " << counts[0];
  for (size_t i = expected.size(); i < found.size(); ++i) ASSERT_EQ(found[i], kUntouched);
}

TEST(DrawFlips, AreCoresForEverySizeAndCount) {
  testing::Random random(3);
  for (uint32_t size : {1u, 2u, 3u, 63u, 64u, 65u, 127u, 1000u, 4095u, 4096u}) {
    std::vector<uint32_t> wanted(std::min(size, 130u) + 1);
    std::iota(wanted.begin(), wanted.end(), 0u);
    for (uint32_t near : {size / 4, size / 2, size - size / 4, size}) {
      for (uint32_t count = near - std::min(near, 3u); count <= std::min(near + 3, size); ++count)
        wanted.push_back(count);
    }
    for (uint32_t count : wanted) {
      const std::vector<uint16_t> counts(4, static_cast<uint16_t>(count));
      ASSERT_NO_FATAL_FAILURE(
          expect_flips_of_core(random.bits(), {size}, random.bits() >> 1, counts.size(), counts));
    }
  }
}

TEST(DrawFlips, AreCoresInSpacesOfManyBlocks) {
  testing::Random random(4);
  for (int round = 0; round < 60; ++round) {
    const BlockedBits space{
        static_cast<uint64_t>(random.between(1, 20) * kBlockBits + random.between(0, 4095))};
    const uint64_t num_trials = static_cast<uint64_t>(random.between(0, 30));
    const int most = random.of<int>({1, 2, 8, 60, 700, 4096});
    std::vector<uint16_t> counts(num_trials * space.num_blocks());
    for (size_t i = 0; i < counts.size(); ++i) {
      uint32_t size = space.size(static_cast<uint32_t>(i % space.num_blocks()));
      counts[i] = static_cast<uint16_t>(random.between(0, std::min<int64_t>(size, most)));
    }
    if (counts.empty()) counts.push_back(0);
    const uint64_t begin = random.of<uint64_t>({0, (uint64_t{1} << 32) - 5, ~uint64_t{0} - 40});
    ASSERT_NO_FATAL_FAILURE(expect_flips_of_core(random.bits(), space, begin, num_trials, counts));
  }
}

}  // namespace
}  // namespace netsurf::cpu
