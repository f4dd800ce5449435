#include "kernels/core/rounding.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <limits>
#include <vector>

#include "tests/support/random.h"

namespace netsurf::core {
namespace {

using Wide = __int128;

struct TieRow {
  Rounding rounding;
  std::array<int, 6> of_ties;      // of 0.5, 1.5, 2.5, -0.5, -1.5, -2.5
  std::array<int, 4> of_quarters;  // of 1.25, 1.75, -1.25, -1.75
};

// docs/numbers.md in numbers. Seven of the rows are what the fixed-point types of high-level synthesis give
// for TRN, TRN_ZERO, RND, RND_ZERO, RND_INF, RND_MIN_INF and RND_CONV.
const std::vector<TieRow> kTies = {
    {Rounding::floor, {0, 1, 2, -1, -2, -3}, {1, 1, -2, -2}},
    {Rounding::to_zero, {0, 1, 2, 0, -1, -2}, {1, 1, -1, -1}},
    {Rounding::half_up, {1, 2, 3, 0, -1, -2}, {1, 2, -1, -2}},
    {Rounding::half_to_zero, {0, 1, 2, 0, -1, -2}, {1, 2, -1, -2}},
    {Rounding::half_away, {1, 2, 3, -1, -2, -3}, {1, 2, -1, -2}},
    {Rounding::half_down, {0, 1, 2, -1, -2, -3}, {1, 2, -1, -2}},
    {Rounding::half_even, {0, 2, 2, 0, -2, -2}, {1, 2, -1, -2}},
    {Rounding::ceil, {1, 2, 3, 0, -1, -2}, {2, 2, -1, -1}},
    {Rounding::away, {1, 2, 3, -1, -2, -3}, {2, 2, -2, -2}},
};

/// x / 2^shift by looking at the two whole numbers around it.
Wide chosen(Wide x, int shift, Rounding rounding) {
  Wide divisor = Wide{1} << shift;
  Wide below = x / divisor;
  if (below * divisor > x) --below;
  if (below * divisor == x) return below;
  Wide above = below + 1;
  Wide toward = x > 0 ? below : above, away = x > 0 ? above : below;
  Wide to_below = x - below * divisor, to_above = above * divisor - x;
  Wide nearest = to_below < to_above ? below : above;
  bool is_tie = to_below == to_above;
  switch (rounding) {
    case Rounding::half_even:
      return is_tie ? (below % 2 == 0 ? below : above) : nearest;
    case Rounding::half_away:
      return is_tie ? away : nearest;
    case Rounding::half_to_zero:
      return is_tie ? toward : nearest;
    case Rounding::half_up:
      return is_tie ? above : nearest;
    case Rounding::half_down:
      return is_tie ? below : nearest;
    case Rounding::floor:
      return below;
    case Rounding::ceil:
      return above;
    case Rounding::to_zero:
      return toward;
    case Rounding::away:
      return away;
  }
  return 0;
}

TEST(Rounding, TheTableOfTies) {
  ASSERT_EQ(kTies.size(), kRoundingNames.size());
  constexpr std::array kHalves = {1, 3, 5, -1, -3, -5};
  constexpr std::array kQuarters = {5, 7, -5, -7};
  for (const TieRow& row : kTies) {
    for (size_t i = 0; i < kHalves.size(); ++i) {
      EXPECT_EQ(round_shift_right(kHalves[i], 1, row.rounding), row.of_ties[i])
          << name_of(row.rounding) << " of " << kHalves[i] << "/2";
      EXPECT_EQ(round_shift_right(int64_t{kHalves[i]} * 1024, 11, row.rounding), row.of_ties[i]);
    }
    for (size_t i = 0; i < kQuarters.size(); ++i) {
      EXPECT_EQ(round_shift_right(kQuarters[i], 2, row.rounding), row.of_quarters[i])
          << name_of(row.rounding) << " of " << kQuarters[i] << "/4";
    }
  }
}

TEST(Rounding, SmallNumbersByTheDefinition) {
  for (const TieRow& row : kTies) {
    for (int32_t x = -300; x <= 300; ++x) {
      for (int shift = 0; shift <= 11; ++shift) {
        ASSERT_EQ(round_shift_right(x, shift, row.rounding),
                  static_cast<int32_t>(chosen(x, shift, row.rounding)))
            << name_of(row.rounding) << " " << x << " >> " << shift;
      }
    }
  }
}

TEST(Rounding, LargeNumbersAndEveryShift) {
  testing::Random random(8);
  for (int i = 0; i < 4000; ++i) {
    int64_t x = random.between(1 - (int64_t{1} << 62), (int64_t{1} << 62) - 1) >> random.pick(0, 61);
    if (random.chance(30)) x = (x >> 20) << 20;
    int shift = random.pick(0, 63);
    auto narrow = static_cast<int32_t>(x >> 31);
    int narrow_shift = random.pick(0, 31);
    for (const TieRow& row : kTies) {
      ASSERT_EQ(round_shift_right(x, shift, row.rounding),
                static_cast<int64_t>(chosen(x, shift, row.rounding)))
          << name_of(row.rounding) << " " << x << " >> " << shift;
      ASSERT_EQ(round_shift_right(narrow, narrow_shift, row.rounding),
                static_cast<int32_t>(chosen(narrow, narrow_shift, row.rounding)))
          << name_of(row.rounding) << " " << narrow << " >> " << narrow_shift;
    }
  }
  for (const TieRow& row : kTies) {
    for (int64_t x : {int64_t{1} << 62, -(int64_t{1} << 62), std::numeric_limits<int64_t>::max(),
                      std::numeric_limits<int64_t>::min()}) {
      for (int shift = 0; shift <= 63; ++shift)
        ASSERT_EQ(round_shift_right(x, shift, row.rounding),
                  static_cast<int64_t>(chosen(x, shift, row.rounding)));
    }
  }
}

}  // namespace
}  // namespace netsurf::core
