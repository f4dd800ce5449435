// The contract every ranker keeps, checked over the table, and the law of each one.
#include "engine/rank/ranker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "engine/base/error.h"
#include "engine/rank/order.h"
#include "tests/engine/rank/models.h"

namespace netsurf {
namespace {

using test::exponent;
using test::make_data;
using test::make_dense;
using test::make_network;
using testing::HasSubstr;

constexpr OrderMode kModes[] = {OrderMode::planes, OrderMode::global};

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no InputError";
}

struct Setting {
  Model model = make_network();
  BitSpace space = BitSpace(model);
  EvaluationSet data = make_data(model);
  Ranking ranked(std::string_view method, OrderMode order, uint64_t seed = 7, int threads = 1) const {
    RankRequest request{model, space, order, seed, "note", &data};
    request.num_threads = threads;
    return rank(method, request);
  }
};

/// Those that a model and its data are enough for.
std::vector<RankerRow> listed_rankers() {
  std::vector<RankerRow> rows;
  for (const RankerRow& row : rankers()) {
    if (row.is_listed) rows.push_back(row);
  }
  return rows;
}

/// Whether left stands rightly before right: by (plane, score) or (score, plane), then id.
bool in_order(const Setting& s, const Ranking& r, OrderMode mode, BitId left, BitId right) {
  int plane_left = -exponent(s.model, s.space, left), plane_right = -exponent(s.model, s.space, right);
  double score_left = -r.score[left], score_right = -r.score[right];
  if (mode == OrderMode::planes) {
    return std::tie(plane_left, score_left, left) < std::tie(plane_right, score_right, right);
  }
  return std::tie(score_left, plane_left, left) < std::tie(score_right, plane_right, right);
}

TEST(Ranker, EveryRankerGivesAPermutationWithFiniteScores) {
  Setting s;
  for (const RankerRow& row : listed_rankers()) {
    for (OrderMode mode : kModes) {
      Ranking r = s.ranked(row.name, mode);
      std::vector<BitId> sorted = r.order;
      std::sort(sorted.begin(), sorted.end());
      std::vector<BitId> all(s.space.size());
      std::iota(all.begin(), all.end(), BitId{0});
      EXPECT_EQ(sorted, all) << row.name;
      ASSERT_EQ(r.score.size(), s.space.size());
      for (double score : r.score)
        EXPECT_TRUE(std::isfinite(score) && !(score == 0 && std::signbit(score))) << row.name;
    }
  }
}

TEST(Ranker, EveryRankerRepeatsItself) {
  Setting s;
  for (const RankerRow& row : listed_rankers()) {
    for (OrderMode mode : kModes) {
      Ranking once = s.ranked(row.name, mode), twice = s.ranked(row.name, mode);
      EXPECT_EQ(once.order, twice.order) << row.name;
      EXPECT_EQ(once.score, twice.score) << row.name;
      EXPECT_EQ(once.digest(), twice.digest()) << row.name;
    }
  }
}

TEST(Ranker, EveryRankerRecordsWhereTheRankingCameFrom) {
  Setting s;
  for (const RankerRow& row : listed_rankers()) {
    Ranking r = s.ranked(row.name, OrderMode::global, 99);
    EXPECT_EQ(r.method, row.name);
    EXPECT_EQ(r.order_mode, "global");
    EXPECT_EQ(r.suffix, "note");
    EXPECT_EQ(r.model_digest, s.model.digest());
    EXPECT_EQ(r.bit_space_digest, s.space.digest());
    EXPECT_EQ(r.seed, 99u);
    EXPECT_GE(r.seconds, 0);
  }
}

TEST(Ranker, EveryRankerTakesSpacesOfOneBitAndOfPrunedBits) {
  Model one = make_dense(1, 1, Format{1, 0, true});
  Model network = make_network();
  EvaluationSet data_of_one = make_data(one, 8), data = make_data(network);
  for (const RankerRow& row : listed_rankers()) {
    BitSpace only(one), stored(network, BitSpace::Pruned::stored);
    RankRequest request{one, only};
    request.data = &data_of_one;
    std::map<std::string, std::string> words;  // one element has one eigenpair
    for (const RankerOption& option : row.options) {
      if (option.name == "eigen_k_top" || option.name == "k") words[std::string(option.name)] = "1";
    }
    request.settings = RankerSettings(row.name, row.options, words);
    EXPECT_EQ(rank(row.name, request).order, std::vector<BitId>{0}) << row.name;
    EXPECT_EQ(rank(row.name, {network, stored, OrderMode::planes, 1, "", &data}).order.size(),
              static_cast<size_t>(network.num_bits()))
        << row.name;
  }
}

TEST(Ranker, ScoresDecideTheOrderAsTheModeSays) {
  Setting s;
  for (std::string_view method : {"layerwise_first", "layerwise_last", "weight_abs_value", "bitwise_msb",
                                  "grad_norm", "fisher", "curvature", "qpolar", "recursive_uneven"}) {
    for (OrderMode mode : kModes) {
      Ranking r = s.ranked(method, mode);
      for (size_t i = 1; i < r.order.size(); ++i) {
        ASSERT_TRUE(in_order(s, r, mode, r.order[i - 1], r.order[i]))
            << method << " " << name_of(mode) << " at " << i;
      }
    }
  }
}

TEST(Ranker, BitwiseMsbFallsFromHighExponentsAndTiesGoById) {
  Setting s;
  for (OrderMode mode : kModes) {
    Ranking r = s.ranked("bitwise_msb", mode);
    for (size_t i = 1; i < r.order.size(); ++i) {
      int before = exponent(s.model, s.space, r.order[i - 1]), after = exponent(s.model, s.space, r.order[i]);
      ASSERT_TRUE(before > after || (before == after && r.order[i - 1] < r.order[i]));
      ASSERT_EQ(r.score[r.order[i]], std::exp2(after));
    }
  }
}

TEST(Ranker, BitwiseLsbRisesFromLowExponentsAndTiesGoById) {
  Setting s;
  for (OrderMode mode : kModes) {
    Ranking r = s.ranked("bitwise_lsb", mode);
    for (size_t i = 1; i < r.order.size(); ++i) {
      int before = exponent(s.model, s.space, r.order[i - 1]), after = exponent(s.model, s.space, r.order[i]);
      ASSERT_TRUE(before < after || (before == after && r.order[i - 1] < r.order[i]));
    }
  }
}

TEST(Ranker, LayerwiseGlobalTakesWholeLayersAndKeepsAParameterGroupTogether) {
  Setting s;
  // Of which layer each parameter is, from the layers themselves.
  std::vector<int> layer_of(s.model.parameters().size(), -1);
  for (size_t l = 0; l < s.model.layers().size(); ++l) {
    const Layer& layer = s.model.layers()[l];
    for (int p : {layer.kernel, layer.bias, layer.scale, layer.shift}) {
      if (p >= 0) layer_of[static_cast<size_t>(p)] = static_cast<int>(l);
    }
  }
  for (bool first : {true, false}) {
    Ranking r = s.ranked(first ? "layerwise_first" : "layerwise_last", OrderMode::global);
    int last = first ? -1 : 1000;
    for (BitId id : r.order) {
      int layer = layer_of[static_cast<size_t>(s.space.address(id).parameter)];
      ASSERT_TRUE(first ? layer >= last : layer <= last);
      last = layer;
    }
  }
}

TEST(Ranker, LayerwisePlanesKeepsPlanesWhole) {
  Setting s;
  EXPECT_EQ(s.ranked("layerwise_first", OrderMode::planes).order,
            s.ranked("bitwise_msb", OrderMode::planes).order);
  EXPECT_NE(s.ranked("layerwise_last", OrderMode::planes).order,
            s.ranked("layerwise_first", OrderMode::planes).order);
}

TEST(Ranker, WeightAbsValueScoresTheValueOfTheParameter) {
  Setting s;
  Ranking r = s.ranked("weight_abs_value", OrderMode::global);
  for (BitId id = 0; id < s.space.size(); ++id) {
    BitAddress at = s.space.address(id);
    const Parameter& p = s.model.parameters()[static_cast<size_t>(at.parameter)];
    EXPECT_EQ(r.score[id], std::fabs(p.codes[static_cast<size_t>(at.element)] * p.format.step()));
  }
}

TEST(Ranker, RandomDependsOnTheSeedAloneAndNotOnTheMode) {
  Setting s;
  auto order = s.ranked("random", OrderMode::planes, 1).order;
  EXPECT_EQ(order, s.ranked("random", OrderMode::global, 1).order);
  EXPECT_NE(order, s.ranked("random", OrderMode::planes, 2).order);
  Model retrained = make_network(5);  // other weights, the same bit space
  ASSERT_EQ(BitSpace(retrained).digest(), s.space.digest());
  EXPECT_EQ(order, rank("random", {retrained, BitSpace(retrained), OrderMode::planes, 1}).order);
}

TEST(Ranker, RandomIsTheOrderThatItsDefinitionGivesElsewhere) {
  // Written by a program of its own, from docs/reproducibility.md and docs/rankings.md: 1 x 4 weights of 6
  // bits, seed 7.
  Model model = make_dense(1, 4, Format{6, 0, true});
  BitSpace space(model);
  ASSERT_EQ(space.digest(), "7b5925bbdc47d5c3ddea26d0913898e7dad565889652372a792422b5f37dd163");
  EXPECT_EQ(rank("random", {model, space, OrderMode::planes, 7}).order,
            (std::vector<BitId>{22, 6,  17, 9,  14, 8,  23, 12, 15, 11, 5,  18,
                                2,  16, 13, 20, 1,  19, 4,  21, 0,  7,  10, 3}));
}

TEST(Ranker, RandomPutsEveryBitEverywhere) {
  // Mean place of each of 24 bits over 2,000 seeds: standard error 0.155, so 1.1 is seven of them.
  Model model = make_dense(1, 4, Format{6, 0, true});
  BitSpace space(model);
  std::vector<double> sum(24);
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    auto ranks = rank("random", {model, space, OrderMode::planes, seed}).ranks();
    for (size_t id = 0; id < 24; ++id) sum[id] += (*ranks)[id];
  }
  for (double total : sum) EXPECT_NEAR(total / 2000, 11.5, 1.1);
}

