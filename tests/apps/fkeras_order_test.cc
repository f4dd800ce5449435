#include "apps/fkeras_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "apps/bit_table.h"
#include "apps/model_table.h"
#include "engine/base/error.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

using ::testing::HasSubstr;

int parameter_named(const Model& model, const std::string& name) {
  for (size_t p = 0; p < model.parameters().size(); ++p) {
    if (model.parameters()[p].name == name) return static_cast<int>(p);
  }
  ADD_FAILURE() << "no parameter " << name;
  return 0;
}

TEST(FkerasOrder, ADenseKernelIsWalkedInputByInputFromTheSignBit) {
  Model model = testing::tiny_mlp();  // first: kernel [5, 6] of 6 bits, bias [5] of 8; second: [3, 5], [3]
  FkerasOrder order(model);
  int kernel = parameter_named(model, "first/kernel"), bias = parameter_named(model, "first/bias");
  EXPECT_EQ(order.size(), 30u * 6 + 5 * 8 + 15 * 6 + 3 * 8);
  EXPECT_EQ(order.index({kernel, 0, 5}), 0u);
  EXPECT_EQ(order.index({kernel, 0, 0}), 5u);
  EXPECT_EQ(order.index({kernel, 6, 5}), 6u);      // output 1, input 0 stands behind output 0, input 0
  EXPECT_EQ(order.index({kernel, 1, 5}), 5u * 6);  // input 1, output 0
  EXPECT_EQ(order.index({bias, 0, 7}), 30u * 6);
  FkerasOrder kernels(model, false);
  EXPECT_EQ(kernels.size(), 30u * 6 + 15 * 6);
  EXPECT_EQ(kernels.index({parameter_named(model, "second/kernel"), 0, 5}), 30u * 6);
  EXPECT_EQ(kernels.index({bias, 0, 7}), std::nullopt);
}

TEST(FkerasOrder, AConvolutionsKernelIsWalkedAsKerasStoresIt) {
  Window window{.height = 2, .width = 3};
  testing::Random random(1);
  Model model = Model::build(
      "conv",
      {testing::input_layer({4, 4, 5}, Format{4, 0, true}), testing::conv_layer("conv", 0, 0, -1, window)},
      {testing::random_parameter("kernel", {7, 2, 3, 5}, Format{4, 0, true}, random)});
  FkerasOrder order(model);
  // ours [out, height, width, in], theirs [height, width, in, out]
  int64_t out = 4, y = 1, x = 2, in = 3;
  int64_t ours = ((out * 2 + y) * 3 + x) * 5 + in, theirs = ((y * 3 + x) * 5 + in) * 7 + out;
  EXPECT_EQ(order.index({0, ours, 3}), static_cast<uint64_t>(theirs) * 4);
}

TEST(FkerasOrder, EveryIndexLeadsBackToItsBit) {
  testing::Random random(2);
  Window window{.height = 3, .width = 2, .stride_y = 2, .stride_x = 2};
  Layer up = testing::conv_layer("up", 0, 0, 1, window);
  up.kind = LayerKind::conv2d_transpose;
  Model transposed =
      Model::build("up", {testing::input_layer({4, 4, 5}, Format{4, 0, true}), up},
                   {testing::random_parameter("kernel", {2, 3, 2, 5}, Format{3, 0, true}, random),
                    testing::random_parameter("bias", {2}, Format{5, 0, true}, random)});
  for (const Model& model : {testing::branched(3).build(), testing::tiny_mlp(), transposed}) {
    FkerasOrder order(model);
    ASSERT_GT(order.size(), 0u);
    for (uint64_t i = 0; i < order.size(); ++i) ASSERT_EQ(order.index(order.address(i)), i);
    EXPECT_THROW(order.address(order.size()), InputError);
  }
}

TEST(FkerasOrder, ScalesAndShiftsHaveNoNumber) {
  Model model = testing::branched(3).build();
  EXPECT_EQ(FkerasOrder(model).index({parameter_named(model, "cs"), 0, 0}), std::nullopt);
}

TEST(BitTable, SaysWhatAFlipDoes) {
  testing::Parts parts = testing::mlp_parts();
  parts.parameters[0].codes[8] = 3;  // q<6,0,1>: 3/32
  Model model = parts.build();
  BitSpace space(model);
  int kernel = parameter_named(model, "first/kernel");
  BitId id = space.id({kernel, 8, 5});
  std::vector<std::string> words = {std::to_string(id)};
  std::string text = bit_table(model, space, addresses_of(words, space));
  EXPECT_THAT(text, HasSubstr("first  kernel"));
  EXPECT_THAT(text, HasSubstr("[1,2]"));
  EXPECT_THAT(text, HasSubstr("0.09375"));
  EXPECT_THAT(text, HasSubstr("-29"));
  EXPECT_THAT(text, HasSubstr("-0.90625"));
  std::vector<std::string> fkeras = {std::to_string((2 * 5 + 1) * 6)};
  EXPECT_EQ(bit_table(model, space, fkeras_addresses(fkeras, model, true)), text);
}

TEST(BitTable, NamesFromFilesCannotSteerATerminal) {
  testing::Parts parts = testing::mlp_parts();
  parts.layers[1].name = "\x1b[2Jfirst";
  Model model = parts.build();
  BitSpace space(model);
  BitAddress at = space.address(0);
  EXPECT_THAT(bit_table(model, space, std::span(&at, 1)), HasSubstr("\\x1b[2Jfirst"));
  EXPECT_THAT(layer_table(model), HasSubstr("\\x1b[2Jfirst"));
}

TEST(BitTable, RangesCountBothEndsAndNonsenseIsRefused) {
  Model model = testing::tiny_mlp();
  BitSpace space(model);
  auto count = [&](std::vector<std::string> words) { return addresses_of(words, space).size(); };
  EXPECT_EQ(count({"0-9", "17"}), 11u);
  EXPECT_EQ(count({std::to_string(space.size() - 1)}), 1u);
  EXPECT_THROW(count({std::to_string(space.size())}), InputError);
  EXPECT_THROW(count({"9-0"}), InputError);
  EXPECT_THROW(count({"x"}), InputError);
  EXPECT_THROW(count({"-"}), InputError);
}

TEST(BitTable, PrunedBitsHaveNoIdUnlessTheyAreStored) {
  Model model = testing::branched(3).build();
  int kernel = parameter_named(model, "ak");
  const std::vector<uint8_t>& pruned = model.parameters()[static_cast<size_t>(kernel)].pruned;
  BitAddress at{kernel, std::find(pruned.begin(), pruned.end(), 1) - pruned.begin(), 0};
  EXPECT_THAT(bit_table(model, BitSpace(model), std::span(&at, 1)), HasSubstr("\n     -  "));
  BitSpace stored(model, BitSpace::Pruned::stored);
  EXPECT_THAT(bit_table(model, stored, std::span(&at, 1)),
              HasSubstr("\n" + std::string(6 - std::to_string(stored.id(at)).size(), ' ') +
                        std::to_string(stored.id(at))));
}

}  // namespace
}  // namespace netsurf
