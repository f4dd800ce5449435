#include "kernels/core/score.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/support/random.h"

namespace netsurf::core {
namespace {

uint32_t bits_of(float value) { return std::bit_cast<uint32_t>(value); }

/// Distance in units of the last place of `exact`, which is not zero.
double ulps(float value, double exact) {
  int exponent = std::ilogb(static_cast<float>(exact));
  return std::fabs(static_cast<double>(value) - exact) / std::ldexp(1.0, exponent - 23);
}

TEST(Argmax, TheLowestIndexOfTheLargestWins) {
  std::array<int32_t, 5> codes = {-3, 7, 7, 2, 7};
  EXPECT_EQ(argmax(codes.data(), 5, 1), 1);
  EXPECT_EQ(argmax(codes.data(), 1, 1), 0);
  std::array<int64_t, 6> wide = {0, 1, int64_t{1} << 40, 9, int64_t{1} << 40, 9};
  EXPECT_EQ(argmax(wide.data(), 3, 2), 1);  // every other one
  std::array<int32_t, 3> equal = {-5, -5, -5};
  EXPECT_EQ(argmax(equal.data(), 3, 1), 0);
}

TEST(Exp, IsWithinTwoUlpsFromZeroDownToItsEnd) {
  double worst = 0;
  for (int i = 0; i <= 87000; ++i) {
    float x = static_cast<float>(-i) / 1000.0f;
    worst = std::max(worst, ulps(exp_core(x), std::exp(static_cast<double>(x))));
  }
  EXPECT_LT(worst, 2.5);
  EXPECT_EQ(exp_core(0.0f), 1.0f);
  EXPECT_EQ(exp_core(-0.0f), 1.0f);
  EXPECT_GT(exp_core(-87.0f), 0.0f);
  EXPECT_EQ(exp_core(std::nextafter(-87.0f, -88.0f)), 0.0f);
  EXPECT_EQ(exp_core(-std::numeric_limits<float>::infinity()), 0.0f);
  EXPECT_EQ(exp_core(-1e30f), 0.0f);
}

TEST(Log, IsWithinThreeUlpsFromOneUpwards) {
  double worst = 0;
  for (int i = 1; i <= 100000; ++i) {
    float s = 1.0f + static_cast<float>(i) / 1000.0f;
    worst = std::max(worst, ulps(log_core(s), std::log(static_cast<double>(s))));
  }
  for (float s = 2.0f; s < 1e30f; s *= 1.37f)
    worst = std::max(worst, ulps(log_core(s), std::log(static_cast<double>(s))));
  EXPECT_LT(worst, 3.0);
  EXPECT_EQ(log_core(1.0f), 0.0f);
  EXPECT_GE(log_core(std::nextafter(1.0f, 2.0f)), 0.0f);
}

TEST(LossUnits, RoundHalfToEvenOfTwentyBits) {
  EXPECT_EQ(loss_units(0.0f), 0);
  EXPECT_EQ(loss_units(1.0f), 1 << 20);
  EXPECT_EQ(loss_units(0x1p-20f), 1);
  EXPECT_EQ(loss_units(0x1p-21f), 0);
  EXPECT_EQ(loss_units(0x3p-21f), 2);
  EXPECT_EQ(loss_units(0x5p-21f), 2);
  EXPECT_EQ(loss_units(0x1.000002p-21f), 1);
  EXPECT_EQ(loss_units(std::numeric_limits<float>::denorm_min()), 0);
}

TEST(LossUnits, EveryFloatNearWhereTheMethodChangesMatchesDouble) {
  for (double start : {4194304.0, 8388608.0, 2097152.0, 16777216.0}) {
    auto loss = static_cast<float>((start - 20) / 1048576.0);
    for (int i = 0; i < 200; ++i, loss = std::nextafter(loss, 1e9f)) {
      double exact = static_cast<double>(loss) * 1048576.0;
      ASSERT_EQ(loss_units(loss), static_cast<int64_t>(std::nearbyint(exact))) << exact;
    }
  }
}

TEST(LossUnits, LargeLossesAreCapped) {
  int64_t cap = int64_t{1} << 40;
  EXPECT_EQ(loss_units(std::nextafter(1048576.0f, 0.0f)), (int64_t{1} << 40) - (1 << 16));
  EXPECT_EQ(loss_units(1048576.0f), cap);
  EXPECT_EQ(loss_units(std::numeric_limits<float>::infinity()), cap);
  EXPECT_EQ(loss_units(std::numeric_limits<float>::quiet_NaN()), cap);
}

TEST(Distance, SquaresAndSumsAreExactUntilTheyAreHeld) {
  testing::Random random(12);
  __int128 most = INT64_MAX;
  for (int i = 0; i < 5000; ++i) {
    int64_t a = random.between(1 - (int64_t{1} << 62), (int64_t{1} << 62) - 1) >> random.pick(0, 62);
    int64_t b = random.between(1 - (int64_t{1} << 62), (int64_t{1} << 62) - 1) >> random.pick(0, 62);
    __int128 difference = static_cast<__int128>(a) - b;
    if (difference < 0) difference = -difference;
    __int128 square = difference > 4000000000 ? most : std::min(most, difference * difference);
    ASSERT_EQ(squared_difference(a, b), static_cast<int64_t>(square));
    auto x = static_cast<int64_t>(random.bits() >> random.pick(1, 63)),
         y = static_cast<int64_t>(random.bits() >> random.pick(1, 63));
    ASSERT_EQ(held_sum(x, y), static_cast<int64_t>(std::min(most, static_cast<__int128>(x) + y)));
  }
  EXPECT_EQ(squared_difference(3037000499, 0), int64_t{3037000499} * 3037000499);
  EXPECT_EQ(squared_difference(0, 3037000500), INT64_MAX);
  EXPECT_EQ(squared_difference(INT64_MIN, INT64_MAX), INT64_MAX);
  EXPECT_EQ(held_sum(INT64_MAX, INT64_MAX), INT64_MAX);
  EXPECT_EQ(held_sum(INT64_MAX - 1, 1), INT64_MAX);
  EXPECT_EQ(held_sum(0, 0), 0);
}

double exact_cross_entropy(const std::vector<int32_t>& codes, int frac_bits, size_t label) {
  double largest = codes[0], sum = 0;
  for (int32_t code : codes) largest = std::max(largest, static_cast<double>(code));
  for (int32_t code : codes) sum += std::exp(std::ldexp(code - largest, -frac_bits));
  return std::log(sum) - std::ldexp(codes[label] - largest, -frac_bits);
}

TEST(CrossEntropy, IsCloseToDoublePrecision) {
  testing::Random random(4);
  for (int i = 0; i < 3000; ++i) {
    std::vector<int32_t> codes(static_cast<size_t>(random.pick(1, 20)));
    int frac_bits = random.pick(0, 14);
    for (int32_t& code : codes) code = static_cast<int32_t>(random.between(-1000, 1000));
    auto label = static_cast<size_t>(random.between(0, static_cast<int64_t>(codes.size()) - 1));
    double expected = exact_cross_entropy(codes, frac_bits, label);
    int64_t units = cross_entropy(codes.data(), static_cast<int>(codes.size()), 1, step_of(1, frac_bits),
                                  static_cast<int>(label));
    ASSERT_GE(units, 0);
    ASSERT_NEAR(static_cast<double>(units) / 1048576.0, expected, 1e-5 * std::max(1.0, expected));
    std::vector<int64_t> wide(codes.begin(), codes.end());
    ASSERT_EQ(cross_entropy(wide.data(), static_cast<int>(wide.size()), 1, step_of(1, frac_bits),
                            static_cast<int>(label)),
              units);
  }
}

TEST(CrossEntropy, ExtremeCodesGiveTheirCap) {
  std::array<int64_t, 2> codes = {int64_t{1} << 31, -(int64_t{1} << 31)};
  EXPECT_EQ(cross_entropy(codes.data(), 2, 1, step_of(1, 0), 1), int64_t{1} << 40);
  EXPECT_EQ(cross_entropy(codes.data(), 2, 1, step_of(1, 0), 0), 0);
  EXPECT_EQ(cross_entropy(codes.data(), 2, 1, step_of(1, 62), 1), 726818);  // almost ln 2
  EXPECT_EQ(cross_entropy(codes.data(), 2, 1, step_of(1, -62), 1), int64_t{1} << 40);
}

TEST(Golden, BitsOfExpAndLog) {
  // Computed apart, operation by operation in float32; a single different bit here changes stored results.
  EXPECT_EQ(bits_of(exp_core(-0.1f)), 0x3f67a36du);
  EXPECT_EQ(bits_of(exp_core(-0.5f)), 0x3f1b4598u);
  EXPECT_EQ(bits_of(exp_core(-0.7f)), 0x3efe406eu);
  EXPECT_EQ(bits_of(exp_core(-1.0f)), 0x3ebc5ab2u);
  EXPECT_EQ(bits_of(exp_core(-3.14159f)), 0x3d310132u);
  EXPECT_EQ(bits_of(exp_core(-10.25f)), 0x38144cd4u);
  EXPECT_EQ(bits_of(exp_core(-50.5f)), 0x1b0d6cfau);
  EXPECT_EQ(bits_of(exp_core(-86.9f)), 0x00c60f89u);
  EXPECT_EQ(bits_of(exp_core(-87.0f)), 0x00b33687u);
  EXPECT_EQ(bits_of(log_core(1.0001f)), 0x38d1bd50u);
  EXPECT_EQ(bits_of(log_core(1.25f)), 0x3e647fbeu);
  EXPECT_EQ(bits_of(log_core(1.4142f)), 0x3eb170d6u);
  EXPECT_EQ(bits_of(log_core(1.4143f)), 0x3eb17a1au);
  EXPECT_EQ(bits_of(log_core(2.0f)), 0x3f317218u);
  EXPECT_EQ(bits_of(log_core(2.718281f)), 0x3f7ffffbu);
  EXPECT_EQ(bits_of(log_core(10.0f)), 0x40135d8eu);
  EXPECT_EQ(bits_of(log_core(123.456f)), 0x409a1bbbu);
  EXPECT_EQ(bits_of(log_core(1000000.0f)), 0x415d0c55u);
}

TEST(Golden, EveryBitOfManyExpsAndLogs) {
  constexpr uint64_t kMix = 0x9E3779B97F4A7C15;
  uint64_t exps = 0, logs = 0;
  for (int i = 0; i <= 87000; ++i) exps = exps * kMix + bits_of(exp_core(-static_cast<float>(i) / 1000.0f));
  for (int i = 0; i <= 100000; ++i)
    logs = logs * kMix + bits_of(log_core(1.0f + static_cast<float>(i) / 1000.0f));
  EXPECT_EQ(exps, 0xbaac66f413ba5a4fu);
  EXPECT_EQ(logs, 0xa51a76798c9d564cu);
}

TEST(Golden, LossesOfFixedCodes) {
  std::array<int32_t, 10> codes = {3, -17, 22, 5, 22, -40, 0, 13, 8, -1};
  std::array<float, 10> targets = {0, 1, -1, 0.5f, 0.1f, -0.7f, 3, 0.25f, 1e-3f, -2};
  EXPECT_EQ(cross_entropy(codes.data(), 10, 1, step_of(1, 0), 2), 726883);
  EXPECT_EQ(cross_entropy(codes.data(), 10, 1, step_of(1, 0), 5), 65738596);
  EXPECT_EQ(cross_entropy(codes.data(), 10, 1, step_of(1, 2), 0), 5791084);
  EXPECT_EQ(cross_entropy(codes.data(), 10, 1, step_of(1, 3), 1), 6206052);
  EXPECT_EQ(cross_entropy(codes.data(), 10, 1, step_of(1, 4), 4), 1513673);
  EXPECT_EQ(cross_entropy(codes.data(), 10, 1, step_of(1, 5), 9), 2627286);
  EXPECT_EQ(cross_entropy(codes.data(), 10, 1, step_of(1, -3), 0), 160110368);
  EXPECT_EQ(squared_error(codes.data(), 10, 1, step_of(1, 0), targets.data()), 329556576);
  EXPECT_EQ(squared_error(codes.data(), 10, 1, step_of(1, 2), targets.data()), 22192692);
  EXPECT_EQ(squared_error(codes.data(), 10, 1, step_of(1, 5), targets.data()), 1984890);
  EXPECT_EQ(squared_error(codes.data(), 10, 1, step_of(1, 9), targets.data()), 1659738);
  EXPECT_EQ(squared_error(codes.data(), 10, 1, step_of(1, -8), targets.data()), 1099511627776);
  EXPECT_EQ(cross_entropy(codes.data(), 5, 2, step_of(1, 3), 4), 2722288);  // every other code
}

}  // namespace
}  // namespace netsurf::core
