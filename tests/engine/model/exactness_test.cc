#include "engine/model/exactness.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"
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
using testing::threshold_layer;
using testing::transposed_layer;
using testing::window_layer;

using Layers = std::vector<Layer>;
using Parameters = std::vector<Parameter>;

const Format kByte{8, 0, true};
const Format kSixteen{16, 0, true};

TensorType last_type(const Layers& layers, const Parameters& parameters) {
  return infer_types(layers, parameters).back();
}

/// The refusal names the last layer and says every piece.
void expect_refusal(const Layers& layers, const Parameters& parameters,
                    std::initializer_list<std::string_view> pieces) {
  expect_error<InputError>([&] { infer_types(layers, parameters); },
                           {"layer \"" + layers.back().name + "\""});
  expect_error<InputError>([&] { infer_types(layers, parameters); }, pieces);
}

TEST(Align, BringsBothToTheFinerStep) {
  for (int a = -5; a <= 5; ++a) {
    for (int b = -5; b <= 5; ++b) {
      Alignment both = align(a, b);
      EXPECT_EQ(both.frac_bits, std::max(a, b));
      EXPECT_EQ(a + both.first_shift, both.frac_bits);
      EXPECT_EQ(b + both.second_shift, both.frac_bits);
    }
  }
}

TEST(Bounds, ADenseLayerAttainsItsBoundWithExtremeCodes) {
  // All weights and inputs at their most negative code, and a bias that adds to it.
  Layers layers = {input_layer({3}, Format{4, 0, true}), dense_layer("d", 0, 0, 1)};
  for (int bias_integer_bits : {-3, 0, 2, 4}) {
    Parameters parameters = {filled_parameter("k", {2, 3}, Format{5, 1, true}, -16),
                             filled_parameter("b", {2}, Format{6, bias_integer_bits, false}, 63)};
    TensorType type = last_type(layers, parameters);
    int product_frac = 3 + 3, bias_frac = 6 - bias_integer_bits;
    int frac = std::max(product_frac, bias_frac);
    int64_t sum = int64_t{3 * 16 * 8} << (frac - product_frac);
    EXPECT_EQ(type.frac_bits, frac);
    EXPECT_EQ(type.bound, sum + (int64_t{63} << (frac - bias_frac)));
    EXPECT_EQ(type.low, -type.bound);
    EXPECT_EQ(type.high, type.bound);
    EXPECT_EQ(type.shape, Shape{2});
  }
}

TEST(Bounds, PrunedWeightsCountAsTheyMayBeStored) {
  Parameter kernel = filled_parameter("k", {1, 4}, kByte, 0);
  kernel.pruned.assign(4, 1);
  EXPECT_EQ(last_type({input_layer({4}, kByte), dense_layer("d", 0, 0)}, {kernel}).bound, 4 * 128 * 128);
}

TEST(Bounds, AConvolutionCountsItsOwnWindowAndGroup) {
  Layers layers = {input_layer({5, 5, 6}, Format{4, 0, false}),
                   conv_layer("c", 0, 0, -1, {.height = 3, .width = 2, .stride_x = 2}, 3)};
  TensorType type = last_type(layers, {filled_parameter("k", {9, 3, 2, 2}, kByte, 0)});
  EXPECT_EQ(type.shape, (Shape{3, 2, 9}));
  EXPECT_EQ(type.bound, 3 * 2 * 2 * 128 * 15);
  EXPECT_EQ(type.frac_bits, 4 + 7);
}

TEST(Bounds, AddAndConcatenateAlignTheirInputs) {
  Layers layers = {input_layer({2}, Format{4, 0, true}),
                   activation_layer("coarse", 0, ActivationFunction::relu, Format{4, 3, false}),
                   plain_layer(LayerKind::add, "sum", {0, 1})};
  TensorType sum = last_type(layers, {});
  EXPECT_EQ(sum.frac_bits, 3);
  EXPECT_EQ(sum.low, -8);
  EXPECT_EQ(sum.high, 7 + 15 * 4);
  EXPECT_EQ(sum.bound, 8 + 15 * 4);
  layers.back() = plain_layer(LayerKind::concatenate, "joined", {0, 1, 0});
  TensorType joined = last_type(layers, {});
  EXPECT_EQ(joined.shape, Shape{6});
  EXPECT_EQ(joined.low, -8);
  EXPECT_EQ(joined.high, 60);
}

TEST(Bounds, Int32EndsWhereTheBoundPassesIt) {
  // Unsigned inputs of 16 bits and weights of -2^15: 65535 x 2^15 = 2^31 - 2^15 per weight.
  Layers layers = {input_layer({1}, Format{16, 0, false}), dense_layer("d", 0, 0, 1)};
  auto with_bias = [&](Format bias) {
    return last_type(layers,
                     {filled_parameter("k", {1, 1}, kSixteen, 0), filled_parameter("b", {1}, bias, 0)});
  };
  // The bias has the products' step of 2^-31; its largest magnitude is 2^15 - 1 (unsigned) or 2^15 (signed).
  TensorType fits = with_bias(Format{15, -16, false});
  EXPECT_EQ(fits.bound, INT32_MAX);
  EXPECT_FALSE(fits.needs_64_bits());
  TensorType passes = with_bias(Format{16, -16, true});
  EXPECT_EQ(passes.bound, int64_t{INT32_MAX} + 1);
  EXPECT_TRUE(passes.needs_64_bits());
}

