// The draws of rankings against their addresses in docs/rankings.md.
#include "engine/rank/draws.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "kernels/core/philox.h"

namespace netsurf {
namespace {

uint64_t draw_at(uint64_t key, uint64_t trial, uint32_t i) {
  core::PhiloxBlock counter = core::counter_of(trial, i / 2, 0, core::Purpose::ranking);
  return core::philox(counter, key).pair(static_cast<int>(i & 1));
}

TEST(RankingDraws, EveryDrawStandsAtItsAddress) {
  for (uint64_t trial : {0, 3}) {
    for (size_t count : {0, 1, 2, 1001}) {
      std::vector<uint64_t> draws = ranking_draws(99, count, trial);
      ASSERT_EQ(draws.size(), count);
      for (uint32_t i = 0; i < count; ++i) ASSERT_EQ(draws[i], draw_at(99, trial, i)) << trial << " " << i;
    }
  }
}

TEST(RankingDraws, TheLowestAreThoseOfASortedList) {
  std::vector<std::pair<uint64_t, uint32_t>> all;
  for (uint32_t i = 0; i < 1001; ++i) all.emplace_back(draw_at(5, 0, i), i);
  std::sort(all.begin(), all.end());
  for (size_t wanted : {0, 1, 400, 1000, 1001}) {
    std::vector<uint32_t> expected;
    for (size_t place = 0; place < wanted; ++place) expected.push_back(all[place].second);
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(lowest_draws(5, 1001, wanted), expected) << wanted;
  }
}

}  // namespace
}  // namespace netsurf
