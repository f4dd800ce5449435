// Rankings of parameters whose codes are not their operands: zero points, bipolar bits, constants.
#include <gtest/gtest.h>

#include "engine/rank/order.h"
#include "engine/rank/ranker.h"
#include "engine/rank/ranking_csv.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

using testing::dense_layer;
using testing::given_parameter;
using testing::input_layer;

/// 2 -> dense 2 with a zero point, scaled by a constant -> activation -> dense 1 of bipolar bits with a bias.
Model foreign() {
  Parameter kernel = given_parameter("kernel", {2, 2}, Format{3, 3, false}, {0, 4, 5, 7});
  kernel.zero_point = 4;
  Parameter scale = given_parameter("scale", {2}, Format{4, 3, true}, {7, 7});
  scale.constant = true;
  Parameter bits = given_parameter("bits", {1, 2}, Format{1, 1, false}, {0, 1});
  bits.bipolar = true;
  Parameter bias = given_parameter("bias", {1}, Format{2, 1, true}, {1});
  return Model::build(
      "foreign",
      {input_layer({2}, Format{4, 3, true}), dense_layer("d", 0, 0), testing::affine_layer("a", 1, 1),
       testing::activation_layer("r", 2, ActivationFunction::relu, Format{8, 8, false}),
       dense_layer("e", 3, 2, 3)},
      {kernel, scale, bits, bias});
}

TEST(OperandRanking, ABipolarFlipIsTwoStepsLarge) {
  Model model = foreign();
  EXPECT_EQ(exponent_of(model.parameters()[0], 2), 2);
  EXPECT_EQ(exponent_of(model.parameters()[2], 0), 1);  // from -1 to 1
  BitSpace space(model);
  ASSERT_EQ(space.size(), 4u * 3 + 2 + 2);
  Ranking ranking = rank("bitwise_msb", {model, space});
  // Bits of 4, then of 2 (the middle ones of the kernel, the bipolar ones, the sign of the bias is 2), then
  // of 1.
  std::vector<BitId> expected = {2, 5, 8, 11, 1, 4, 7, 10, 12, 13, 15, 0, 3, 6, 9, 14};
  EXPECT_EQ(ranking.order, expected);
}

TEST(OperandRanking, TheValueOfAWeightIsItsOperand) {
  Model model = foreign();
  BitSpace space(model);
  Ranking ranking = rank("weight_abs_value", {model, space});
  EXPECT_EQ(ranking.score[0], 4);   // code 0 stands for -4
  EXPECT_EQ(ranking.score[3], 0);   // code 4 for 0
  EXPECT_EQ(ranking.score[9], 3);   // code 7 for 3
  EXPECT_EQ(ranking.score[12], 1);  // bit 0 for -1
}

TEST(OperandRanking, ConstantsTakeNoPlaceInDepthOrTables) {
  Model model = foreign();
  BitSpace space(model);
  Ranking ranking = rank("layerwise_first", {model, space});
  EXPECT_EQ(ranking.score[0], 2);  // two layers have stored parameters
  EXPECT_EQ(ranking.score[12], 1);
  std::string csv = ranking_to_csv(ranking, model, space);
  EXPECT_EQ(csv.find("scale"), std::string::npos);
  // Element 4 of the network: the first bipolar bit, variable 2, worth -1, after the 12 bits of the kernel.
  EXPECT_NE(csv.find("\nbits,4,2,0,\"[0, 0]\",1,-1,"), std::string::npos) << csv;
  EXPECT_NE(csv.find("\nkernel,0,0,0,\"[0, 0]\",2,-4,"), std::string::npos) << csv;
}

}  // namespace
}  // namespace netsurf
