// The oracle's ranking: measured damages in order, and files that are not this model's refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/rank/damage.h"
#include "engine/rank/ranker.h"
#include "tests/engine/rank/models.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class OracleRanker : public testing::Test {
 protected:
  /// 2 x 2 weights of 3 bits: exponents -2, -1, 0.
  Model model_ = test::make_dense(2, 2, Format{3, 0, true});
  BitSpace space_ = BitSpace(model_);
  TempDir folder_;
  std::string path_ = (folder_.path() / "damage.npz").string();

  Damage damage(std::vector<BitId> bits) const {
    Damage damage;
    damage.model_digest = model_.digest();
    damage.bit_space_digest = space_.digest();
    damage.num_samples = 10;
    damage.num_bits = space_.size();
    damage.loss.assign(bits.size(), 0);
    damage.accuracy = damage.changed = damage.distance = damage.loss;
    damage.bits = std::move(bits);
    return damage;
  }
  Damage of_all() const { return damage({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}); }

  Ranking ranked(const Damage& damage, const std::string& metric = "loss",
                 OrderMode order = OrderMode::global) const {
    save_damage(damage, path_);
    return rank("oracle", request({{"file", path_}, {"metric", metric}}, order));
  }
  RankRequest request(const std::map<std::string, std::string>& settings,
                      OrderMode order = OrderMode::global) const {
    RankRequest request{model_, space_, order};
    request.settings = RankerSettings("oracle", find_ranker("oracle").options, settings);
    return request;
  }
  std::string refusal(const Damage& damage, const std::string& metric = "loss") const {
    try {
      ranked(damage, metric);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no InputError";
  }
};

TEST_F(OracleRanker, IsGlobalAndNotAmongAll) {
  EXPECT_EQ(find_ranker("oracle").order, OrderMode::global);
  std::vector<std::string> all = expand_methods(std::vector<std::string>{"all"});
  EXPECT_EQ(std::count(all.begin(), all.end(), "oracle"), 0);
}

TEST_F(OracleRanker, OrdersByTheMetricAsked) {
  Damage d = of_all();
  d.loss = {0, 0, -3, 0, 5, 0, 0, 7, 0, 0, 0, 0};
  d.accuracy = {0, -0.1, 0.2, 0, 0, 0, -0.5, 0, 0, 0, 0, 0};
  d.changed = {0.9, 0, 0, 0.8, 0, 0, 0, 0, 0, 0, 0, 0};
  d.distance = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2};
  Ranking by_loss = ranked(d, "loss");
  EXPECT_EQ(by_loss.order[0], 7u);
  EXPECT_EQ(by_loss.order[1], 4u);
  EXPECT_EQ(by_loss.order[11], 2u) << "a flip that lowers the loss comes last";
  EXPECT_EQ(by_loss.score, d.loss);
  Ranking by_accuracy = ranked(d, "accuracy");
  EXPECT_EQ(by_accuracy.order[0], 6u) << "the largest drop";
  EXPECT_EQ(by_accuracy.order[1], 1u);
  EXPECT_EQ(by_accuracy.order[11], 2u);
  EXPECT_EQ(ranked(d, "changed").order[0], 0u);
  EXPECT_EQ(ranked(d, "distance").order[0], 11u);
  EXPECT_EQ(ranked(d, "loss", OrderMode::planes).order[0], 5u) << "the highest plane: bits 2, 5, 8, 11";
}

TEST_F(OracleRanker, PutsBitsThatWereNotFlippedLastByExponent) {
  Damage d = damage({1, 3, 9});
  d.loss = {-2, 4, 1};
  EXPECT_THAT(ranked(d).order, ElementsAre(3, 9, 1, 2, 5, 8, 11, 4, 7, 10, 0, 6));
}

TEST_F(OracleRanker, RefusesDamagesOfAnotherModelOrSpace) {
  Damage other = of_all();
  other.model_digest = "0123456789abcdef";
  EXPECT_THAT(refusal(other),
              AllOf(HasSubstr("model 0123456789ab"), HasSubstr(model_.digest().substr(0, 12))));
  other = of_all();
  other.bit_space_digest = "fedcba9876543210";
  EXPECT_THAT(refusal(other), AllOf(HasSubstr("bit space fedcba987654"), HasSubstr("--pruned")));
  other = of_all();
  other.num_bits = 13;
  EXPECT_THAT(refusal(other), HasSubstr("13 bits"));
}

TEST_F(OracleRanker, NeedsAFileWithTheMetric) {
  EXPECT_THROW(rank("oracle", request({})), InputError);
  EXPECT_THROW(rank("oracle", request({{"file", "/none.npz"}})), InputError);
  EXPECT_THROW(request({{"file", path_}, {"metric", "los"}}), InputError);
  Damage d = of_all();
  d.loss.clear();
  EXPECT_THAT(refusal(d), HasSubstr("metric=distance"));
  EXPECT_EQ(refusal(d, "distance"), "no InputError");
  write_file(path_, damage_to_npz(of_all()).substr(0, 300));
  EXPECT_THROW(rank("oracle", request({{"file", path_}})), FormatError);
}

}  // namespace
}  // namespace netsurf
