// make_requantizer and core::requantize against the table of docs/numbers.md, written here in 128-bit
// arithmetic.
#include "engine/backend/requantizer.h"

#include <gtest/gtest.h>

#include "kernels/cpu/elementwise.h"
#include "tests/support/random.h"

namespace netsurf {
namespace {

using Wide = __int128;
constexpr int64_t kTwoTo62 = int64_t{1} << 62;

Wide bounded(Wide x, Wide low, Wide high) { return x < low ? low : (x > high ? high : x); }

/// x / 2^shift to the nearest whole number, halves to the even one; a negative shift multiplies.
Wide rescaled(Wide x, int shift, Wide cap) {
  if (shift <= 0) {
    for (int i = 0; i < -shift && x < cap && x > -cap; ++i) x *= 2;
    return x;
  }
  if (shift > 100) return 0;
  Wide divisor = Wide{1} << shift, whole = x / divisor, rest = x % divisor;
  Wide twice = 2 * (rest < 0 ? -rest : rest);
  bool away = twice > divisor || (twice == divisor && whole % 2 != 0);
  return whole + (away ? (x < 0 ? -1 : 1) : 0);
}

int64_t expected(ActivationFunction function, int64_t code, int frac_bits, const Format& format) {
  Wide x = code, one = frac_bits >= 0 ? Wide{1} << frac_bits : 0;
  if (function == ActivationFunction::relu) x = x < 0 ? 0 : x;
  if (function == ActivationFunction::hard_tanh) x = bounded(x, -one, one);
  if (function == ActivationFunction::hard_sigmoid) {
    x = bounded(x + one, 0, 2 * one);
    ++frac_bits;
  }
  Wide scaled = rescaled(x, frac_bits - format.frac_bits(), Wide{1} << 70);
  return static_cast<int64_t>(bounded(scaled, format.min_code(), format.max_code()));
}

const std::vector<ActivationFunction> kFunctions = {ActivationFunction::linear, ActivationFunction::relu,
                                                    ActivationFunction::hard_tanh,
                                                    ActivationFunction::hard_sigmoid};

TensorType type_of(int64_t bound, int frac_bits) { return {{1}, frac_bits, -bound, bound, bound}; }

TEST(Requantizer, EveryCodeOfSmallTypes) {
  int64_t num_narrow = 0, num_left = 0;
  for (ActivationFunction function : kFunctions) {
    for (int frac_bits = 0; frac_bits <= 12; frac_bits += 3) {
      TensorType in = type_of(300, frac_bits);
      for (bool is_signed : {false, true}) {
        for (int bits : {1, 2, 4, 7}) {
          for (int integer_bits = -4; integer_bits <= 9; ++integer_bits) {
            Format format{bits, integer_bits, is_signed};
            core::Requantizer q = make_requantizer(function, in, format);
            bool narrow = fits_32_bits(q, in);
            num_narrow += narrow ? 1 : 0;
            num_left += q.left_shift > 0 ? 1 : 0;
            for (int32_t code = -300; code <= 300; ++code) {
              int64_t right = expected(function, code, frac_bits, format);
              ASSERT_EQ(core::requantize(int64_t{code}, q), right)
                  << name_of(function) << " of " << code << " F=" << frac_bits << " to " << format.text();
              if (narrow) {
                ASSERT_EQ(core::requantize(code, q), right) << name_of(function) << " of " << code;
              }
            }
          }
        }
      }
    }
  }
  EXPECT_GT(num_narrow, 1000);
  EXPECT_GT(num_left, 100);
}

TEST(Requantizer, ExtremeCodesAndShifts) {
  testing::Random random(6);
  int64_t beyond = 0;
  for (int i = 0; i < 20000; ++i) {
    ActivationFunction function = random.of(kFunctions);
    bool needs_one =
        function == ActivationFunction::hard_tanh || function == ActivationFunction::hard_sigmoid;
    int frac_bits = needs_one ? random.pick(0, 40) : random.pick(-62, 62);
    TensorType in = type_of(kTwoTo62 >> random.pick(0, 61), frac_bits);
    Format format{random.pick(1, 16), 0, random.chance(50)};
    format.integer_bits = format.bits - (format.is_signed ? 1 : 0) - random.pick(-62, 62);
    core::Requantizer q = make_requantizer(function, in, format);
    beyond += std::abs(frac_bits - format.frac_bits()) > 62 ? 1 : 0;
    int64_t half = random.pick(0, 61) > 30 ? int64_t{1} << random.pick(0, 61) : 0;
    for (int64_t code : {in.bound, -in.bound, in.bound - 1, int64_t{0}, int64_t{1}, int64_t{-1}, half, -half,
                         3 * (half / 2), random.between(0, in.bound), -random.between(0, in.bound)}) {
      if (code > in.bound || code < -in.bound) continue;
      int64_t right = expected(function, code, frac_bits, format);
      ASSERT_EQ(core::requantize(code, q), right)
          << name_of(function) << " of " << code << " F=" << frac_bits << " to " << format.text();
      if (fits_32_bits(q, in)) {
        ASSERT_EQ(core::requantize(static_cast<int32_t>(code), q), right);
      }
    }
  }
  EXPECT_GT(beyond, 1000);
}

TEST(Requantizer, ThePathOf32BitsEqualsThatOf64) {
  testing::Random random(7);
  int64_t met = 0;
  for (int i = 0; i < 3000; ++i) {
    int frac_bits = random.pick(0, 30);
    TensorType in = type_of(int64_t{INT32_MAX} >> random.pick(0, 30), frac_bits);
    Format format{random.pick(1, 16), 0, random.chance(50)};
    format.integer_bits = random.pick(-20, 20);
    core::Requantizer q = make_requantizer(random.of(kFunctions), in, format);
    if (!fits_32_bits(q, in)) continue;
    ++met;
    std::vector<int32_t> x(cpu::kTile), narrow(cpu::kTile), wide(cpu::kTile), widest(cpu::kTile);
    for (int32_t& code : x) code = static_cast<int32_t>(random.between(-in.bound, in.bound));
    x[0] = static_cast<int32_t>(in.bound);
    x[1] = static_cast<int32_t>(-in.bound);
    std::vector<int64_t> x64(x.begin(), x.end());
    cpu::requantize_all(x.data(), 1, q, true, narrow.data());
    cpu::requantize_all(x.data(), 1, q, false, wide.data());
    cpu::requantize_all(x64.data(), 1, q, false, widest.data());
    ASSERT_EQ(narrow, wide);
    ASSERT_EQ(narrow, widest);
  }
  EXPECT_GT(met, 500);
}

}  // namespace
}  // namespace netsurf
