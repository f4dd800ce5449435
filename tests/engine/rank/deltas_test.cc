// Networks of deltas: every element the change of one flip, within what its parameter can hold.
#include "engine/rank/deltas.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/rank/flip_table.h"
#include "tests/support/models.h"
#include "tests/support/random_model.h"

namespace netsurf {
namespace {

using namespace testing;

/// dense with a zero point -> activation -> dense of bipolar bits -> thresholds.
Model make_mixed() {
  Parameter kernel = given_parameter("kernel", {2, 2}, Format{3, 3, false}, {0, 4, 5, 7});
  kernel.zero_point = 4;
  Parameter bits = given_parameter("bits", {1, 2}, Format{1, 1, false}, {0, 1});
  bits.bipolar = true;
  Parameter thresholds = given_parameter("thresholds", {1, 2}, Format{5, 4, true}, {-3, 2});
  return Model::build("mixed",
                      {input_layer({2}, Format{4, 3, true}), dense_layer("d", 0, 0),
                       activation_layer("r", 1, ActivationFunction::linear, Format{8, 7, true}),
                       dense_layer("e", 2, 1), threshold_layer("t", 3, 2, Format{3, 2, true}, -1, 1)},
                      {kernel, bits, thresholds});
}

TEST(Deltas, PlacesCountFromEachElementsOwnMostSignificantBit) {
  Model model = make_mixed();
  BitSpace space(model);
  EXPECT_EQ(num_places(space), 5);
  ParameterOperands most = delta_operands(model, space, 0), second = delta_operands(model, space, 1);
  EXPECT_EQ(most[0], (std::vector<int32_t>{4, -4, -4, -4}));  // bit 2 of 000, 100, 101, 111
  EXPECT_EQ(second[0], (std::vector<int32_t>{2, 2, 2, -2}));  // bit 1
  EXPECT_EQ(most[1], (std::vector<int32_t>{1, -1}));          // half of 2 and -2
  EXPECT_EQ(second[1], (std::vector<int32_t>{-1, 1})) << "it has no second bit";
  EXPECT_EQ(most[2], (std::vector<int32_t>{-3, 2})) << "thresholds keep their values";
}

TEST(Deltas, StayWithinEveryParametersRange) {
  uint64_t seed = test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  Random random(seed);
  int64_t refused = 0;
  for (int i = 0; i < 60; ++i) {
    Model model = random_model(random, refused);
    BitSpace space(model, BitSpace::Pruned::stored);
    if (space.size() > 20000) continue;
    for (int place = 0; place < num_places(space); ++place) {
      ParameterOperands operands = delta_operands(model, space, place);
      for (size_t p = 0; p < operands.size(); ++p) {
        int64_t most = model.parameters()[p].max_magnitude();
        for (int32_t operand : operands[p]) ASSERT_LE(std::llabs(operand), most) << "network " << i;
      }
    }
  }
}

}  // namespace
}  // namespace netsurf
