// The layer kinds that networks made by others brought, each on codes computed by hand.
#include "engine/backend/plain_network.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/models.h"

namespace netsurf {
namespace {

using testing::activation_layer;
using testing::affine_layer;
using testing::conv_layer;
using testing::dense_layer;
using testing::filled_parameter;
using testing::given_parameter;
using testing::input_layer;
using testing::plain_layer;
using testing::threshold_layer;
using testing::transposed_layer;
using testing::window_layer;

using Codes = std::vector<int64_t>;

const Format kByte{8, 7, true};  // whole numbers

/// What the last layer makes of one sample, which stands in every column of the tile but the first.
Codes run(const Model& model, const std::vector<int32_t>& input) {
  PlainNetwork network(model);
  Workspace workspace = network.make_workspace();
  int32_t* x = workspace.activations.narrow[0];
  for (size_t i = 0; i < input.size(); ++i) {
    for (int s = 1; s < cpu::kTile; ++s) x[i * cpu::kTile + s] = input[i];
  }
  network.run(network.clean_parameters(), workspace.activations);
  auto last = static_cast<size_t>(network.scored_buffer());
  Codes codes;
  for (int64_t i = 0; i < model.type(model.scored_layer()).elements(); ++i) {
    auto at = static_cast<size_t>(i * cpu::kTile);
    bool wide = network.is_wide(network.scored_buffer());
    codes.push_back(wide ? workspace.wide[last][at + 1] : workspace.narrow[last][at + 1]);
    for (size_t s = 2; s < cpu::kTile; ++s)
      EXPECT_EQ(wide ? workspace.wide[last][at + s] : workspace.narrow[last][at + s], codes.back());
  }
  return codes;
}

Codes run(std::vector<Layer> layers, std::vector<Parameter> parameters, const std::vector<int32_t>& input) {
  return run(Model::build("test", std::move(layers), std::move(parameters)), input);
}

TEST(Threshold, CountsWhatEachChannelReaches) {
  std::vector<Layer> layers = {input_layer({2, 1, 2}, kByte),
                               threshold_layer("t", 0, 0, Format{4, 3, true}, -3, 3)};
  Parameter rows = given_parameter("rows", {2, 3}, kByte, {-5, 0, 5, 10, 10, 11});
  // Pixels (-5, 9) and (4, 10); a threshold is reached at its own code; step (3 - -3) / 3 = 2.
  EXPECT_EQ(run(layers, {rows}, {-5, 9, 4, 10}), (Codes{-1, -3, 1, 1}));
  EXPECT_EQ(run(layers, {rows}, {-6, 127, 5, 11}), (Codes{-3, 3, 3, 3}));
}

TEST(Threshold, OneRowMayServeAllChannels) {
  std::vector<Layer> layers = {input_layer({3}, kByte),
                               threshold_layer("t", 0, 0, Format{2, 2, false}, 0, 2)};
  EXPECT_EQ(run(layers, {given_parameter("row", {1, 2}, kByte, {1, 3})}, {0, 1, 3}), (Codes{0, 1, 2}));
}

TEST(Threshold, ARowOutOfOrderCountsTheSame) {
  testing::Random random(3);
  for (int count : {1, 2, 3, 15, 16, 17, 18, 31, 100, 255, 1000}) {
    for (bool sorted : {true, false}) {
      for (bool shared : {true, false}) {
        int channels = 5, rows = shared ? 1 : channels;
        Parameter thresholds = filled_parameter("rows", {rows, count}, Format{12, 11, true}, 0);
        for (int32_t& code : thresholds.codes) code = static_cast<int32_t>(random.between(-300, 300));
        for (int r = 0; sorted && r < rows; ++r)
          std::sort(thresholds.codes.begin() + r * count, thresholds.codes.begin() + (r + 1) * count);
        std::vector<int32_t> input;
        for (int i = 0; i < 15; ++i) input.push_back(static_cast<int32_t>(random.between(-310, 310)));
        Codes expected;
        for (size_t i = 0; i < input.size(); ++i) {
          auto row = thresholds.codes.begin() + (shared ? 0 : static_cast<int>(i % 5) * count);
          expected.push_back(std::count_if(row, row + count, [&](int32_t t) { return input[i] >= t; }) - 7);
        }
        ASSERT_EQ(run({input_layer({3, 1, channels}, Format{12, 11, true}),
                       threshold_layer("t", 0, 0, Format{16, 15, true}, -7, count - 7)},
                      {thresholds}, input),
                  expected)
            << count << " " << sorted << shared;
      }
    }
  }
}

TEST(Threshold, TheLongestRow) {
  Parameter row = filled_parameter("row", {1, 65535}, Format{17, 16, true}, 0);
  for (int i = 0; i < 65535; ++i) row.codes[static_cast<size_t>(i)] = i - 32767;
  std::vector<Layer> layers = {input_layer({3}, Format{16, 15, true}),
                               threshold_layer("t", 0, 0, Format{16, 16, false}, 0, 65535)};
  EXPECT_EQ(run(layers, {row}, {-32768, 0, 32767}), (Codes{0, 32768, 65535}));
  std::swap(row.codes[5], row.codes[60000]);
  EXPECT_EQ(run(layers, {row}, {-32768, 0, 32767}), (Codes{0, 32768, 65535}));
}

TEST(Threshold, ReadsWideSumsAndOperands) {
  // 127 x 2^30 needs 64 bits; thresholds with a zero point of 3 stand for 5, 0 and -2.
  std::vector<Layer> layers = {input_layer({2}, kByte), affine_layer("wide", 0, 0),
                               threshold_layer("t", 1, 1, Format{2, 2, false}, 0, 3)};
  Parameter scale = filled_parameter("scale", {2}, Format{32, 31, true}, 1 << 30);
  Parameter rows = given_parameter("rows", {1, 3}, kByte, {8, 3, 1});
  rows.zero_point = 3;
  EXPECT_EQ(run(layers, {scale, rows}, {127, -1}), (Codes{3, 0}));
  scale.codes = {1, 1};
  EXPECT_EQ(run(layers, {scale, rows}, {4, -2}), (Codes{2, 1}));
}

TEST(SumPool, AddsTheWindowAndNothingForPadding) {
  Layer pool =
      window_layer(LayerKind::sum_pool, "s", 0,
                   {.height = 2, .width = 2, .stride_y = 2, .stride_x = 2, .pad_top = 1, .pad_left = 1});
  // 1 2 3      the corner alone; 2 + 3; 4 + 7; 5 + 6 + 8 + 9
  // 4 5 6
  // 7 8 9
  EXPECT_EQ(run({input_layer({3, 3, 1}, kByte), pool}, {}, {1, 2, 3, 4, 5, 6, 7, 8, 9}),
            (Codes{1, 5, 11, 28}));
}

TEST(SumPool, LargeWindowsAreSummedIn64Bits) {
  Layer pool = window_layer(LayerKind::sum_pool, "s", 0, {.height = 256, .width = 256});
  Model model = Model::build("wide", {input_layer({256, 256, 1}, Format{16, 16, false}), pool}, {});
  EXPECT_TRUE(model.type(1).needs_64_bits());
  EXPECT_EQ(run(model, std::vector<int32_t>(65536, 65535)), (Codes{int64_t{65535} * 65536}));
}

TEST(Upsample, RepeatsEveryPixel) {
  Layer layer = window_layer(LayerKind::upsample, "u", 0, {.height = 2, .width = 3});
  EXPECT_EQ(run({input_layer({1, 2, 2}, kByte), layer}, {}, {1, 2, 3, 4}),
            (Codes{1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4, 1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4}));
}

TEST(Upsample, RepeatsWideCodesToo) {
  Layer layer = window_layer(LayerKind::upsample, "u", 1, {.height = 2, .width = 1});
  Parameter scale = filled_parameter("scale", {1}, Format{32, 31, true}, 1 << 30);
  EXPECT_EQ(run({input_layer({1, 1, 1}, kByte), affine_layer("a", 0, 0), layer}, {scale}, {100}),
            (Codes{int64_t{100} << 30, int64_t{100} << 30}));
}

TEST(TransposedConvolution, SpreadsEveryInputOverTheKernel) {
  Parameter kernel = given_parameter("k", {1, 3, 1, 1}, kByte, {1, 10, 100});
  Parameter bias = given_parameter("b", {1}, kByte, {7});
  auto with = [&](Window window) {
    return run({input_layer({2, 1, 1}, kByte), transposed_layer("t", 0, 0, 1, window)}, {kernel, bias},
               {2, 3});
  };
  // stride 1: 2, 20 + 3, 200 + 30, 300
  EXPECT_EQ(with({.height = 3}), (Codes{9, 30, 237, 307}));
  // stride 2: 2, 20, 200 + 3, 30, 300
  EXPECT_EQ(with({.height = 3, .stride_y = 2}), (Codes{9, 27, 210, 37, 307}));
  EXPECT_EQ(with({.height = 3, .stride_y = 2, .pad_top = 1, .pad_bottom = 1}), (Codes{27, 210, 37}));
  // stride 4 leaves a row without input, and output padding adds rows of bias below.
  EXPECT_EQ(with({.height = 3, .stride_y = 4}), (Codes{9, 27, 207, 7, 10, 37, 307}));
  EXPECT_EQ(with({.height = 3, .stride_y = 4, .pad_bottom = -3}),
            (Codes{9, 27, 207, 7, 10, 37, 307, 7, 7, 7}));
  // dilation 2, stride 1: 2, 3, 20, 30, 200, 300
  EXPECT_EQ(with({.height = 3, .dilation_y = 2}), (Codes{9, 10, 27, 37, 207, 307}));
}

TEST(TransposedConvolution, MixesChannelsAndColumns) {
  // Two input channels, two outputs, a kernel of two columns; weights [out][column][in].
  Parameter kernel = given_parameter("k", {2, 1, 2, 2}, kByte, {1, 2, 3, 4, 5, 6, 7, 8});
  Layer layer = transposed_layer("t", 0, 0, -1, {.width = 2, .stride_x = 1});
  // Inputs (1, 10) and (2, 20). Column 0: 1 + 20, 5 + 60; column 1: 3 + 40 + 2 + 40, 7 + 80 + 10 + 120;
  // column 2: 6 + 80, 14 + 160.
  EXPECT_EQ(run({input_layer({1, 2, 2}, kByte), layer}, {kernel}, {1, 10, 2, 20}),
            (Codes{21, 65, 85, 217, 86, 174}));
}

TEST(Operands, ZeroPointsAndBipolarBitsTakePartInSums) {
  Parameter kernel = given_parameter("k", {1, 3}, Format{4, 4, false}, {0, 8, 15});
  kernel.zero_point = 8;
  Parameter bias = given_parameter("b", {1}, Format{4, 4, false}, {0});
  bias.zero_point = 2;
  std::vector<Layer> dense = {input_layer({3}, kByte), dense_layer("d", 0, 0, 1)};
  EXPECT_EQ(run(dense, {kernel, bias}, {1, 10, 100}), (Codes{-8 + 700 - 2}));
  Parameter bits = given_parameter("k", {1, 3}, Format{1, 1, false}, {0, 1, 1});
  bits.bipolar = true;
  EXPECT_EQ(run(dense, {bits, bias}, {1, 10, 100}), (Codes{-1 + 10 + 100 - 2}));
}

TEST(Activation, SaturatesToItsOwnRange) {
  Layer layer = activation_layer("a", 0, ActivationFunction::linear, Format{4, 3, true});
  layer.low = -7;
  layer.high = 5;
  EXPECT_EQ(run({input_layer({4}, kByte), layer}, {}, {-100, -7, 5, 100}), (Codes{-7, -7, 5, 5}));
}

TEST(Activation, RoundsWrapsAndLeaksAsTold) {
  Layer layer = activation_layer("a", 0, ActivationFunction::leaky_relu, Format{4, 3, true});
  layer.slope = 1;
  layer.slope_shift = 1;
  layer.rounding = core::Rounding::floor;
  // Steps of 1/2 into whole numbers: -3/2 x 1/2 = -0.75.
  std::vector<Layer> layers = {input_layer({4}, Format{8, 6, true}), layer};
  EXPECT_EQ(run(layers, {}, {-3, 3, -1, 40}), (Codes{-1, 1, -1, 7}));
  layers[1].wraps = true;
  EXPECT_EQ(run(layers, {}, {-3, 3, -40, 40}), (Codes{-1, 1, 6, 4}));
}

}  // namespace
}  // namespace netsurf
