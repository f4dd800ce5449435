#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/cpu/packed.h"
#include "tests/support/random.h"

namespace netsurf::cpu {
namespace {

/// Whether the byte pairs of all differences add up within 16 bits with the codes that make them largest, and
/// with those that make them smallest.
bool add_up(std::span<const Correction> part, int32_t max_code) {
  for (int pair = 0; pair < 2; ++pair) {
    int64_t largest = 0, smallest = 0;
    for (const Correction& each : part) {
      for (int byte = 2 * pair; byte < 2 * pair + 2; ++byte) {
        int64_t product =
            int64_t{max_code} * static_cast<int8_t>(static_cast<uint32_t>(each.difference) >> (8 * byte));
        (product > 0 ? largest : smallest) += product;
      }
    }
    if (largest > INT16_MAX || smallest < INT16_MIN) return false;
  }
  return true;
}

/// Whether so many parts do.
bool suffice(std::span<const Correction> all, int32_t parts, int32_t max_code) {
  size_t number = static_cast<size_t>(parts), length = (all.size() + number - 1) / number;
  for (size_t i = 0; i < all.size(); i += length) {
    if (!add_up(all.subspan(i, std::min(length, all.size() - i)), max_code)) return false;
  }
  return true;
}

/// Most of them by one flip, as faults make them.
std::vector<Correction> draw(testing::Random& random) {
  std::vector<Correction> all;
  int highest_bit = random.pick(0, 6), several = random.of<int>({0, 5, 60});
  for (int i = random.pick(0, 60); i > 0; --i) {
    uint32_t difference = 0;
    do {
      int value = 1 << random.pick(0, highest_bit);
      difference |= (static_cast<uint32_t>(random.chance(50) ? value : -value) & 0xFFu)
                    << (8 * random.pick(0, 3));
    } while (random.chance(several));
    all.push_back({i, static_cast<int32_t>(difference)});
  }
  return all;
}

TEST(PartsThatFit, AreTheFewestThatAddUpWithin16Bits) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    SCOPED_TRACE("case " + std::to_string(seed));
    testing::Random random(seed);
    std::vector<Correction> all = draw(random);
    int32_t max_code = random.of<int>({255, 255, 128, 63, 1}), parts = parts_that_fit(all, max_code);
    bool each_fits = std::all_of(all.begin(), all.end(), [&](const Correction& one) {
      return add_up({&one, 1}, max_code);
    });
    ASSERT_EQ(parts > 0, each_fits);
    if (parts == 0) continue;
    ASSERT_TRUE(suffice(all, parts, max_code));
    for (int32_t fewer = 1; fewer < parts; ++fewer) ASSERT_FALSE(suffice(all, fewer, max_code));
  }
}

TEST(PartsThatFit, AreExactAtTheEdge) {
  std::vector<Correction> all(2, Correction{0, 64});
  EXPECT_EQ(parts_that_fit(all, 255), 1);  // 128 x 255 = 32640
  all.push_back({0, 1 << 8});
  EXPECT_EQ(parts_that_fit(all, 255), 2);  // 129 x 255
  all[2].difference = 1 << 16;
  EXPECT_EQ(parts_that_fit(all, 255), 1);  // of the other pair
  all[2].difference = 0xFF;
  EXPECT_EQ(parts_that_fit(all, 255), 1);  // below zero
  all[2].difference = 127 | 127 << 8;
  EXPECT_EQ(parts_that_fit(all, 255), 0);
  EXPECT_EQ(parts_that_fit({}, 255), 1);
}

}  // namespace
}  // namespace netsurf::cpu
