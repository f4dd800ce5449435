#include "engine/rank/ranking_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "engine/base/error.h"
#include "engine/rank/ranker.h"
#include "tests/engine/rank/models.h"

namespace netsurf {
namespace {

using testing::StartsWith;

/// 2 x 2 kernel of q<3,1,1>: one fraction bit, codes 1, -4, 3, -1.
Model tiny() {
  std::vector<Layer> layers(2);
  layers[0].kind = LayerKind::input;
  layers[0].name = "in";
  layers[0].format = Format{2, 0, true};
  layers[0].shape = {2};
  layers[1].kind = LayerKind::dense;
  layers[1].name = "d";
  layers[1].inputs = {0};
  layers[1].kernel = 0;
  Parameter kernel;
  kernel.name = "d, \"kernel\"";
  kernel.shape = {2, 2};
  kernel.format = Format{3, 1, true};
  kernel.codes = {1, -4, 3, -1};
  return Model::build("tiny", std::move(layers), {kernel});
}

TEST(RankingCsv, RowsCarryTheColumnsOfTheOriginal) {
  Model model = tiny();
  BitSpace space(model);
  std::istringstream lines(ranking_to_csv(rank("weight_abs_value", {model, space}), model, space));
  std::string line;
  std::getline(lines, line);
  EXPECT_THAT(line, StartsWith("# {\"config\":{\"method\":\"weight_abs_value\""));
  std::getline(lines, line);
  EXPECT_EQ(line,
            "param,global_param_num,variable_index,internal_param_num,coord,bit,value,rank,susceptibility,"
            "binary,pruned,"
            "param_num,global_param_num_bit,alias,method");
  std::getline(lines, line);  // the sign bit of -4 x 2^-1
  EXPECT_EQ(
      line,
      "\"d, \"\"kernel\"\"\",1,0,1,\"[0, 1]\",1,-2,0,2,100,False,1,1,weight_abs_value,weight_abs_value");
  int rows = 1;
  std::string last;
  while (std::getline(lines, line)) {
    last = line;
    ++rows;
  }
  EXPECT_EQ(rows, 12);
  // The least significant bit of the last small weight, one third of the way below weight 4.
  EXPECT_THAT(
      last,
      StartsWith("\"d, \"\"kernel\"\"\",3,0,3,\"[1, 1]\",-1,-0.5,11,0.5,111,False,11,2.333333333333333"));
}

TEST(RankingCsv, SuffixesStandInTheAlias) {
  Model model = tiny();
  BitSpace space(model);
  std::string text =
      ranking_to_csv(rank("random", {model, space, OrderMode::planes, 3, "a,b"}), model, space);
  EXPECT_THAT(text, testing::HasSubstr(",\"random_a,b\",random\n"));
}

TEST(RankingCsv, PrunedBitsHaveRowsOnlyWhenTheyAreStored) {
  Model model = test::make_network();
  BitSpace absent(model), stored(model, BitSpace::Pruned::stored);
  EXPECT_EQ(ranking_to_csv(rank("random", {model, absent}), model, absent).find(",True,"), std::string::npos);
  EXPECT_NE(ranking_to_csv(rank("random", {model, stored}), model, stored).find(",True,"), std::string::npos);
}

TEST(RankingCsv, ARankingOfAnotherModelIsRefused) {
  Model model = test::make_network(1), other = test::make_network(2);
  BitSpace space(model);
  Ranking ranking = rank("random", {model, space});
  EXPECT_THROW(ranking_to_csv(ranking, other, BitSpace(other)), InputError);
  EXPECT_THROW(ranking_to_csv(ranking, model, BitSpace(model, BitSpace::Pruned::stored)), InputError);
}

}  // namespace
}  // namespace netsurf