TEST(Ranker, OrderOfScoresMatchesAPlainSort) {
  Model model = make_dense(20, 50, Format{6, 0, true});
  BitSpace space(model);
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  std::vector<double> score(space.size());
  for (size_t i = 0; i < score.size(); ++i) {
    score[i] =
        i % 3 == 0 ? std::round(normal(random)) : std::ldexp(normal(random), static_cast<int>(i % 40) - 20);
  }
  score[5] = -0.0;
  score[6] = std::numeric_limits<double>::denorm_min();
  score[7] = -std::numeric_limits<double>::max();
  for (OrderMode mode : kModes) {
    RankedBits ranked = order_bits({model, space}, score, mode);
    std::vector<BitId> expected(space.size());
    std::iota(expected.begin(), expected.end(), BitId{0});
    std::stable_sort(expected.begin(), expected.end(), [&](BitId a, BitId b) {
      int plane_a = -exponent(model, space, a), plane_b = -exponent(model, space, b);
      if (mode == OrderMode::planes && plane_a != plane_b) return plane_a < plane_b;
      if (score[a] != score[b]) return score[a] > score[b];
      return plane_a < plane_b;
    });
    EXPECT_EQ(ranked.order, expected) << name_of(mode);
    EXPECT_FALSE(std::signbit(ranked.score[5]));
  }
}

