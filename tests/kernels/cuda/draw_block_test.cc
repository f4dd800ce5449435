// The device's drawing of a block, run on the host, against kernels/core/mask.h.
#include "kernels/cuda/draw_block.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/random.h"

namespace netsurf::cuda {
namespace {

constexpr uint32_t kStride = 5;
constexpr uint32_t kUntouched = 0xA5A5A5A5;

/// A mask that lies among others of no concern to it.
struct Mask {
  std::vector<uint32_t> memory = std::vector<uint32_t>(kMaskWords * kStride, kUntouched);
  StridedWords words{memory.data() + 2, kStride};
};

void expect_block(uint64_t key, uint64_t trial, uint32_t block, uint32_t size, uint32_t count) {
  Mask mask;
  draw_block(key, trial, block, size, count, mask.words);
  uint64_t expected[core::kBlockWords];
  core::draw_positions(key, trial, block, size, count, expected);
  for (uint32_t w = 0; w < (size + 31) / 32; ++w) {
    ASSERT_EQ(mask.words[w], static_cast<uint32_t>(expected[w / 2] >> (32 * (w & 1))))
        << "word " << w << " of " << count << " among " << size;
  }
  for (size_t i = 0; i < mask.memory.size(); ++i) {
    if (i % kStride != 2) {
      ASSERT_EQ(mask.memory[i], kUntouched) << "another thread's word " << i;
    }
  }
}

TEST(DrawBlock, MarksThePositionsOfTheCore) {
  const uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  testing::Random random(seed);
  for (uint32_t size : {1u, 2u, 31u, 32u, 33u, 63u, 64u, 65u, 100u, 1000u, 2048u, 4064u, 4095u, 4096u}) {
    std::vector<uint32_t> counts = {0, 1, size / 2, size / 2 + 1, size - 1, size};
    for (int i = 0; i < 4; ++i) counts.push_back(static_cast<uint32_t>(random.between(0, size)));
    for (uint32_t count : counts) {
      if (count > size) continue;
      expect_block(random.bits(), random.bits(), static_cast<uint32_t>(random.bits()), size, count);
      if (HasFatalFailure()) return;
    }
  }
  for (uint32_t size = 1; size <= 70; ++size) {
    for (uint32_t count = 0; count <= size; ++count) {
      expect_block(random.bits(), random.bits(), 7, size, count);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(DrawBlock, BlocksEndWithTheSpace) {
  BlockDraws draws;
  draws.num_bits = 2 * uint64_t{core::kBlockBits} + 7;
  EXPECT_EQ(draws.num_blocks(), 3u);
  EXPECT_EQ(draws.size(0), core::kBlockBits);
  EXPECT_EQ(draws.size(1), core::kBlockBits);
  EXPECT_EQ(draws.size(2), 7u);
  draws.num_bits = (uint64_t{1} << 32) - 1;
  EXPECT_EQ(draws.num_blocks(), 1u << 20);
  EXPECT_EQ(draws.size((1u << 20) - 1), core::kBlockBits - 1);
}

TEST(DrawBlock, ImmuneAreThoseRankedFirst) {
  const std::vector<uint32_t> rank = {2, 0, 1, 3};
  const Immune two{rank.data(), 2};
  EXPECT_FALSE(two(0));
  EXPECT_TRUE(two(1));
  EXPECT_TRUE(two(2));
  EXPECT_FALSE(two(3));
  EXPECT_FALSE(Immune{}(0));
}

}  // namespace
}  // namespace netsurf::cuda
