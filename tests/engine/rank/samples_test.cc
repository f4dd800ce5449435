// Which samples rankers read.
#include "engine/rank/samples.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace netsurf {
namespace {

/// Sample i holds 2 i and 2 i + 1, its label is i, its target 10 i.
Samples numbered(int64_t count) {
  Samples samples;
  samples.shape = {2};
  samples.count = count;
  samples.num_targets = 1;
  for (int32_t i = 0; i < count; ++i) {
    samples.values.push_back(static_cast<float>(2 * i));
    samples.values.push_back(static_cast<float>(2 * i + 1));
    samples.labels.push_back(i);
    samples.targets.push_back(static_cast<float>(10 * i));
  }
  return samples;
}

TEST(RankingSamples, ValuesAnswersAndOrderStayTogether) {
  Samples chosen = choose_samples(numbered(1000), 100);
  ASSERT_EQ(chosen.count, 100);
  ASSERT_EQ(chosen.labels.size(), 100u);
  EXPECT_TRUE(std::is_sorted(chosen.labels.begin(), chosen.labels.end()));
  EXPECT_EQ(std::adjacent_find(chosen.labels.begin(), chosen.labels.end()), chosen.labels.end());
  for (size_t i = 0; i < 100; ++i) {
    auto label = static_cast<float>(chosen.labels[i]);
    EXPECT_EQ(chosen.values[2 * i], 2 * label);
    EXPECT_EQ(chosen.values[2 * i + 1], 2 * label + 1);
    EXPECT_EQ(chosen.targets[i], 10 * label);
  }
}

TEST(RankingSamples, TheyComeFromEverywhereAndAreAlwaysTheSame) {
  Samples chosen = choose_samples(numbered(1000), 100);
  // Of 100 fair draws, 20 and 80 are six standard deviations from the middle.
  auto low = std::count_if(chosen.labels.begin(), chosen.labels.end(), [](int32_t i) { return i < 500; });
  EXPECT_GT(low, 20);
  EXPECT_LT(low, 80);
  EXPECT_EQ(choose_samples(numbered(1000), 100).labels, chosen.labels);
}

TEST(RankingSamples, ASmallerChoiceIsPartOfALargerOne) {
  Samples small = choose_samples(numbered(500), 50), large = choose_samples(numbered(500), 200);
  EXPECT_TRUE(
      std::includes(large.labels.begin(), large.labels.end(), small.labels.begin(), small.labels.end()));
}

TEST(RankingSamples, WhatRemainsIsTheRest) {
  Samples all = numbered(500);
  std::vector<int32_t> both = choose_samples(all, 120).labels, rest = remaining_samples(all, 120).labels;
  EXPECT_EQ(rest.size(), 380u);
  both.insert(both.end(), rest.begin(), rest.end());
  std::sort(both.begin(), both.end());
  EXPECT_EQ(both, all.labels);
  EXPECT_EQ(remaining_samples(all, 500).count, 0);
  EXPECT_EQ(remaining_samples(all, 0).labels, all.labels);
}

TEST(RankingSamples, AskingForAllGivesAll) {
  EXPECT_EQ(choose_samples(numbered(7), 7).labels, numbered(7).labels);
  EXPECT_EQ(choose_samples(numbered(7), 2000).count, 7);
  EXPECT_EQ(choose_samples(numbered(7), 6).count, 6);
}

}  // namespace
}  // namespace netsurf
