#include "models/foreign/graph.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"

namespace netsurf::foreign {
namespace {

using Codes = std::vector<int32_t>;

Constant constant(std::vector<float> values, Quantizer quantizer) {
  return {{static_cast<int>(values.size())}, std::move(values), std::move(quantizer), {}, "w"};
}

Quantizer quantizer(float scale, int bits, bool is_signed = true, bool narrow = false) {
  Quantizer q;
  q.scale = {scale};
  q.bits = bits;
  q.is_signed = is_signed;
  q.set_full_range(narrow);
  return q;
}

TEST(ForeignGraph, RangesOfTheBits) {
  EXPECT_EQ(quantizer(1, 8).low, -128);
  EXPECT_EQ(quantizer(1, 8, true, true).low, -127);
  EXPECT_EQ(quantizer(1, 8, false).high, 255);
  EXPECT_EQ(quantizer(1, 8, false, true).high, 254);
  EXPECT_EQ(quantizer(1, 32).low, INT32_MIN);
}

TEST(ForeignGraph, CodesAreRoundedQuotientsThatSaturate) {
  EXPECT_EQ(quantized_codes(constant({0.25F, 0.75F, -0.25F, 1.3F, 100, -100}, quantizer(0.5F, 4))),
            (Codes{0, 2, 0, 3, 7, -8}));
}

TEST(ForeignGraph, EveryRoundingHasItsOwnTies) {
  std::vector<float> values = {-1.5F, -0.5F, 0.5F, 1.5F, 0.25F, -0.25F};
  std::vector<std::pair<core::Rounding, Codes>> expected = {
      {core::Rounding::half_even, {-2, 0, 0, 2, 0, 0}},    {core::Rounding::half_away, {-2, -1, 1, 2, 0, 0}},
      {core::Rounding::half_to_zero, {-1, 0, 0, 1, 0, 0}}, {core::Rounding::half_up, {-1, 0, 1, 2, 0, 0}},
      {core::Rounding::half_down, {-2, -1, 0, 1, 0, 0}},   {core::Rounding::floor, {-2, -1, 0, 1, 0, -1}},
      {core::Rounding::ceil, {-1, 0, 1, 2, 1, 0}},         {core::Rounding::to_zero, {-1, 0, 0, 1, 0, 0}},
      {core::Rounding::away, {-2, -1, 1, 2, 1, -1}}};
  for (const auto& [rounding, codes] : expected) {
    Quantizer q = quantizer(1, 4);
    q.rounding = rounding;
    EXPECT_EQ(quantized_codes(constant(values, q)), codes) << core::name_of(rounding);
  }
}

TEST(ForeignGraph, TheDivisionIsThatOfFloat32) {
  // In double precision 0.15 / 0.1 lies below 1.5; the float32 quotient is the tie 1.5, which goes to 2.
  float x = 0.15F, scale = 0.1F;
  ASSERT_EQ(x / scale, 1.5F);
  EXPECT_EQ(quantized_codes(constant({x}, quantizer(scale, 4)))[0], 2);
}

TEST(ForeignGraph, ScalesAndZeroPointsStandPerOutputChannel) {
  Quantizer q = quantizer(1, 8, false);
  q.scale = {1, 0.5F};
  q.zero_point = {10, 20};
  Constant c{{2, 2}, {1, -11, 1, -11}, q, {}, "w"};
  EXPECT_EQ(quantized_codes(c), (Codes{11, 0, 22, 0}));
}

TEST(ForeignGraph, TheZeroPointIsAddedAfterRoundingUnlessQonnxDoesOtherwise) {
  Quantizer q = quantizer(1, 8, false);
  q.zero_point = {1};
  EXPECT_EQ(quantized_codes(constant({2.5F}, q))[0], 3);
  q.rounds_shifted = true;
  EXPECT_EQ(quantized_codes(constant({2.5F}, q))[0], 4);
}

TEST(ForeignGraph, BipolarCodesAreTheStoredBit) {
  Quantizer q;
  q.bits = 1;
  q.bipolar = true;
  EXPECT_EQ(quantized_codes(constant({0, -0.1F, 3, -0.0F}, q)), (Codes{1, 0, 1, 1}));
}

TEST(ForeignGraph, WrappingKeepsTheLowBits) {
  Quantizer q = quantizer(1, 4);
  q.wraps = true;
  EXPECT_EQ(quantized_codes(constant({7, 8, 17, -9, -25}, q)), (Codes{7, -8, 1, 7, 7}));
  q.is_signed = false;
  EXPECT_EQ(quantized_codes(constant({15, 16, -1}, q)), (Codes{15, 0, 15}));
}

TEST(ForeignGraph, TheFilesOwnCodesAreCheckedToLieInRange) {
  Constant c{{3}, {}, quantizer(0.5F, 4), {-8, 0, 7}, "w"};
  EXPECT_EQ(quantized_codes(c), c.codes);
  c.codes[1] = 8;
  expect_error<InputError>([&] { quantized_codes(c); }, {"\"w\"", "code 8 at position 1", "-8 to 7"});
}

TEST(ForeignGraph, NumbersThatAreNotFiniteAreRefused) {
  for (float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
    expect_error<InputError>(
        [&] {
          quantized_codes(constant({1, bad}, quantizer(1, 4)));
        },
        {"\"w\"", "position 1"});
  expect_error<InputError>([&] { quantized_codes(constant({1}, quantizer(0, 4))); }, {"scale 0"});
}

TEST(ForeignGraph, AnOverflowingQuotientSaturates) {
  EXPECT_EQ(quantized_codes(constant({3e38F, -3e38F}, quantizer(1e-10F, 4))), (Codes{7, -8}));
}

TEST(ForeignGraph, CountsThatDisagreeAreRefused) {
  Constant c = constant({1, 2, 3}, quantizer(1, 4));
  c.quantizer->scale = {1, 2};
  expect_error<InputError>([&] { quantized_codes(c); }, {"2 scales for 3 output channels"});
  c = constant({1, 2, 3}, quantizer(1, 4));
  c.shape = {4};
  expect_error<InputError>([&] { quantized_codes(c); }, {"3 numbers", "shape 4"});
}

}  // namespace
}  // namespace netsurf::foreign
