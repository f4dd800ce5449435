// Networks whose arithmetic cannot be held, or that are no network: refused by the layer's name.
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

TEST(Refusals, ThresholdsFitTheirLayer) {
  Layers layers = {input_layer({4}, kByte), threshold_layer("t", 0, 0, Format{4, 3, true}, -6, 6)};
  auto refused = [&](Parameter rows, std::initializer_list<std::string_view> pieces) {
    expect_refusal(layers, {std::move(rows)}, pieces);
  };
  refused(filled_parameter("r", {3, 2}, kByte, 0), {"(threshold)", "3x2", "4 or 1"});
  refused(filled_parameter("r", {4}, kByte, 0), {"shape 4"});
  refused(filled_parameter("r", {1, 65537}, kByte, 0), {"1x65537", "65536"});
  refused(filled_parameter("r", {1, 2}, Format{8, 1, true}, 0), {"6 fraction bits", "the input's 7"});
  refused(filled_parameter("r", {1, 5}, kByte, 0), {"from -6 to 6 for 5 thresholds", "whole step"});
  refused(filled_parameter("r", {1, 13}, kByte, 0), {"whole step"});
  Parameter rows = filled_parameter("r", {1, 2}, kByte, 0);
  layers[1].high = 8;
  refused(rows, {"from -6 to 8", "q<4,3,1>"});
  layers[1].low = 6;
  layers[1].high = -6;
  refused(rows, {"whole step"});
  layers[1] = threshold_layer("t", 0, 0, Format{17, 16, true}, 0, 2);
  refused(rows, {"q<17,16,1>", "16 bits"});
  layers[1] = threshold_layer("t", 0, -1, Format{4, 3, true}, 0, 2);
  refused(rows, {"has no thresholds"});
}

TEST(Refusals, RangesLieInTheirFormat) {
  Layers layers = {input_layer({4}, kByte), activation_layer("a", 0, ActivationFunction::linear, kByte)};
  auto with = [&](int32_t low, int32_t high, bool wraps = false) {
    layers[1].low = low;
    layers[1].high = high;
    layers[1].wraps = wraps;
    return layers;
  };
  expect_refusal(with(-129, 5), {}, {"from -129 to 5", "-128 to 127"});
  expect_refusal(with(-5, 128), {}, {"from -5 to 128"});
  expect_refusal(with(5, 4), {}, {"from 5 to 4"});
  expect_refusal(with(-5, 5, true), {}, {"wraps", "whole range"});
  EXPECT_EQ(last_type(with(-128, 127, true), {}).low, -128);
  layers = {input_layer({4}, kByte)};
  layers[0].low = 1;
  expect_refusal(layers, {}, {"(input)", "from 1 to 0"});
}

TEST(Refusals, SlopesAreReducedAndSmall) {
  Layers layers = {input_layer({4}, kByte), activation_layer("a", 0, ActivationFunction::leaky_relu, kByte)};
  auto with = [&](int32_t slope, int shift) {
    layers[1].slope = slope;
    layers[1].slope_shift = shift;
    return layers;
  };
  for (auto [slope, shift] : {std::pair{-1, 0}, {2, 1}, {0, 1}, {1, 41}, {1, -1}, {(1 << 24) + 1, 0}})
    expect_refusal(with(slope, shift), {}, {"slope " + std::to_string(slope), "odd number below 2^24"});
  for (auto [slope, shift] : {std::pair{0, 0}, {1, 0}, {(1 << 24) - 1, 40}})
    EXPECT_EQ(last_type(with(slope, shift), {}).bound, 128);
}

TEST(Refusals, LeakyProductsOfMoreThan62Bits) {
  // 2^15 x 2^31 = 2^46 codes, of which 2^16 x are 2^62.
  Layers layers = {input_layer({1}, kSixteen), affine_layer("a", 0, 0),
                   activation_layer("l", 1, ActivationFunction::leaky_relu, kByte)};
  layers[2].slope = 1;
  layers[2].slope_shift = 16;
  Parameters parameters = {filled_parameter("s", {1}, Format{32, 31, true}, 1)};
  EXPECT_EQ(last_type(layers, parameters).bound, 128);
  layers[2].slope_shift = 17;
  expect_refusal(layers, parameters, {"62 bits", "slope"});
  layers[2].slope = (1 << 16) + 1;
  layers[2].slope_shift = 0;
  expect_refusal(layers, parameters, {"62 bits"});
}

