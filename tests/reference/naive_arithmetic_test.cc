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
  return static_cast<int64_t>(convert(code, from, to));
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

}  // namespace
}  // namespace netsurf::naive
