// Which layers share a stage, and which must not.
#include "engine/backend/fusion.h"

#include <gtest/gtest.h>

#include "tests/support/models.h"

namespace netsurf {
namespace {

using testing::activation_layer;
using testing::affine_layer;
using testing::conv_layer;
using testing::dense_layer;
using testing::filled_parameter;
using testing::input_layer;
using testing::plain_layer;
using testing::window_layer;

const Format kCode{6, 2, false}, kWeight{6, 0, true};
constexpr ActivationFunction kRelu = ActivationFunction::relu;

Window window(int height, int width, int stride = 1) {
  Window w;
  w.height = height;
  w.width = width;
  w.stride_y = w.stride_x = stride;
  return w;
}

/// conv 3x3 on 6x6x2 to 4x4x3, `middle` (layers from index 2 on), then a dense layer of 5 that reads the
/// last. An affine layer among them takes parameters 2 and 3.
Model conv_then_dense(std::vector<Layer> middle, int dense_inputs, Format scale = {16, 0, true}) {
  std::vector<Layer> layers = {input_layer({6, 6, 2}, kCode), conv_layer("conv", 0, 0, -1, window(3, 3))};
  layers.insert(layers.end(), middle.begin(), middle.end());
  layers.push_back(dense_layer("dense", static_cast<int>(layers.size()) - 1, 1));
  std::vector<Parameter> parameters = {filled_parameter("k", {3, 3, 3, 2}, kWeight, 1),
                                       filled_parameter("d", {5, dense_inputs}, kWeight, 1)};
  for (const Layer& layer : layers) {
    if (layer.kind != LayerKind::affine) continue;
    parameters.push_back(filled_parameter("scale", {3}, scale, -3));
    parameters.push_back(filled_parameter("shift", {3}, {16, -2, true}, 9));
  }
  return Model::build("net", layers, parameters);
}

Fusion fusion_of_first_conv(const Model& model) {
  PlainNetwork plain(model);
  std::vector<Fusion> fusions = find_fusions(plain);
  for (size_t i = 0; i < fusions.size(); ++i) {
    if (model.layers()[i].kind == LayerKind::conv2d) return fusions[i];
  }
  return {};
}

TEST(Fusion, TakesThePoolBeforeOrAfterTheActivation) {
  Layer relu_first = activation_layer("relu", 1, kRelu, kCode);
  Layer pool_second = window_layer(LayerKind::max_pool, "pool", 2, window(2, 2, 2));
  Layer pool_first = window_layer(LayerKind::max_pool, "pool", 1, window(2, 2, 2));
  Layer relu_second = activation_layer("relu", 2, kRelu, kCode);
  Layer flatten = plain_layer(LayerKind::flatten, "flatten", {3});
  for (const std::vector<Layer>& middle :
       {std::vector<Layer>{relu_first, pool_second, flatten}, {pool_first, relu_second, flatten}}) {
    Fusion fusion = fusion_of_first_conv(conv_then_dense(middle, 12));
    EXPECT_GE(fusion.reader, 0);
    EXPECT_EQ(fusion.layers.size(), 2u);
    EXPECT_EQ(fusion.pool.height, 2);
    EXPECT_EQ(fusion.image, (Shape{2, 2, 3}));
  }
}

TEST(Fusion, KeepsThePixelsOfTheSumsThroughAFlatten) {
  Fusion fusion = fusion_of_first_conv(conv_then_dense(
      {plain_layer(LayerKind::flatten, "flatten", {1}), activation_layer("relu", 2, kRelu, kCode)}, 48));
  EXPECT_GE(fusion.reader, 0);
  EXPECT_EQ(fusion.image, (Shape{4, 4, 3}));
}

TEST(Fusion, TakesAnAffineLayerAndASecondActivation) {
  Layer flatten = plain_layer(LayerKind::flatten, "flatten", {5});
  const Format signed_code{5, 1, true};
  auto pool = [](int input) { return window_layer(LayerKind::max_pool, "pool", input, window(2, 2, 2)); };
  Fusion behind = fusion_of_first_conv(
      conv_then_dense({affine_layer("affine", 1, 2, 3), activation_layer("relu", 2, kRelu, kCode), pool(3),
                       activation_layer("bits", 4, ActivationFunction::linear, signed_code), flatten},
                      12));
  EXPECT_GE(behind.reader, 0);
  EXPECT_EQ(behind.layers.size(), 4u);
  EXPECT_EQ(behind.affine, 2);
  EXPECT_TRUE(behind.pools_after_affine);
  ASSERT_TRUE(behind.step.has_value());
  EXPECT_EQ(behind.step->shift, kCode.frac_bits() - signed_code.frac_bits());
  EXPECT_EQ(behind.image, (Shape{2, 2, 3}));

  Fusion before = fusion_of_first_conv(
      conv_then_dense({pool(1), affine_layer("affine", 2, 2, 3), activation_layer("relu", 3, kRelu, kCode),
                       plain_layer(LayerKind::flatten, "flatten", {4})},
                      12));
  EXPECT_GE(before.reader, 0);
  EXPECT_FALSE(before.pools_after_affine);
  EXPECT_FALSE(before.step.has_value());
}

/// An affine layer that does not see the sums' channels, that another layer reads too, or whose products and
/// summands together take more than doubles hold.
TEST(Fusion, RefusesAnAffineLayerThatOneStageCannotDo) {
  auto with = [](std::vector<Layer> middle, int inputs, Format scale = {16, 0, true}) {
    return fusion_of_first_conv(conv_then_dense(std::move(middle), inputs, scale)).reader;
  };
  Layer affine = affine_layer("affine", 1, 2, 3), relu = activation_layer("relu", 2, kRelu, kCode);
  Layer flatten = plain_layer(LayerKind::flatten, "flatten", {3});
  EXPECT_GE(with({affine, relu, flatten}, 48), 0);
  EXPECT_LT(
      with({affine, relu, plain_layer(LayerKind::add, "add", {2, 3}),
            activation_layer("narrow", 4, kRelu, kCode), plain_layer(LayerKind::flatten, "flatten", {5})},
           48),
      0);
  Layer reshape = plain_layer(LayerKind::reshape, "reshape", {1});
  reshape.shape = {16, 1, 3};
  EXPECT_LT(with({reshape, affine_layer("affine", 2, 2, 3), activation_layer("relu", 3, kRelu, kCode),
                  plain_layer(LayerKind::flatten, "flatten", {4})},
                 48),
            0);
  EXPECT_LT(with({affine, relu, flatten}, 48, {16, -30, true}), 0);
  // 24 fraction bits before the activation: codes of 28 bits are saturated in time, those of 30 bits may not
  // be.
  auto fine = [](int bits) { return activation_layer("relu", 2, kRelu, Format{8, 8 - bits, false}); };
  EXPECT_GE(with({affine, fine(22), flatten}, 48), 0);
  EXPECT_LT(with({affine, fine(24), flatten}, 48), 0);
}

TEST(Fusion, RefusesWhatOneStageCannotDo) {
  Layer relu = activation_layer("relu", 1, kRelu, kCode);
  Layer flatten = plain_layer(LayerKind::flatten, "flatten", {2});
  ASSERT_GE(fusion_of_first_conv(conv_then_dense({relu, flatten}, 48)).reader, 0);

  Layer floors = relu;
  floors.rounding = core::Rounding::floor;
  EXPECT_LT(fusion_of_first_conv(conv_then_dense({floors, flatten}, 48)).reader, 0);

  Layer overlapping = window_layer(LayerKind::max_pool, "pool", 2, window(2, 2, 1));
  Layer flatten_third = plain_layer(LayerKind::flatten, "flatten", {3});
  EXPECT_LT(fusion_of_first_conv(conv_then_dense({relu, overlapping, flatten_third}, 27)).reader, 0);

  Layer twice = plain_layer(LayerKind::add, "add", {2, 2});
  EXPECT_LT(fusion_of_first_conv(conv_then_dense({relu, twice, flatten_third}, 48)).reader, 0);
}

TEST(Fusion, EndsWhereAReshapeMakesOtherPixels) {
  std::vector<Layer> layers = {
      input_layer({8}, kCode), dense_layer("dense", 0, 0), plain_layer(LayerKind::reshape, "reshape", {1}),
      activation_layer("relu", 2, kRelu, kCode), conv_layer("conv", 3, 1, -1, window(1, 1))};
  layers[2].shape = {2, 2, 3};
  Model model = Model::build(
      "net", layers,
      {filled_parameter("d", {12, 8}, kWeight, 1), filled_parameter("k", {2, 1, 1, 3}, kWeight, 1)});
  PlainNetwork plain(model);
  for (const Fusion& fusion : find_fusions(plain)) EXPECT_LT(fusion.reader, 0);
}

TEST(Packing, LeavesWideSumsGroupsAndHugePaddingToThePlainPath) {
  auto packs = [](const Format& weight, int groups, int pad) {
    Window w = window(3, 3);
    w.pad_top = w.pad_bottom = pad;
    w.dilation_y = std::max(1, pad);
    Model model =
        Model::build("net", {input_layer({6, 6, 2}, kCode), conv_layer("conv", 0, 0, -1, w, groups)},
                     {filled_parameter("k", {4, 3, 3, 2 / groups}, weight, 1)});
    return can_pack(model, 1);
  };
  EXPECT_TRUE(packs(kWeight, 1, 0));
  EXPECT_TRUE(packs({16, 0, true}, 1, 1));
  EXPECT_FALSE(packs({17, 0, true}, 1, 0));
  EXPECT_FALSE(packs(kWeight, 2, 0));
  EXPECT_FALSE(packs(kWeight, 1, 4000));
}

}  // namespace
}  // namespace netsurf
