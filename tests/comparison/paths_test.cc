// Every path has the plain path's outcomes, to the bit.
#include <gtest/gtest.h>

#include <string>

#include "tests/comparison/random_paths.h"

namespace netsurf::testing {
namespace {

TEST(Paths, HaveThePlainOutcomesOnRandomNetworks) {
  PathTally tally;
  EXPECT_EQ(compare_paths(test_seed(), 150, 100, tally), "");
  EXPECT_GT(tally.changed, 0);
  EXPECT_GT(tally.flips, 0);
  EXPECT_GT(tally.affines, 5);
  EXPECT_GT(tally.steps, 0);
  for (const char* path : {"cpu/dense/portable", "cpu/delta/portable", "cpu/auto/portable"})
    EXPECT_TRUE(tally.paths.contains(path)) << path;
}

/// Chosen so that pools stand behind affine layers with scales below zero, and before them.
TEST(Paths, HaveThePlainOutcomesOnTheseNetworks) {
  PathTally tally;
  EXPECT_EQ(compare_paths(2026, 60, 60, tally), "");
  EXPECT_GT(tally.pooled_affines, 1);
}

}  // namespace
}  // namespace netsurf::testing
