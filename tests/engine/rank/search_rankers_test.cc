// The laws of the rankers that search: incontext, attack, aiber.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/gradient/float_twin.h"
#include "engine/rank/flip_table.h"
#include "engine/rank/ranker.h"
#include "tests/engine/rank/models.h"

namespace netsurf {
namespace {

using Words = std::map<std::string, std::string>;

class SearchRankers : public ::testing::Test {
 protected:
  Model model_ = test::make_network(3);
  BitSpace space_ = BitSpace(model_);
  EvaluationSet data_ = test::make_data(model_, 60);

  Ranking ranking(std::string_view method, const Words& words = {}, int num_threads = 1) const {
    const RankerRow& row = find_ranker(method);
    RankRequest request{model_, space_, row.order};
    request.data = &data_;
    request.num_threads = num_threads;
    request.settings = RankerSettings(row.name, row.options, words);
    return rank(method, request);
  }

  /// The mean loss with these bits flipped.
  double loss_with(const std::vector<BitId>& flips) const {
    ParameterOperands operands = PlainNetwork(model_).clean_parameters();
    for (BitId id : flips) {
      BitAddress at = space_.address(id);
      const Parameter& parameter = model_.parameters()[static_cast<size_t>(at.parameter)];
      int32_t& operand = operands[static_cast<size_t>(at.parameter)][static_cast<size_t>(at.element)];
      operand = core::flip_operand(operand, at.bit, parameter.storage());
    }
    std::unique_ptr<FloatTwin> twin = make_float_twin(model_, space_, data_, {});
    twin->freeze_at(operands);
    return twin->moments({}).loss;
  }
};

TEST_F(SearchRankers, IncontextWithoutFaultsIsCurvature) {
  Words words = {
      {"ber", "0"},           {"until", "0"},           {"kappa", "1e12"},        {"contexts", "1"},
      {"curvature", "exact"}, {"precision", "float64"}, {"context_samples", "60"}};
  Ranking found = ranking("incontext", words), curvature = ranking("curvature", {{"precision", "float64"}});
  ASSERT_EQ(found.score.size(), curvature.score.size());
  for (size_t id = 0; id < found.score.size(); ++id)
    ASSERT_NEAR(found.score[id], curvature.score[id], 1e-12 * (1 + curvature.score[id])) << id;
  EXPECT_EQ(found.order, curvature.order);
}

TEST_F(SearchRankers, IncontextCountsSureGradientsOnly) {
  Words words = {{"ber", "0"}, {"until", "0"}, {"contexts", "4"}, {"precision", "float64"}, {"kappa", "0"}};
  std::vector<double> all = ranking("incontext", words).score;
  words["kappa"] = "1e12";
  std::vector<double> none = ranking("incontext", words).score;
  words["kappa"] = "4";
  std::vector<double> sure = ranking("incontext", words).score;
  int shrunk = 0;
  for (size_t id = 0; id < all.size(); ++id) {
    EXPECT_LE(std::fabs(sure[id] - none[id]), std::fabs(all[id] - none[id]) * (1 + 1e-9)) << id;
    shrunk += sure[id] != all[id] ? 1 : 0;
  }
  EXPECT_GT(shrunk, 0);
  EXPECT_NE(all, none);
}

TEST_F(SearchRankers, IncontextGrowsInRoundsAndKeepsWhatItChose) {
  // Chosen bits never flip in later copies, so the first chunk does not depend on how many follow.
  Words words = {{"ber", "0.05"}, {"chunk", "0.1"}, {"until", "0.1"}};
  std::vector<BitId> one = ranking("incontext", words).order;
  words["until"] = "0.4";
  std::vector<BitId> four = ranking("incontext", words).order;
  auto chunk = static_cast<int64_t>(0.1 * static_cast<double>(space_.size()));
  EXPECT_TRUE(std::equal(one.begin(), one.begin() + chunk, four.begin()));
  EXPECT_NE(one, four);
}

TEST_F(SearchRankers, IncontextRemembersTheCleanNetwork) {
  // With nothing but memory, copies in ruins change nothing: what is left is the round without faults.
  Words words = {{"ber", "0.3"}, {"memory", "1"}, {"curvature", "exact"}, {"precision", "float64"}};
  words["context_samples"] = "60";
  Ranking found = ranking("incontext", words), curvature = ranking("curvature", {{"precision", "float64"}});
  for (size_t id = 0; id < found.score.size(); ++id)
    ASSERT_NEAR(found.score[id], curvature.score[id], 1e-12 * (1 + curvature.score[id])) << id;
  words["memory"] = "0.5";
  EXPECT_NE(ranking("incontext", words).order, found.order);
}

TEST_F(SearchRankers, IncontextMixesTheRoundBeforeWithItsOwn) {
  Words words = {{"ber", "0"}, {"until", "0"}, {"contexts", "1"}, {"precision", "float64"}};
  words["context_samples"] = "30";
  auto score_at = [&](const std::string& memory) {
    words["memory"] = memory;
    return ranking("incontext", words).score;
  };
  words["curvature"] = "exact";
  // Two rounds, each on its half of the samples: only the first counts, half of it, a quarter of it.
  std::vector<double> first = score_at("1"), half = score_at("0.5"), mixed = score_at("0.25");
  for (size_t id = 0; id < first.size(); ++id) {
    double second = 2 * half[id] - first[id];
    ASSERT_NEAR(mixed[id], 0.25 * first[id] + 0.75 * second, 1e-9 * (1 + std::fabs(mixed[id]))) << id;
  }
  EXPECT_NE(first, half);
}

TEST_F(SearchRankers, IncontextDrawsLabelsOnlyForManyOutputs) {
  for (int outputs : {16, 17}) {
    model_ = test::make_dense(outputs, 4, Format{4, 1, true});
    space_ = BitSpace(model_);
    data_ = test::make_data(model_, 30);
    Words words = {{"contexts", "2"}, {"until", "0"}};
    std::vector<double> fallback = ranking("incontext", words).score;
    words["curvature"] = "exact";
    EXPECT_EQ(ranking("incontext", words).score == fallback, outputs == 16);
    words["curvature"] = "sampled";
    EXPECT_EQ(ranking("incontext", words).score == fallback, outputs == 17);
  }
}

TEST_F(SearchRankers, IncontextRefusesRatesThatAreNone) {
  EXPECT_THROW(ranking("incontext", {{"ber", ""}}), InputError);
  EXPECT_THROW(ranking("incontext", {{"ber", "0.1+2"}}), InputError);
  EXPECT_THROW(ranking("incontext", {{"ber", "often"}}), InputError);
}

TEST_F(SearchRankers, TheAttacksFirstFlipIsTheWorstOfTheMostPromising) {
  FlipTable flips = flip_table(model_, space_);
  std::vector<double> gradient = make_float_twin(model_, space_, data_, {})->moments({}).gradient;
  double worst = -INFINITY;
  for (const BitSpace::Segment& segment : space_.segments()) {
    BitId promising = segment.begin;
    auto rise = [&](BitId id) { return gradient[flips.element[id]] * flips.step[id]; };
    for (BitId id = segment.begin; id < segment.end; ++id) {
      if (rise(id) > rise(promising)) promising = id;
    }
    worst = std::max(worst, loss_with({promising}));
  }
  std::vector<BitId> order = ranking("attack", {{"steps", "3"}}).order;
  EXPECT_NEAR(loss_with({order[0]}), worst, 1e-6 * worst);
  EXPECT_GT(loss_with({order[0], order[1], order[2]}), loss_with({order[0]}));
}

TEST_F(SearchRankers, MoreCandidatesNeverMakeTheFirstFlipWeaker) {
  double one = loss_with({ranking("attack", {{"steps", "1"}}).order[0]});
  double ten = loss_with({ranking("attack", {{"steps", "1"}, {"candidates", "10"}}).order[0]});
  EXPECT_GE(ten, one * (1 - 1e-6));
}

TEST_F(SearchRankers, AiberPutsFlipsThatMoveTheOutputsFirst) {
  std::vector<BitId> order = ranking("aiber", {{"epochs", "4"}, {"lambda", "0.0001"}}).order;
  FlipTable flips = flip_table(model_, space_);
  auto mean_step = [&](int64_t begin, int64_t end) {
    double sum = 0;
    for (int64_t place = begin; place < end; ++place)
      sum += std::fabs(flips.step[order[static_cast<size_t>(place)]]);
    return sum / static_cast<double>(end - begin);
  };
  auto size = static_cast<int64_t>(order.size());
  EXPECT_GT(mean_step(0, size / 10), 1.5 * mean_step(size / 2, size));
}

TEST_F(SearchRankers, AreTheSameForAnyThreadCount) {
  for (const char* method : {"incontext", "attack", "aiber"})
    EXPECT_EQ(ranking(method, {}, 1).order, ranking(method, {}, 3).order) << method;
}

}  // namespace
}  // namespace netsurf
