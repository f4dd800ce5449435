#include "engine/model/layer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "engine/base/error.h"

namespace netsurf {
namespace {

/// Windows of one axis that fit, counted one by one.
int count_windows(int in, int before, int after, int size, int stride, int dilation) {
  int count = 0;
  for (int start = -before; start + dilation * (size - 1) < in + after; start += stride) ++count;
  return count;
}

TEST(Window, OutputSizesAreTheWindowsThatFit) {
  for (int in = 1; in <= 9; ++in) {
    for (int size = 1; size <= 4; ++size) {
      for (int stride = 1; stride <= 3; ++stride) {
        for (int dilation = 1; dilation <= 3; ++dilation) {
          for (int pads = 0; pads <= 3; ++pads) {
            Window w{.height = size,
                     .stride_y = stride,
                     .dilation_y = dilation,
                     .pad_top = pads / 2,
                     .pad_bottom = pads - pads / 2};
            ASSERT_EQ(w.out_height(in), count_windows(in, w.pad_top, w.pad_bottom, size, stride, dilation));
            Window turned{
                .width = size, .stride_x = stride, .dilation_x = dilation, .pad_left = pads, .pad_right = 1};
            ASSERT_EQ(turned.out_width(in), count_windows(in, pads, 1, size, stride, dilation));
          }
        }
      }
    }
  }
}

TEST(Window, SamePaddingGivesTheQuotientRoundedUpWithTheOddRowLast) {
  for (int in = 1; in <= 12; ++in) {
    for (int size = 1; size <= 5; ++size) {
      for (int stride = 1; stride <= 4; ++stride) {
        Window w{.height = size, .width = size, .stride_y = stride, .stride_x = stride};
        w.pad_same(in, in + 1);
        ASSERT_EQ(w.out_height(in), (in + stride - 1) / stride);
        ASSERT_EQ(w.out_width(in + 1), (in + stride) / stride);
        ASSERT_TRUE(w.pad_bottom == w.pad_top || w.pad_bottom == w.pad_top + 1);
        ASSERT_TRUE(w.pad_right == w.pad_left || w.pad_right == w.pad_left + 1);
      }
    }
  }
  Window w{.height = 3, .width = 3, .stride_y = 2, .stride_x = 2};
  w.pad_same(28, 28);
  EXPECT_EQ(w.pad_top, 0);
  EXPECT_EQ(w.pad_bottom, 1);
}

TEST(Window, TransposedSizesAreTheRowsThatSomeInputReaches) {
  for (int in = 1; in <= 5; ++in) {
    for (int size = 1; size <= 4; ++size) {
      for (int stride = 1; stride <= 3; ++stride) {
        for (int dilation = 1; dilation <= 3; ++dilation) {
          Window w{.height = size, .stride_y = stride, .dilation_y = dilation};
          int last = 0;
          for (int y = 0; y < in; ++y) {
            for (int i = 0; i < size; ++i) last = std::max(last, y * stride + i * dilation);
          }
          ASSERT_EQ(w.transposed_height(in), last + 1);
          w.pad_top = 1;
          w.pad_bottom = -2;
          ASSERT_EQ(w.transposed_height(in), last + 2);
          Window turned{.width = size, .stride_x = stride, .dilation_x = dilation, .pad_right = 3};
          ASSERT_EQ(turned.transposed_width(in), std::max(last - 2, 0));
        }
      }
    }
  }
}

TEST(Window, SizesBeyondAnIntAreNoSizes) {
  int huge = std::numeric_limits<int>::max();
  Window w{.height = 4096, .stride_y = 4096, .dilation_y = 4096, .pad_top = 4096};
  EXPECT_EQ(w.transposed_height(huge), 0);
  EXPECT_EQ(w.transposed_height(1), 4096 * 4095 + 1 - 4096);
  EXPECT_GT(w.out_height(huge), 0);
}

TEST(Quantize, DividesByTheUnitInFloat32) {
  Layer input;
  input.format = Format{8, 7, true};
  input.unit = 0.1f;
  EXPECT_EQ(quantize(0.3f, input), 3);
  EXPECT_EQ(quantize(-12.75f, input), -128);  // saturates
  EXPECT_EQ(quantize(0.25f, input), 2);       // a tie in float32, though 0.1f is above a tenth
  input.rounding = core::Rounding::half_away;
  EXPECT_EQ(quantize(0.25f, input), 3);
  input.unit = 1;
  EXPECT_EQ(quantize(2.5f, input), 3);
}

TEST(Quantize, KeepsToTheRangeOfTheLayer) {
  Layer input;
  input.format = Format{8, 5, true};  // steps of 1/4
  input.low = -3;
  input.high = 100;
  EXPECT_EQ(quantize(-5, input), -3);
  EXPECT_EQ(quantize(-0.5f, input), -2);
  EXPECT_EQ(quantize(30, input), 100);
  float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(quantize(infinity, input), 100);
  EXPECT_EQ(quantize(-infinity, input), -3);
  EXPECT_THROW(quantize(std::nanf(""), input), InputError);
}

TEST(Quantize, RoundsInNineWays) {
  // 0.5, 1.5, 2.5, -0.5, -1.5, -2.5 and a number too small to be seen beside a code.
  const std::vector<std::pair<core::Rounding, std::vector<int32_t>>> rows = {
      {core::Rounding::half_even, {0, 2, 2, 0, -2, -2, 0, 0}},
      {core::Rounding::half_away, {1, 2, 3, -1, -2, -3, 0, 0}},
      {core::Rounding::half_to_zero, {0, 1, 2, 0, -1, -2, 0, 0}},
      {core::Rounding::half_up, {1, 2, 3, 0, -1, -2, 0, 0}},
      {core::Rounding::half_down, {0, 1, 2, -1, -2, -3, 0, 0}},
      {core::Rounding::floor, {0, 1, 2, -1, -2, -3, 0, -1}},
      {core::Rounding::ceil, {1, 2, 3, 0, -1, -2, 1, 0}},
      {core::Rounding::to_zero, {0, 1, 2, 0, -1, -2, 0, 0}},
      {core::Rounding::away, {1, 2, 3, -1, -2, -3, 1, -1}},
  };
  ASSERT_EQ(rows.size(), core::kRoundingNames.size());
  Layer input;
  input.format = Format{8, 7, true};
  for (const auto& [rounding, expected] : rows) {
    input.rounding = rounding;
    std::vector<int32_t> found;
    for (float value : {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 1e-30f, -1e-30f})
      found.push_back(quantize(value, input));
    EXPECT_EQ(found, expected) << name_of(rounding);
  }
}

TEST(Parameter, OperandsAndTheirLargestMagnitude) {
  Parameter parameter;
  parameter.format = Format{4, 4, false};
  EXPECT_EQ(parameter.max_magnitude(), 15);
  parameter.zero_point = 8;
  EXPECT_EQ(parameter.operand(0), -8);
  EXPECT_EQ(parameter.max_magnitude(), 8);
  parameter.zero_point = -3;
  EXPECT_EQ(parameter.max_magnitude(), 18);
  parameter.format = Format{32, 31, true};
  parameter.zero_point = 0;
  EXPECT_EQ(parameter.max_magnitude(), int64_t{1} << 31);
  parameter.format = Format{1, 1, false};
  parameter.bipolar = true;
  EXPECT_EQ(parameter.operand(0), -1);
  EXPECT_EQ(parameter.operand(1), 1);
  EXPECT_EQ(parameter.max_magnitude(), 1);
}

TEST(LayerTables, RowsStandAtTheirEnumeratorsAndNamesDiffer) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kLayerKinds.size(); ++i) {
    EXPECT_EQ(static_cast<size_t>(kLayerKinds[i].kind), i);
    EXPECT_EQ(name_of(kLayerKinds[i].kind), kLayerKinds[i].name);
    names.insert(kLayerKinds[i].name);
  }
  EXPECT_EQ(names.size(), kLayerKinds.size());
  EXPECT_EQ(static_cast<size_t>(LayerKind::upsample) + 1, kLayerKinds.size());
  EXPECT_EQ(name_of(ActivationFunction::leaky_relu), kActivationNames.back());
}

TEST(Shape, TextAndElements) {
  EXPECT_EQ(shape_text({28, 28, 1}), "28x28x1");
  EXPECT_EQ(shape_text({}), "scalar");
  EXPECT_EQ(num_elements({28, 28, 1}), 784);
  EXPECT_EQ(num_elements({}), 1);
}

TEST(Shape, AbsurdSizesNeitherOverflowNorLookSmall) {
  int huge = std::numeric_limits<int>::max();
  EXPECT_GT(num_elements({65536, 65536, 65536, 65536}), int64_t{1} << 40);
  EXPECT_GT(num_elements({huge, huge, huge, huge}), int64_t{1} << 40);
  EXPECT_LE(num_elements({-2, -3}), 0);
  EXPECT_LE(num_elements({4, 0, 4}), 0);
}

}  // namespace
}  // namespace netsurf