TEST(Ranker, ScoresThatAreNotFiniteAreRefused) {
  Model model = make_dense(1, 2, Format{6, 0, true});
  BitSpace space(model);
  for (double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    std::vector<double> score(space.size(), 1.0);
    score[3] = bad;
    EXPECT_THROW(order_bits({model, space}, score, OrderMode::planes), RunError);
  }
}

TEST(Ranker, OldNamesMeanTheirSuccessors) {
  EXPECT_EQ(find_ranker("bitwise").name, "bitwise_msb");
  EXPECT_EQ(find_ranker("layerwise").name, "layerwise_first");
  EXPECT_EQ(find_ranker("weight_abs_val").name, "weight_abs_value");
}

TEST(Ranker, NoNameOrAliasMeansTwoRankers) {
  std::vector<std::string> words;
  for (const RankerRow& row : rankers()) {
    words.emplace_back(row.name);
    for (size_t at = 0; at < row.aliases.size();) {
      size_t end = std::min(row.aliases.find(' ', at), row.aliases.size());
      words.emplace_back(row.aliases.substr(at, end - at));
      at = end + 1;
    }
    EXPECT_FALSE(row.summary.empty());
  }
  std::sort(words.begin(), words.end());
  EXPECT_EQ(std::adjacent_find(words.begin(), words.end()), words.end());
}