TEST(Bounds, ExactlyTwoToThe62IsTheLast) {
  // 2^15 x 2^31 = 2^46, then x 2^16 = 2^62 exactly.
  Layers layers = {input_layer({1}, kSixteen), affine_layer("a", 0, 0), affine_layer("b", 1, 1)};
  Parameters parameters = {filled_parameter("s", {1}, Format{32, 31, true}, 1),
                           filled_parameter("t", {1}, Format{17, 16, true}, 1)};
  EXPECT_EQ(last_type(layers, parameters).bound, int64_t{1} << 62);
  layers[2].shift = 2;
  parameters.push_back(filled_parameter("u", {1}, Format{1, -15, true}, 0));
  expect_refusal(layers, parameters, {"(affine)", "62 bits"});
}

TEST(Bounds, AreOverOperands) {
  Layers layers = {input_layer({3}, Format{4, 4, false}), dense_layer("d", 0, 0, 1)};
  Parameters parameters = {filled_parameter("k", {2, 3}, Format{4, 4, false}, 8),
                           filled_parameter("b", {2}, Format{4, 4, false}, 8)};
  EXPECT_EQ(last_type(layers, parameters).bound, 3 * 15 * 15 + 15);
  parameters[0].zero_point = 8;
  parameters[1].zero_point = -5;
  EXPECT_EQ(last_type(layers, parameters).bound, 3 * 8 * 15 + 20);
  parameters[0] = filled_parameter("k", {2, 3}, Format{1, 1, false}, 0);
  parameters[0].bipolar = true;
  EXPECT_EQ(last_type(layers, parameters).bound, 3 * 1 * 15 + 20);
}

TEST(Bounds, NarrowerRangesCount) {
  Layers layers = {input_layer({3}, kByte), dense_layer("d", 0, 0)};
  layers[0].low = -5;
  layers[0].high = 7;
  Parameters parameters = {filled_parameter("k", {2, 3}, kByte, 8)};
  EXPECT_EQ(last_type(layers, parameters).bound, 3 * 128 * 7);
  layers[1] = activation_layer("a", 0, ActivationFunction::linear, kByte);
  layers[1].low = -100;
  layers[1].high = -90;
  TensorType type = last_type(layers, {});
  EXPECT_EQ(type.low, -100);
  EXPECT_EQ(type.high, -90);
  EXPECT_EQ(type.bound, 100);
  layers[1].low = layers[1].high = 3;
  EXPECT_EQ(last_type(layers, {}).low, 3);
}

TEST(Bounds, ASumPoolAddsItsWholeWindow) {
  Layer pool = window_layer(LayerKind::sum_pool, "s", 0, {.height = 2, .width = 3});
  TensorType type = last_type({input_layer({4, 4, 2}, Format{4, 4, false}), pool}, {});
  EXPECT_EQ(type.shape, (Shape{3, 2, 2}));
  EXPECT_EQ(type.low, 0);
  EXPECT_EQ(type.high, 90);
  EXPECT_EQ(type.bound, 90);
  type = last_type({input_layer({4, 4, 2}, kByte), pool}, {});
  EXPECT_EQ(type.low, -128 * 6);
  EXPECT_EQ(type.high, 127 * 6);
  EXPECT_EQ(type.bound, 128 * 6);
  EXPECT_EQ(type.frac_bits, 7);
  // Padding adds nothing, so that a sum may be smaller than that of the whole window.
  Layer input = input_layer({4, 4, 2}, kByte);
  input.low = 3;
  input.high = 5;
  EXPECT_EQ(last_type({input, pool}, {}).low, 0);
}

TEST(Bounds, ATransposedConvolutionCountsItsWholeKernel) {
  Layers layers = {input_layer({3, 4, 2}, kByte), transposed_layer("t", 0, 0, -1,
                                                                   {.height = 3,
                                                                    .width = 2,
                                                                    .stride_y = 2,
                                                                    .stride_x = 3,
                                                                    .pad_top = 1,
                                                                    .pad_bottom = -1,
                                                                    .pad_right = -2})};
  TensorType type = last_type(layers, {filled_parameter("k", {5, 3, 2, 2}, kByte, 0)});
  EXPECT_EQ(type.shape, (Shape{2 * 2 + 3 - 0, 3 * 3 + 2 + 2, 5}));
  EXPECT_EQ(type.bound, 12 * 128 * 128);
  EXPECT_EQ(type.frac_bits, 14);
}

TEST(Bounds, UpsampleKeepsCodesAndThresholdHasItsOwn) {
  Layers layers = {input_layer({3, 4, 2}, kByte),
                   window_layer(LayerKind::upsample, "u", 0, {.height = 3, .width = 2})};
  TensorType type = last_type(layers, {});
  EXPECT_EQ(type.shape, (Shape{9, 8, 2}));
  EXPECT_EQ(type.low, -128);
  EXPECT_EQ(type.high, 127);
  layers[1] = threshold_layer("t", 0, 0, Format{5, 2, true}, -9, 6);
  type = last_type(layers, {filled_parameter("rows", {2, 5}, kByte, 0)});
  EXPECT_EQ(type.shape, (Shape{3, 4, 2}));
  EXPECT_EQ(type.low, -9);
  EXPECT_EQ(type.high, 6);
  EXPECT_EQ(type.bound, 9);
  EXPECT_EQ(type.frac_bits, 2);
  layers[0] = input_layer({4}, kByte);
  EXPECT_EQ(last_type(layers, {filled_parameter("rows", {1, 5}, kByte, 0)}).shape, Shape{4});
}

}  // namespace
}  // namespace netsurf
