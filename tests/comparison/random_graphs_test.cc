#include "tests/comparison/random_graphs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/random.h"
#include "tests/support/random_model.h"

namespace netsurf::naive {
namespace {

TEST(RandomGraphs, AHundredHaveTheReferencesOutcomesOnTheCpu) {
  uint64_t seed = testing::test_seed();
  Tally tally;
  auto backend = make_cpu_backend();
  EXPECT_EQ(compare_graphs(*backend, seed, 100, Plant::none, tally), "");
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed) + " " + tally.text());
  EXPECT_EQ(tally.kinds.missing(), "");
  EXPECT_LT(tally.refused, tally.graphs);
  EXPECT_GT(tally.wide_layers, 0);
  EXPECT_GT(tally.shared, 0);
  EXPECT_GT(tally.pruned, 0);
  EXPECT_GT(tally.changed, 0);
  RecordProperty("met", tally.text());
}

/// Each mistake but short_exp, which shows in one unit of one loss in a hundred networks: losses_test.cc has
/// it.
class PlantedMistake : public ::testing::TestWithParam<int> {};

TEST_P(PlantedMistake, IsNoticedInTheOutcomes) {
  uint64_t seed = testing::test_seed();
  Tally tally;
  auto backend = make_cpu_backend();
  EXPECT_THAT(compare_graphs(*backend, seed, 1000, static_cast<Plant>(GetParam()), tally),
              ::testing::HasSubstr("found {"))
      << "NETSURF_TEST_SEED=" << seed;
}

INSTANTIATE_TEST_SUITE_P(Each, PlantedMistake, ::testing::Range(1, static_cast<int>(Plant::short_exp)));

TEST(RandomGraphs, LayersInAnotherOrderAreTheSameModel) {
  uint64_t seed = testing::test_seed();
  testing::Random random(seed);
  for (int i = 0; i < 300; ++i) {
    testing::Draft draft = testing::random_draft(random);
    if (draft.may_be_too_wide) continue;
    Model model = testing::build(draft), other = testing::build(testing::shuffled(draft, random));
    ASSERT_EQ(model.digest(), other.digest()) << "NETSURF_TEST_SEED=" << seed << " graph " << i;
    ASSERT_EQ(BitSpace(model).digest(), BitSpace(other).digest());
  }
}

}  // namespace
}  // namespace netsurf::naive