TEST(Ranker, EveryMethodOfTheOriginalIsThere) {
  for (const char* method :
       {"random",           "layerwise",        "layerwise_first",  "layerwise_last", "bitwise",
        "bitwise_msb",      "bitwise_lsb",      "weight_abs_value", "grad",           "grad_norm",
        "graddelta",        "graddelta_norm",   "hessian",          "hessiandelta",   "aiber",
        "qpolar",           "qpolargrad",       "fisher",           "laplace",        "oracle",
        "diffbitperweight", "recursive_uneven", "hirescam",         "hirescam_norm",  "hiresdelta",
        "hiresdelta_norm"}) {
    EXPECT_NO_THROW(find_ranker(method)) << method;
  }
  EXPECT_EQ(find_ranker("hirescam").name, "grad");
}

TEST(Ranker, NoThreadCountChangesARanking) {
  Setting s;
  s.data = make_data(s.model, 300);
  for (const RankerRow& row : listed_rankers()) {
    Ranking one = s.ranked(row.name, row.order, 7, 1), three = s.ranked(row.name, row.order, 7, 3);
    EXPECT_EQ(one.score, three.score) << row.name;
    EXPECT_EQ(one.order, three.order) << row.name;
  }
}

TEST(Ranker, SettingsAndDataAreRecorded) {
  Setting s;
  Ranking plain = s.ranked("grad", OrderMode::planes);
  EXPECT_EQ(plain.options, "");
  EXPECT_EQ(plain.data_digest, s.data.digest);
  EXPECT_EQ(s.ranked("bitwise_msb", OrderMode::planes).data_digest, "") << "it reads none";
  RankRequest request{s.model, s.space};
  request.data = &s.data;
  request.settings = RankerSettings("grad", find_ranker("grad").options, {{"ascending", "True"}});
  Ranking ascending = rank("grad", request);
  EXPECT_EQ(ascending.options, "ascending=1");
  for (BitId id = 0; id < s.space.size(); ++id) EXPECT_EQ(ascending.score[id], -plain.score[id] + 0.0);
}

TEST(Ranker, MissingAndForeignDataAreRefused) {
  Setting s;
  EXPECT_THAT(message_of([&] { rank("fisher", {s.model, s.space}); }), HasSubstr("--dataset"));
  EvaluationSet other = make_data(make_dense(2, 9, Format{6, 0, true}));
  EXPECT_THAT(message_of([&] {
                rank("fisher", {s.model, s.space, OrderMode::planes, 1, "", &other});
              }),
              HasSubstr("samples of 9 values for a model that reads 6"));
}

TEST(Ranker, AStoppedRankerEndsWithARunError) {
  Setting s;
  std::atomic<bool> stop{true};
  for (const char* method : {"hessian", "hessiandelta", "laplace", "fkeras", "graddelta", "qpolar"}) {
    RankRequest request{s.model, s.space, OrderMode::planes, 1, "", &s.data};
    request.stop = &stop;
    EXPECT_THROW(rank(method, request), RunError) << method;
  }
}

TEST(Ranker, ProgressRisesToTheEnd) {
  Setting s;
  double last = 0;
  RankRequest request{s.model, s.space, OrderMode::planes, 1, "", &s.data};
  request.progress = [&](double done, std::string_view) {
    EXPECT_GE(done, last);
    last = done;
  };
  rank("laplace", request);
  EXPECT_EQ(last, 1);
}

TEST(Ranker, UnknownMethodsGetASuggestion) {
  EXPECT_THAT(message_of([] { find_ranker("bitwise_mbs"); }), HasSubstr("did you mean \"bitwise_msb\"?"));
  EXPECT_THAT(message_of([] { parse_order_mode("plane"); }), HasSubstr("planes"));
}

TEST(Ranker, AllStandsForEveryRankerOnce) {
  std::vector<std::string> all = expand_methods(std::vector<std::string>{"random", "all", "bitwise"});
  EXPECT_EQ(all.size(), listed_rankers().size());
  EXPECT_EQ(std::count(all.begin(), all.end(), "oracle"), 0) << "it needs a file";
  EXPECT_EQ(all[0], "random");
  EXPECT_THROW(expand_methods(std::vector<std::string>{}), InputError);
  EXPECT_THROW(expand_methods(std::vector<std::string>{"all", "nonsense"}), InputError);
}

TEST(Ranker, ASpaceOfAnotherModelIsRefused) {
  Model small = make_dense(1, 2, Format{6, 0, true}), large = make_dense(2, 9, Format{6, 0, true});
  EXPECT_THROW(rank("random", {small, BitSpace(large)}), InputError);
  EXPECT_THROW(rank("random", {large, BitSpace(small)}), InputError);
}

}  // namespace
}  // namespace netsurf