TEST(Refusals, TransposedConvolutionsAndUpsampling) {
  Layers layers = {input_layer({2, 2, 2}, kByte), transposed_layer("t", 0, 0, -1, {.height = 2, .width = 2})};
  Parameters parameters = {filled_parameter("k", {3, 2, 2, 2}, kByte, 0)};
  auto with = [&](Window window) {
    layers[1].window = window;
    return layers;
  };
  expect_refusal(with({.height = 2, .width = 2, .pad_bottom = -1}), parameters, {"padding", "1 - stride"});
  expect_refusal(with({.height = 2, .width = 2, .stride_x = 2, .pad_right = -2}), parameters, {"padding"});
  expect_refusal(with({.height = 2, .width = 2, .stride_y = 2, .pad_top = -1}), parameters, {"padding"});
  expect_refusal(with({.height = 2, .width = 2, .pad_top = 3}), parameters, {"leaves nothing"});
  expect_refusal(with({.height = 3, .width = 2}), parameters, {"3x2x2x2", "expected 3x3x2x2"});
  layers[1].kernel = -1;
  expect_refusal(layers, parameters, {"has no kernel"});
  layers[0] = input_layer({8}, kByte);
  expect_refusal(layers, parameters, {"height x width x channels"});
  layers[1] = window_layer(LayerKind::upsample, "u", 0, {.height = 3});
  expect_refusal(layers, {}, {"height x width x channels"});
  layers[0] = input_layer({30000, 30000, 1}, kByte);
  expect_refusal(layers, {}, {"90000x30000x1"});
  layers[1].window.height = 4096;
  layers[0] = input_layer({1 << 20, 1, 1}, kByte);
  expect_refusal(layers, {}, {"too large"});
  layers[1].window.height = 0;
  expect_refusal(layers, {}, {"outside 1 to 4096"});
}

TEST(Refusals, NumbersThatAreNoNamesOfAnything) {
  Layers layers = {input_layer({4}, kByte), activation_layer("a", 0, ActivationFunction::relu, kByte)};
  layers[1].rounding = static_cast<core::Rounding>(9);
  expect_refusal(layers, {}, {"way to round: 9"});
  layers[1].rounding = core::Rounding::floor;
  layers[1].function = static_cast<ActivationFunction>(5);
  expect_refusal(layers, {}, {"unknown function: 5"});
}

TEST(Narrow, SixteenBitsSignedOrUnsigned) {
  auto range = [](int64_t low, int64_t high) { return TensorType{{1}, 0, low, high, std::max(high, -low)}; };
  EXPECT_TRUE(range(-32768, 32767).is_narrow());
  EXPECT_TRUE(range(0, 65535).is_narrow());
  EXPECT_FALSE(range(-1, 32768).is_narrow());
  EXPECT_FALSE(range(-32769, 0).is_narrow());
  EXPECT_FALSE(range(0, 65536).is_narrow());
}

TEST(Refusals, WideCodesNeedAnActivationInFront) {
  Layers layers = {input_layer({4}, kSixteen), dense_layer("first", 0, 0), dense_layer("second", 1, 0)};
  Parameters parameters = {filled_parameter("k", {4, 4}, kByte, 0)};
  expect_refusal(layers, parameters, {"\"second\" (dense)", "at most 16 bits", "put an activation"});
  Layers image = {input_layer({2, 2, 1}, kSixteen), affine_layer("a", 0, 1), conv_layer("c", 1, 0, -1, {})};
  parameters = {filled_parameter("k", {1, 1, 1, 1}, kByte, 0), filled_parameter("s", {1}, kByte, 0)};
  expect_refusal(image, parameters, {"\"c\" (conv2d)", "at most 16 bits"});
  image.back() = plain_layer(LayerKind::average_pool, "p", {1});
  expect_refusal(image, parameters, {"(average_pool)", "at most 16 bits"});
  image.back() = plain_layer(LayerKind::global_average_pool, "g", {1});
  expect_refusal(image, parameters, {"(global_average_pool)", "at most 16 bits"});
  image.back() = plain_layer(LayerKind::sum_pool, "s", {1});
  expect_refusal(image, parameters, {"(sum_pool)", "at most 16 bits"});
  image.back() = transposed_layer("t", 1, 0, -1, {});
  expect_refusal(image, parameters, {"(conv2d_transpose)", "at most 16 bits"});
  image.back() = plain_layer(LayerKind::max_pool, "m", {1});
  EXPECT_EQ(last_type(image, parameters).shape, (Shape{2, 2, 1}));
}

