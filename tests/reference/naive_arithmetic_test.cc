// The reference itself against numbers worked out by hand, so that a shared misreading has to be made three
// times.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/reference/naive_faults.h"
#include "tests/reference/naive_inference.h"
#include "tests/reference/naive_score.h"

namespace netsurf::naive {
namespace {

int64_t rounded(int64_t numerator, int64_t denominator) {
  return static_cast<int64_t>(divide_half_even(numerator, denominator));
}

int64_t converted(int64_t code, int from, const Format& to) {
  Layer layer;
  layer.format = to;
  return static_cast<int64_t>(convert(code, from, layer));
}

int64_t quotient(int64_t numerator, int64_t denominator, core::Rounding rounding) {
  return static_cast<int64_t>(divide(numerator, denominator, rounding));
}

TEST(NaiveArithmetic, HalvesGoToTheEvenNeighbourOnBothSidesOfZero) {
  EXPECT_EQ(rounded(5, 2), 2);
  EXPECT_EQ(rounded(7, 2), 4);
  EXPECT_EQ(rounded(-5, 2), -2);
  EXPECT_EQ(rounded(-7, 2), -4);
  EXPECT_EQ(rounded(-1, 2), 0);
  EXPECT_EQ(rounded(-2, 3), -1);
  EXPECT_EQ(rounded(4, 3), 1);
}

TEST(NaiveArithmetic, ConversionRoundsSaturatesAndShiftsEitherWay) {
  Format q{4, 1, true};               // step 1/4, codes -8..7
  EXPECT_EQ(converted(10, 4, q), 2);  // 0.625 -> 0.5
  EXPECT_EQ(converted(14, 4, q), 4);  // 0.875 -> 1
  EXPECT_EQ(converted(-100, 4, q), -8);
  EXPECT_EQ(converted(1, 0, q), 4);
  EXPECT_EQ(converted(3, 0, q), 7);
  EXPECT_EQ(converted(int64_t{1} << 62, -60, q), 7);
  EXPECT_EQ(converted(-(int64_t{1} << 62), -60, q), -8);
  EXPECT_EQ(converted(int64_t{1} << 62, 200, q), 0);
}

TEST(NaiveArithmetic, NineRoundingsDifferAsTheirTableSays) {
  using core::Rounding;
  struct Row {
    Rounding rounding;
    std::vector<int64_t> codes;  // of -2.5, -2.25, -1.5, -0.75, -0.5, 0.5, 0.75, 1.5, 2.25, 2.5
  };
  const std::vector<int64_t> quarters = {-10, -9, -6, -3, -2, 2, 3, 6, 9, 10};
  for (const Row& row : {Row{Rounding::half_even, {-2, -2, -2, -1, 0, 0, 1, 2, 2, 2}},
                         Row{Rounding::half_away, {-3, -2, -2, -1, -1, 1, 1, 2, 2, 3}},
                         Row{Rounding::half_to_zero, {-2, -2, -1, -1, 0, 0, 1, 1, 2, 2}},
                         Row{Rounding::half_up, {-2, -2, -1, -1, 0, 1, 1, 2, 2, 3}},
                         Row{Rounding::half_down, {-3, -2, -2, -1, -1, 0, 1, 1, 2, 2}},
                         Row{Rounding::floor, {-3, -3, -2, -1, -1, 0, 0, 1, 2, 2}},
                         Row{Rounding::ceil, {-2, -2, -1, 0, 0, 1, 1, 2, 3, 3}},
                         Row{Rounding::to_zero, {-2, -2, -1, 0, 0, 0, 0, 1, 2, 2}},
                         Row{Rounding::away, {-3, -3, -2, -1, -1, 1, 1, 2, 3, 3}}}) {
    for (size_t i = 0; i < quarters.size(); ++i)
      EXPECT_EQ(quotient(quarters[i], 4, row.rounding), row.codes[i])
          << quarters[i] << " / 4 " << name_of(row.rounding);
    EXPECT_EQ(quotient(-8, 4, row.rounding), -2);
    EXPECT_EQ(quotient(0, 4, row.rounding), 0);
  }
}

TEST(NaiveArithmetic, ConversionHoldsANarrowRangeOrWraps) {
  Layer layer;
  layer.format = {4, 3, true};
  layer.low = -3;
  layer.high = 5;
  EXPECT_EQ(convert(7, 0, layer), 5);
  EXPECT_EQ(convert(-7, 0, layer), -3);
  EXPECT_EQ(convert(9, 1, layer), 4);
  layer.low = layer.high = 0;
  EXPECT_EQ(convert(7, 0, layer), 7);
  layer.wraps = true;
  EXPECT_EQ(convert(8, 0, layer), -8);
  EXPECT_EQ(convert(-9, 0, layer), 7);
  EXPECT_EQ(convert(35, 1, layer), 2);  // 17.5 -> 18
  EXPECT_EQ(convert((int64_t{1} << 61) + 1, -3, layer), -8);
  layer.rounding = core::Rounding::floor;
  EXPECT_EQ(convert(35, 1, layer), 1);
  layer.format = {4, 4, false};
  EXPECT_EQ(convert(-1, 0, layer), 15);
  EXPECT_EQ(convert(-1, 150, layer), 15);  // just below zero
}

TEST(NaiveArithmetic, DataIsDividedByTheUnitBeforeItIsRounded) {
  Layer input;
  input.format = {8, 5, true};  // step 1/4
  EXPECT_EQ(encoded(1.125f, input), 4);
  EXPECT_EQ(encoded(-1e30f, input), -128);
  EXPECT_EQ(encoded(INFINITY, input), 127);
  EXPECT_EQ(encoded(1e-45f, input), 0);
  input.unit = 0.75f;
  EXPECT_EQ(encoded(1.125f, input), 6);
  input.rounding = core::Rounding::away;
  EXPECT_EQ(encoded(-1e-45f, input), -1);
  input.high = 3;
  EXPECT_EQ(encoded(1.125f, input), 3);
}

TEST(NaiveArithmetic, AFlipChangesOneStoredBit) {
  Format q{6, 0, true}, u{3, 3, false}, wide{32, 0, true};
  EXPECT_EQ(flipped(0, 5, q), -32);
  EXPECT_EQ(flipped(-32, 5, q), 0);
  EXPECT_EQ(flipped(-1, 0, q), -2);
  EXPECT_EQ(flipped(5, 1, q), 7);
  EXPECT_EQ(flipped(7, 2, u), 3);
  EXPECT_EQ(flipped(0, 31, wide), INT32_MIN);
  EXPECT_EQ(flipped(INT32_MIN, 31, wide), 0);
  EXPECT_EQ(flipped(0, 0, (Format{1, 0, true})), -1);
}

TEST(Windows, SamePaddingKeepsTheSizeAndPutsTheOddRowLast) {
  for (int in = 1; in <= 9; ++in) {
    for (int taps = 1; taps <= 4; ++taps) {
      for (int stride = 1; stride <= 3; ++stride) {
        for (int dilation = 1; dilation <= 2; ++dilation) {
          Window w;
          w.height = w.width = taps;
          w.stride_y = w.stride_x = stride;
          w.dilation_y = w.dilation_x = dilation;
          w.pad_same(in, in);
          int outs = 0;
          for (int start = 0; start < in; start += stride) ++outs;
          int needed = std::max(0, (outs - 1) * stride + (taps - 1) * dilation + 1 - in);
          ASSERT_EQ(w.out_height(in), outs);
          ASSERT_EQ(w.out_width(in), outs);
          ASSERT_EQ(w.pad_top + w.pad_bottom, needed);
          ASSERT_EQ(w.pad_bottom - w.pad_top, needed % 2);
          ASSERT_EQ(w.pad_right - w.pad_left, needed % 2);
        }
      }
    }
  }
}

TEST(NaiveScore, ExpAndLogAreCloseToTheRealOnes) {
  EXPECT_EQ(exp_prescribed(0.0f), 1.0f);
  EXPECT_EQ(exp_prescribed(-87.5f), 0.0f);
  EXPECT_EQ(log_prescribed(1.0f), 0.0f);
  for (float x = -87.0f; x <= 0.0f; x += 0.37f) {
    double exact = std::exp(static_cast<double>(x));
    ASSERT_NEAR(exp_prescribed(x) / exact, 1.0, 1e-6) << x;
  }
  for (float s = 1.0f; s < 5000.0f; s *= 1.01f) {
    double exact = std::log(static_cast<double>(s));
    ASSERT_NEAR(log_prescribed(s), exact, 1e-6 * std::max(1.0, exact)) << s;
  }
}

TEST(NaiveScore, LossesOfEqualCodesAreTheLogarithmOfTheirNumber) {
  Tensor tensor{{4}, 3, {7, 7, 7, 7}};
  EXPECT_NEAR(cross_entropy(tensor, 2), std::log(4.0), 1e-6);
  EXPECT_EQ(prediction(tensor.codes), 0);
  EXPECT_EQ(prediction({1, 5, 5, 2}), 1);
  EXPECT_EQ(mean_squared_error({{2}, 1, {1, -3}}, std::vector<float>{0.0f, 0.5f}), (0.25f + 4.0f) / 2.0f);
}

TEST(NaiveScore, LossesCountInUnitsAndAreCapped) {
  EXPECT_EQ(loss_units(0.0f), 0);
  EXPECT_EQ(loss_units(1.0f), 1 << 20);
  EXPECT_EQ(loss_units(0x1p-21f), 0);
  EXPECT_EQ(loss_units(0x3p-21f), 2);
  EXPECT_EQ(loss_units(1e30f), int64_t{1} << 40);
  EXPECT_EQ(loss_units(INFINITY), int64_t{1} << 40);
}

TEST(NaiveScore, TheUnitOfTheOutputStretchesTheLoss) {
  Tensor tensor{{2}, 1, {1, -3}, 3.0f};
  EXPECT_EQ(mean_squared_error(tensor, std::vector<float>{0.0f, 0.5f}), (2.25f + 25.0f) / 2.0f);
  EXPECT_NEAR(cross_entropy(tensor, 1), 6.0 + std::log1p(std::exp(-6.0)), 1e-5);
}

/// What a layer of a kind without an engine's help puts out.
std::vector<int64_t> codes_of(Layer layer, Shape shape, std::vector<int32_t> sample,
                              std::vector<Parameter> parameters) {
  Layer input;
  input.name = "in";
  input.shape = std::move(shape);
  input.format = {8, 7, true};
  layer.name = "layer";
  layer.inputs = {0};
  Model model = Model::build("one layer", {input, layer}, parameters);
  std::vector<std::vector<int32_t>> stored;
  for (const Parameter& each : model.parameters()) stored.push_back(each.codes);
  std::vector<Tensor> tensors = infer(model, stored, sample);
  std::vector<int64_t> codes;
  for (Wide code : scored(tensors).codes) codes.push_back(static_cast<int64_t>(code));
  return codes;
}

Parameter parameter_of(Shape shape, Format format, std::vector<int32_t> codes) {
  Parameter parameter;
  parameter.name = "parameter";
  parameter.shape = std::move(shape);
  parameter.format = format;
  parameter.codes = std::move(codes);
  return parameter;
}

TEST(NaiveLayers, OperandsAreCodesLessTheirZeroPointOrSigns) {
  Layer layer;
  layer.kind = LayerKind::dense;
  layer.kernel = 0;
  Parameter kernel = parameter_of({1, 3}, {4, 3, true}, {5, -1, 0});
  kernel.zero_point = 2;
  EXPECT_EQ(codes_of(layer, {3}, {10, 20, 30}, {kernel}), (std::vector<int64_t>{30 - 60 - 60}));
  Parameter signs = parameter_of({1, 3}, {1, 1, false}, {1, 0, 1});
  signs.bipolar = true;
  EXPECT_EQ(codes_of(layer, {3}, {10, 20, 30}, {signs}), (std::vector<int64_t>{20}));
}

TEST(NaiveLayers, ThresholdsCountEvenOutOfOrder) {
  Layer layer;
  layer.kind = LayerKind::threshold;
  layer.thresholds = 0;
  layer.format = {5, 4, true};
  layer.low = -3;
  layer.high = 3;
  Parameter rows = parameter_of({2, 3}, {8, 7, true}, {0, 10, 20, 9, -9, 9});
  EXPECT_EQ(codes_of(layer, {2}, {10, 8}, {rows}), (std::vector<int64_t>{1, -1}));
  EXPECT_EQ(codes_of(layer, {2}, {-1, 9}, {rows}), (std::vector<int64_t>{-3, 3}));
  Parameter shared = parameter_of({1, 3}, {8, 7, true}, {0, 10, 20});
  EXPECT_EQ(codes_of(layer, {2}, {10, 20}, {shared}), (std::vector<int64_t>{1, 3}));
}

TEST(NaiveLayers, LeakyReluRoundsOnceOnBothSides) {
  Layer layer;
  layer.kind = LayerKind::activation;
  layer.function = ActivationFunction::leaky_relu;
  layer.slope = 3;
  layer.slope_shift = 3;
  layer.format = {8, 6, true};  // one fraction bit
  EXPECT_EQ(codes_of(layer, {3}, {5, -5, -2}, {}), (std::vector<int64_t>{10, -4, -2}));
}

TEST(NaiveLayers, ATransposedConvolutionSpreadsPixelsAndPadsTheFarSide) {
  Layer layer;
  layer.kind = LayerKind::conv2d_transpose;
  layer.kernel = 0;
  layer.bias = 1;
  layer.window.height = 1;
  layer.window.width = 3;
  layer.window.stride_x = 3;
  layer.window.pad_left = 1;
  layer.window.pad_right = -2;
  Parameter kernel = parameter_of({1, 1, 3, 1}, {4, 3, true}, {1, 2, 3}),
            bias = parameter_of({1}, {4, 3, true}, {5});
  EXPECT_EQ(codes_of(layer, {1, 2, 1}, {10, 20}, {kernel, bias}),
            (std::vector<int64_t>{25, 35, 25, 45, 65, 5, 5}));
  layer.window.width = 2;
  layer.window.pad_left = layer.window.pad_right = 0;
  layer.window.stride_x = 1;
  layer.window.dilation_x = 2;
  kernel = parameter_of({1, 1, 2, 1}, {4, 3, true}, {1, -1});
  EXPECT_EQ(codes_of(layer, {1, 2, 1}, {10, 20}, {kernel, bias}), (std::vector<int64_t>{15, 25, -5, -15}));
}

TEST(NaiveLayers, PixelsAreRepeatedAndWindowsSummed) {
  Layer layer;
  layer.kind = LayerKind::upsample;
  layer.window.height = 2;
  layer.window.width = 3;
  EXPECT_EQ(codes_of(layer, {1, 2, 1}, {7, -8}, {}),
            (std::vector<int64_t>{7, 7, 7, -8, -8, -8, 7, 7, 7, -8, -8, -8}));
  layer.kind = LayerKind::sum_pool;
  layer.window.height = 1;
  layer.window.width = 2;
  layer.window.pad_left = 1;
  EXPECT_EQ(codes_of(layer, {1, 3, 1}, {7, -8, 1}, {}), (std::vector<int64_t>{7, -1, -7}));
}

TEST(NaiveFaults, ConstantParametersHaveNoBits) {
  Layer input, layer;
  input.shape = {2};
  input.format = {8, 7, true};
  layer.kind = LayerKind::affine;
  layer.inputs = {0};
  layer.scale = 0;
  layer.shift = 1;
  Parameter scale = parameter_of({2}, {4, 3, true}, {1, 2}), shift = parameter_of({2}, {3, 2, true}, {1, 2});
  scale.constant = true;
  Model model = Model::build("constant", {input, layer}, {scale, shift});
  EXPECT_EQ(list_bits(model, false).size(), 6u);
  EXPECT_EQ(list_bits(model, true).front().parameter, 1);
}

}  // namespace
}  // namespace netsurf::naive
