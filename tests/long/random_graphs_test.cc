#include <gtest/gtest.h>

#include "tests/comparison/random_graphs.h"
#include "tests/support/random.h"

namespace netsurf::naive {
namespace {

TEST(RandomGraphsLong, AThousandHaveTheReferencesOutcomesOnTheCpu) {
  uint64_t seed = testing::test_seed();
  Tally tally;
  auto backend = make_cpu_backend();
  EXPECT_EQ(compare_graphs(*backend, seed, 1000, Plant::none, tally), "");
  EXPECT_EQ(tally.missing(), "") << "NETSURF_TEST_SEED=" << seed;
  EXPECT_EQ(tally.graphs, 1000);
  RecordProperty("met", tally.text());
}

}  // namespace
}  // namespace netsurf::naive