TEST(Refusals, ParametersMustHaveTheLayersShape) {
  Layers dense = {input_layer({4}, kByte), dense_layer("d", 0, 0, 1)};
  expect_refusal(dense, {filled_parameter("k", {3, 5}, kByte, 0), filled_parameter("b", {3}, kByte, 0)},
                 {"kernel has shape 3x5", "expected 3x4"});
  expect_refusal(dense, {filled_parameter("k", {3, 4}, kByte, 0), filled_parameter("b", {4}, kByte, 0)},
                 {"bias has shape 4", "expected 3"});
  expect_refusal({input_layer({4}, kByte), dense_layer("d", 0, -1)}, {}, {"has no kernel"});
  Layers conv = {input_layer({4, 4, 2}, kByte), conv_layer("c", 0, 0, -1, {.height = 2, .width = 3})};
  expect_refusal(conv, {filled_parameter("k", {8, 3, 2, 2}, kByte, 0)}, {"8x3x2x2", "expected 8x2x3x2"});
  expect_refusal({input_layer({4, 4, 2}, kByte), conv_layer("c", 0, -1, -1, {})}, {}, {"has no kernel"});
  Layers affine = {input_layer({4, 4, 2}, kByte), affine_layer("a", 0, 0)};
  expect_refusal(affine, {filled_parameter("s", {4}, kByte, 0)}, {"scale has shape 4", "expected 2"});
  expect_refusal({input_layer({4}, kByte), affine_layer("a", 0, -1)}, {}, {"has no scale"});
}

TEST(Refusals, GroupsMustDivideBothChannels) {
  for (int groups : {0, -1, 3, 4}) {
    expect_refusal({input_layer({4, 4, 2}, kByte), conv_layer("c", 0, 0, -1, {}, groups)},
                   {filled_parameter("k", {4, 1, 1, 2}, kByte, 0)}, {"groups do not divide"});
  }
}

TEST(Refusals, InputsMustBeAsManyAsTheKindReads) {
  Layers layers = {input_layer({4}, kByte), plain_layer(LayerKind::add, "sum", {0})};
  expect_refusal(layers, {}, {"reads 1 layers", "expected 2 or more"});
  for (LayerKind kind : {LayerKind::dense, LayerKind::affine, LayerKind::flatten, LayerKind::activation,
                         LayerKind::softmax, LayerKind::max_pool}) {
    layers.back() = plain_layer(kind, "x", {0, 0});
    expect_refusal(layers, {}, {"reads 2 layers", "expected 1"});
    layers.back() = plain_layer(kind, "x", {});
    expect_refusal(layers, {}, {"reads 0 layers", "expected 1"});
  }
  Layer second = input_layer({4}, kByte);
  second.inputs = {0};
  expect_refusal({input_layer({4}, kByte), second}, {}, {"reads 1 layers", "expected 0"});
}

TEST(Refusals, ShapesMustFitTheKind) {
  Layers image = {input_layer({2, 3, 4}, kByte), dense_layer("d", 0, 0)};
  expect_refusal(image, {filled_parameter("k", {3, 4}, kByte, 0)}, {"2x3x4", "flatten first"});
  image.back() = plain_layer(LayerKind::softmax, "s", {0});
  expect_refusal(image, {}, {"2x3x4", "expected scores"});
  Layers flat = {input_layer({4}, kByte), plain_layer(LayerKind::global_average_pool, "g", {0})};
  expect_refusal(flat, {}, {"reads shape 4", "height x width x channels"});
  flat.back() = plain_layer(LayerKind::max_pool, "m", {0});
  expect_refusal(flat, {}, {"height x width x channels"});
  Layer reshape = plain_layer(LayerKind::reshape, "r", {0});
  for (const Shape& shape : {Shape{5}, Shape{}, Shape{-2, -2}, Shape{4, 0}, Shape{1, 1, 1, 4}}) {
    reshape.shape = shape;
    expect_refusal({input_layer({4}, kByte), reshape}, {}, {"cannot make"});
  }
  Layers two = {input_layer({4}, kByte), plain_layer(LayerKind::reshape, "r", {0}),
                plain_layer(LayerKind::add, "sum", {0, 1})};
  two[1].shape = {2, 2};
  expect_refusal(two, {}, {"4 and 2x2", "do not go together"});
  two.back() = plain_layer(LayerKind::concatenate, "join", {0, 1});
  expect_refusal(two, {}, {"do not go together"});
}

