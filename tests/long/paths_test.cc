// Every path has the plain path's outcomes on thousands of random networks, data sets and plans.
#include <gtest/gtest.h>

#include <string>

#include "tests/comparison/random_paths.h"

namespace netsurf::testing {
namespace {

void expect_plain_outcomes(int64_t networks, int max_samples) {
  PathTally tally;
  EXPECT_EQ(compare_paths(test_seed(), networks, max_samples, tally), "");
  EXPECT_EQ(tally.networks, networks);
  EXPECT_GT(tally.flips, tally.networks);
  EXPECT_GT(tally.changed, tally.networks);
  EXPECT_GT(tally.affines, tally.networks / 10);
  EXPECT_GT(tally.pooled_affines, tally.networks / 200);
  EXPECT_GT(tally.steps, tally.networks / 50);
  for (const char* path : {"cpu/dense/portable", "cpu/delta/portable", "cpu/auto/portable"})
    EXPECT_TRUE(tally.paths.contains(path)) << path;
  ::testing::Test::RecordProperty("sessions", std::to_string(tally.sessions));
  ::testing::Test::RecordProperty("trials", std::to_string(tally.trials));
}

TEST(PathsLong, HaveThePlainOutcomesOnManySmallSets) { expect_plain_outcomes(4000, 100); }

// Several blocks of tiles, and tasks of several trials.
TEST(PathsLong, HaveThePlainOutcomesOnLargeSets) { expect_plain_outcomes(400, 2000); }

}  // namespace
}  // namespace netsurf::testing
