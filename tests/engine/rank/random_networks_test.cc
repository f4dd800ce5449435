// Every ranker on networks of every layer kind, task and wiring.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/base/error.h"
#include "engine/rank/ranker.h"
#include "tests/support/random_model.h"

namespace netsurf {
namespace {

/// Settings that make a method quick, where it has them.
RankerSettings quick(const RankerRow& row) {
  static const std::map<std::string, std::string> kQuick = {{"precision", "float64"},
                                                            {"eigen_k_top", "1"},
                                                            {"k", "1"},
                                                            {"max_iter", "2"},
                                                            {"contexts", "2"},
                                                            {"until", "0.04"},
                                                            {"steps", "2"},
                                                            {"epochs", "2"},
                                                            {"products", "4"},
                                                            {"candidates", "1"},
                                                            {"num_hutchinson_samples", "3"}};
  std::map<std::string, std::string> words;
  for (const RankerOption& option : row.options) {
    auto found = kQuick.find(std::string(option.name));
    if (found != kQuick.end()) words.insert(*found);
  }
  return RankerSettings(row.name, row.options, words);
}

TEST(RandomNetworks, EveryRankerOrdersEveryBitOnce) {
  uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  testing::Random random(seed);
  int64_t refused = 0, runs = 0, beyond = 0;
  for (int i = 0; i < 40; ++i) {
    Model model = testing::random_model(random, refused);
    BitSpace space(model, random.chance(50) ? BitSpace::Pruned::absent : BitSpace::Pruned::stored);
    if (space.size() == 0 || space.size() > 20000) continue;
    EvaluationSet data = testing::random_evaluation_set(model, random, 5);
    std::vector<BitId> all(space.size());
    std::iota(all.begin(), all.end(), BitId{0});
    for (const RankerRow& row : rankers()) {
      if (!row.is_listed) continue;
      RankRequest request{model, space, row.order, 3, "", &data, quick(row)};
      ++runs;
      try {
        Ranking ranking = rank(row.name, request);
        std::vector<BitId> sorted = ranking.order;
        std::sort(sorted.begin(), sorted.end());
        EXPECT_EQ(sorted, all) << row.name << " network " << i;
        EXPECT_TRUE(std::all_of(ranking.score.begin(), ranking.score.end(),
                                [](double score) { return std::isfinite(score); }))
            << row.name << " network " << i;
      } catch (const RunError& error) {  // values beyond what floats hold
        ++beyond;
        EXPECT_NE(std::string(error.what()).find("finite"), std::string::npos) << row.name << error.what();
      }
    }
  }
  EXPECT_GT(runs, 100);
  EXPECT_LT(beyond, runs / 4) << beyond << " of " << runs;
}

}  // namespace
}  // namespace netsurf