TEST(Refusals, AWindowMustTouchTheImage) {
  Layers layers = {input_layer({4, 4, 1}, kByte), plain_layer(LayerKind::max_pool, "m", {0})};
  auto with = [&](Window window) {
    layers[1].window = window;
    return layers;
  };
  expect_refusal(with({.height = 2, .width = 2, .pad_top = 2}), {}, {"wholly in the padding"});
  expect_refusal(with({.height = 2, .width = 2, .pad_right = 2}), {}, {"wholly in the padding"});
  expect_refusal(with({.height = 1, .width = 1, .stride_y = 5, .pad_bottom = 2}), {},
                 {"wholly in the padding"});
  // Between two dilated rows: the window spans the image and reads none of it.
  expect_refusal(with({.height = 2, .width = 1, .dilation_y = 6, .pad_top = 1, .pad_bottom = 2}), {},
                 {"wholly in the padding"});
  expect_refusal(with({.height = 5}), {}, {"does not fit into 4x4x1"});
  EXPECT_EQ(last_type(with({.height = 2, .width = 2, .pad_top = 1, .pad_right = 1}), {}).shape,
            (Shape{4, 4, 1}));
}

TEST(Refusals, WindowNumbersMustBePositiveAndSmall) {
  Layers layers = {input_layer({4, 4, 1}, kByte), plain_layer(LayerKind::average_pool, "m", {0})};
  for (Window window : {Window{.height = 0}, Window{.width = -1}, Window{.stride_y = 0},
                        Window{.dilation_x = 0}, Window{.pad_top = -1}, Window{.pad_right = 5000},
                        Window{.stride_x = 5000}, Window{.height = INT32_MAX, .dilation_y = INT32_MAX}}) {
    layers[1].window = window;
    expect_refusal(layers, {}, {"outside 1 to 4096"});
  }
}

TEST(Refusals, FormatsOfCodesHaveOneToSixteenBits) {
  for (Format format : {Format{17, 0, true}, Format{0, 0, true}, Format{0, 0, false}, Format{-3, 0, true}}) {
    expect_refusal({input_layer({4}, format)}, {}, {"(input)", "16 bits"});
    expect_refusal({input_layer({4}, kByte), activation_layer("a", 0, ActivationFunction::relu, format)}, {},
                   {"(activation)", "16 bits"});
  }
  expect_refusal({input_layer({4}, Format{8, 100, true})}, {}, {"-93 fraction bits"});
}

TEST(Refusals, InputShapesArePositiveAndOfOneToThreeSizes) {
  int huge = INT32_MAX;
  for (const Shape& shape : {Shape{}, Shape{0}, Shape{-4}, Shape{-2, -3}, Shape{2, 2, 2, 2},
                             Shape{huge, huge, huge}, Shape{65536, 65536, 1}}) {
    expect_refusal({input_layer(shape, kByte)}, {}, {"shape"});
  }
}

TEST(Refusals, HardFunctionsNeedAOneAmongTheirCodes) {
  for (ActivationFunction function : {ActivationFunction::hard_tanh, ActivationFunction::hard_sigmoid}) {
    expect_refusal({input_layer({4}, Format{8, 8, true}), activation_layer("a", 0, function, kByte)}, {},
                   {"-1 fraction bits", "expected 0 to 40"});
    expect_refusal({input_layer({4}, Format{8, -34, true}), activation_layer("a", 0, function, kByte)}, {},
                   {"41 fraction bits"});
    EXPECT_EQ(
        last_type({input_layer({4}, Format{8, -33, true}), activation_layer("a", 0, function, kByte)}, {})
            .bound,
        128);
  }
}

TEST(Refusals, SummandsTooFarApart) {
  Layers layers = {input_layer({1}, Format{2, 41, true}), dense_layer("d", 0, 0, 1)};
  expect_refusal(layers,
                 {filled_parameter("k", {1, 1}, Format{2, 1, true}, 0),
                  filled_parameter("b", {1}, Format{2, -22, true}, 0)},
                 {"(dense)"});
}

}  // namespace
}  // namespace netsurf
