#include "engine/model/format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"
#include "tests/support/random.h"

namespace netsurf {
namespace {

TEST(Format, TheThreeSpellingsMeanTheSame) {
  Format expected{6, 0, true};
  for (const char* text : {"q<6,0,1>", "q6_0_1", " q<6,0,1> ", "q< 6, 0, 1 >"}) {
    EXPECT_EQ(Format::parse(text), expected) << text;
  }
  EXPECT_EQ(Format::parse("q<8,3,0>"), (Format{8, 3, false}));
  EXPECT_EQ(Format::parse("q<32,31,1>"), (Format{32, 31, true}));
  EXPECT_EQ(Format::parse("q<31,31,0>"), (Format{31, 31, false}));
  EXPECT_EQ(Format::parse("q<1,0,1>"), (Format{1, 0, true}));
  EXPECT_EQ(Format::parse("q<1,1,0>"), (Format{1, 1, false}));
}

TEST(Format, BothTextsReadBack) {
  for (int bits = 1; bits <= 31; ++bits) {
    for (bool is_signed : {false, true}) {
      for (int n = 0; n <= bits - (is_signed ? 1 : 0); ++n) {
        Format format{bits, n, is_signed};
        ASSERT_EQ(Format::parse(format.text()), format);
        ASSERT_EQ(Format::parse(format.file_text()), format);
      }
    }
  }
}

TEST(Format, ALeftOutSignIsShownTheRightSpelling) {
  expect_error<InputError>([] { Format::parse("q<6,0>"); },
                           {"\"q<6,0>\"", "leaves out the sign", "q<6,0,1>", "q<6,0,0>"});
  expect_error<InputError>([] { Format::parse("q6_0"); }, {"leaves out the sign", "q<6,0,1>"});
}

TEST(Format, RangesAreNamed) {
  expect_error<InputError>([] { Format::parse("q<0,0,1>"); }, {"q<0,0,1>", "number of bits", "from 1 to 32"});
  expect_error<InputError>([] { Format::parse("q<40,2,1>"); },
                           {"q<40,2,1>", "number of bits", "from 1 to 32"});
  expect_error<InputError>([] { Format::parse("q<6,6,1>"); }, {"q<6,6,1>", "integer bits", "from 0 to 5"});
  expect_error<InputError>([] { Format::parse("q<6,7,0>"); }, {"integer bits", "from 0 to 6"});
  expect_error<InputError>([] { Format::parse("q<6,-1,1>"); }, {"integer bits", "from 0 to 5"});
  expect_error<InputError>([] { Format::parse("q<6,0,2>"); }, {"sign", "from 0 to 1"});
}

TEST(Format, AnUnsignedFormatHasAtMost31Bits) {
  // A code is an int32: unsigned codes of 32 bits would not fit.
  expect_error<InputError>([] { Format::parse("q<32,0,0>"); }, {"q<32,0,0>", "31"});
}

TEST(Format, OtherTextIsRefused) {
  for (const char* text :
       {"", "q", "6,0,1", "q<6,0,1", "q6,0,1", "q<6 0 1>", "q<6,0,1,0>", "q<a,0,1>", "q<>", "q<,,>",
        "fixed<6,0,1>", "q<6,,0,1>", "q<,6,0,1>", "q<6,0,1,>", "q6__0_1", "q_6_0_1"}) {
    EXPECT_THROW(Format::parse(text), InputError) << '"' << text << '"';
  }
  expect_error<InputError>([] { Format::parse("int8"); }, {"\"int8\"", "q<m,n,s>", "q<6,0,1>"});
}

TEST(Format, CodesAndStepsFollowTheDefinition) {
  Format q601{6, 0, true};
  EXPECT_EQ(q601.frac_bits(), 5);
  EXPECT_EQ(q601.step(), 0.03125);
  EXPECT_EQ(q601.min_code(), -32);
  EXPECT_EQ(q601.max_code(), 31);
  EXPECT_EQ(q601.max_magnitude(), 32);
  Format coarse{4, 7, false};
  EXPECT_EQ(coarse.frac_bits(), -3);
  EXPECT_EQ(coarse.step(), 8.0);
  EXPECT_EQ(coarse.min_code(), 0);
  EXPECT_EQ(coarse.max_code(), 15);
  EXPECT_EQ(coarse.max_magnitude(), 15);
  Format widest{32, 0, true};
  EXPECT_EQ(widest.min_code(), std::numeric_limits<int32_t>::min());
  EXPECT_EQ(widest.max_code(), std::numeric_limits<int32_t>::max());
}

TEST(Quantize, RoundsHalvesToEvenAndSaturates) {
  Format q{4, 2, true};  // step 1/2, codes -8 to 7
  EXPECT_EQ(quantize(0.25, q), 0);
  EXPECT_EQ(quantize(0.75, q), 2);
  EXPECT_EQ(quantize(-0.25, q), 0);
  EXPECT_EQ(quantize(-0.75, q), -2);
  EXPECT_EQ(quantize(1.2500001, q), 3);
  EXPECT_EQ(quantize(3.75, q), 7);
  EXPECT_EQ(quantize(100, q), 7);
  EXPECT_EQ(quantize(-4.25, q), -8);
  EXPECT_EQ(quantize(-100, q), -8);
  EXPECT_EQ(quantize(std::numeric_limits<double>::infinity(), q), 7);
  EXPECT_EQ(quantize(-std::numeric_limits<double>::infinity(), q), -8);
  EXPECT_EQ(quantize(1e300, Format{32, 0, true}), std::numeric_limits<int32_t>::max());
  EXPECT_EQ(quantize(-1e-300, q), 0);
  EXPECT_EQ(quantize(-3, Format{4, 2, false}), 0);
  EXPECT_THROW(quantize(std::numeric_limits<double>::quiet_NaN(), q), InputError);
}

bool holds(const Format& format, const std::vector<float>& values) {
  for (float value : values) {
    double code = std::nearbyint(std::ldexp(static_cast<double>(value), format.frac_bits()));
    if (code > static_cast<double>(format.max_code()) || code < static_cast<double>(format.min_code()))
      return false;
  }
  return true;
}

TEST(FormatFit, HoldsEveryValueAndIsAtMostOneBitFromTheNarrowest) {
  testing::Random random(9);
  for (int i = 0; i < 3000; ++i) {
    std::vector<float> values(static_cast<size_t>(random.pick(1, 6)));
    int exponent = random.pick(-30, 30);
    bool is_signed = random.chance(60);
    for (float& value : values) {
      value = std::ldexp(static_cast<float>(random.between(is_signed ? -4096 : 0, 4096)), exponent - 12);
    }
    int bits = random.pick(2, is_signed ? 32 : 31);
    Format format = Format::fit(values, bits, is_signed);
    ASSERT_EQ(format.bits, bits);
    ASSERT_EQ(format.is_signed, is_signed);
    ASSERT_TRUE(holds(format, values)) << format.text();
    Format narrower = format;
    narrower.integer_bits -= 2;
    bool all_zero = std::all_of(values.begin(), values.end(), [](float v) { return v == 0; });
    if (!all_zero && bits > 3) {
      ASSERT_FALSE(holds(narrower, values)) << format.text();
    }
  }
}

TEST(FormatFit, EdgesOfPowersOfTwo) {
  EXPECT_EQ(Format::fit(std::vector<float>{0.0f, -0.0f}, 6), (Format{6, 0, true}));
  EXPECT_EQ(Format::fit(std::vector<float>{}, 6), (Format{6, 0, true}));
  EXPECT_EQ(Format::fit(std::vector<float>{1.0f}, 6).integer_bits, 1);
  EXPECT_EQ(Format::fit(std::vector<float>{0.999f}, 6).integer_bits, 1);  // rounds to 1, which saturates
  EXPECT_EQ(Format::fit(std::vector<float>{31.0f / 32}, 6).integer_bits, 0);
  EXPECT_EQ(Format::fit(std::vector<float>{0.001f}, 6).integer_bits, -9);
  EXPECT_EQ(Format::fit(std::vector<float>{100.0f}, 8, false), (Format{8, 7, false}));
}

TEST(FormatFit, ANegativePowerOfTwoNeedsNoExtraBit) {
  EXPECT_EQ(Format::fit(std::vector<float>{-1.0f}, 6).integer_bits, 0);
  EXPECT_EQ(Format::fit(std::vector<float>{-0.5f, 0.2f}, 8).integer_bits, -1);
}

TEST(FormatWithStep, HasJustEnoughBits) {
  EXPECT_EQ(Format::with_step(std::vector<int32_t>{0}, 5, 2), (Format{2, -4, true}));
  EXPECT_EQ(Format::with_step(std::vector<int32_t>{127, -128}, 7, 1), (Format{8, 0, true}));
  EXPECT_EQ(Format::with_step(std::vector<int32_t>{128}, 7, 1), (Format{9, 1, true}));
  EXPECT_EQ(Format::with_step(std::vector<int32_t>{-129}, 0, 1), (Format{9, 8, true}));
  EXPECT_EQ(Format::with_step(std::vector<int32_t>{std::numeric_limits<int32_t>::min()}, 3, 8).bits, 32);
  EXPECT_EQ(Format::with_step(std::vector<int32_t>{1}, 3, 12), (Format{12, 8, true}));
  EXPECT_EQ(Format::with_step(std::vector<int32_t>{1}, 3, 12).frac_bits(), 3);
}

}  // namespace
}  // namespace netsurf
