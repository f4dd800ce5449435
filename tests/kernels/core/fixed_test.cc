#include "kernels/core/fixed.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

#include "engine/model/format.h"
#include "tests/support/random.h"

namespace netsurf::core {
namespace {

using Wide = __int128;

/// numerator / 2^shift rounded half to even, by looking for the nearest multiple on either side.
Wide nearest_multiple(Wide numerator, int shift) {
  Wide divisor = Wide{1} << shift;
  Wide below = numerator / divisor;
  while (below * divisor > numerator) --below;
  Wide to_below = numerator - below * divisor, to_above = (below + 1) * divisor - numerator;
  if (to_below != to_above) return to_below < to_above ? below : below + 1;
  return below % 2 == 0 ? below : below + 1;
}

/// The code that a list of bits means, least significant first.
int64_t code_of_bits(uint32_t pattern, int bits, bool is_signed) {
  int64_t code = 0;
  for (int b = 0; b < bits; ++b) {
    int64_t weight = int64_t{1} << b;
    if (is_signed && b == bits - 1) weight = -weight;
    if ((pattern >> b & 1) != 0) code += weight;
  }
  return code;
}

TEST(Flip, EveryBitOfEveryCodeOfEverySmallFormat) {
  for (bool is_signed : {false, true}) {
    for (int bits = 1; bits <= 8; ++bits) {
      Format format{bits, 0, is_signed};
      for (uint32_t pattern = 0; pattern < (1u << bits); ++pattern) {
        auto code = static_cast<int32_t>(code_of_bits(pattern, bits, is_signed));
        int32_t all = code;
        for (int bit = 0; bit < bits; ++bit) {
          int32_t flipped = flip_bit(code, bit, bits, is_signed);
          EXPECT_EQ(flipped, code_of_bits(pattern ^ (1u << bit), bits, is_signed));
          EXPECT_GE(flipped, format.min_code());
          EXPECT_LE(flipped, format.max_code());
          EXPECT_EQ(flip_bit(flipped, bit, bits, is_signed), code);
          all = flip_bit(all, bit, bits, is_signed);
        }
        EXPECT_EQ(all, is_signed ? ~code : static_cast<int32_t>(format.max_code()) - code);
      }
    }
  }
}

TEST(Flip, WideFormats) {
  EXPECT_EQ(flip_bit(0, 31, 32, true), std::numeric_limits<int32_t>::min());
  EXPECT_EQ(flip_bit(-1, 31, 32, true), std::numeric_limits<int32_t>::max());
  EXPECT_EQ(flip_bit(0, 30, 31, false), 1 << 30);
  EXPECT_EQ(flip_bit(0, 30, 31, true), -(1 << 30));
  testing::Random random(3);
  for (int i = 0; i < 2000; ++i) {
    int bits = random.pick(9, 32);
    bool is_signed = bits == 32 || random.chance(50);
    auto pattern = static_cast<uint32_t>(random.bits() & ((uint64_t{1} << bits) - 1));
    auto code = static_cast<int32_t>(code_of_bits(pattern, bits, is_signed));
    int bit = random.pick(0, bits - 1);
    ASSERT_EQ(flip_bit(code, bit, bits, is_signed), code_of_bits(pattern ^ (1u << bit), bits, is_signed));
  }
}

TEST(Flip, AnOperandMovesAsItsCodeDoes) {
  for (bool is_signed : {false, true}) {
    for (int bits = 1; bits <= 6; ++bits) {
      Format format{bits, 0, is_signed};
      for (int32_t zero_point : {0, 1, -3, 7, 100, -70000}) {
        Storage storage{bits, is_signed, zero_point, false};
        for (int64_t code = format.min_code(); code <= format.max_code(); ++code) {
          for (int bit = 0; bit < bits; ++bit) {
            auto before = static_cast<int32_t>(code);
            int32_t after = flip_operand(before - zero_point, bit, storage);
            ASSERT_EQ(after, flip_bit(before, bit, bits, is_signed) - zero_point);
            ASSERT_EQ(flip_operand(after, bit, storage), before - zero_point);
          }
        }
      }
    }
  }
  EXPECT_EQ(flip_operand(0, 31, {32, true, 0, false}), std::numeric_limits<int32_t>::min());
}

TEST(Flip, ABipolarOperandChangesItsSign) {
  Storage storage{1, false, 0, true};
  EXPECT_EQ(flip_operand(1, 0, storage), -1);
  EXPECT_EQ(flip_operand(-1, 0, storage), 1);
}

TEST(RoundShift, SmallNumbersByTheDefinition) {
  for (int32_t x = -700; x <= 700; ++x) {
    for (int shift = 0; shift <= 12; ++shift) {
      ASSERT_EQ(round_shift_right(x, shift), nearest_multiple(x, shift)) << x << " >> " << shift;
      ASSERT_EQ(round_shift_right(int64_t{x}, shift), nearest_multiple(x, shift)) << x << " >> " << shift;
    }
  }
}

TEST(RoundShift, HalvesGoToTheEvenNeighbour) {
  EXPECT_EQ(round_shift_right(1, 1), 0);
  EXPECT_EQ(round_shift_right(3, 1), 2);
  EXPECT_EQ(round_shift_right(-1, 1), 0);
  EXPECT_EQ(round_shift_right(-3, 1), -2);
  EXPECT_EQ(round_shift_right(-5, 1), -2);
  EXPECT_EQ(round_shift_right(6, 2), 2);
  EXPECT_EQ(round_shift_right(10, 2), 2);
}

TEST(RoundShift, LargeNumbersAndShifts) {
  testing::Random random(5);
  for (int i = 0; i < 5000; ++i) {
    int64_t x = random.between(1 - (int64_t{1} << 62), (int64_t{1} << 62) - 1) >> random.pick(0, 61);
    if (random.chance(30)) x = (x >> 20) << 20;
    int shift = random.pick(0, 62);
    ASSERT_EQ(round_shift_right(x, shift), static_cast<int64_t>(nearest_multiple(x, shift)))
        << x << " >> " << shift;
    auto narrow = static_cast<int32_t>(x >> 31);
    shift = random.pick(0, 30);
    ASSERT_EQ(round_shift_right(narrow, shift), static_cast<int32_t>(nearest_multiple(narrow, shift)))
        << narrow << " >> " << shift;
  }
  for (int64_t extreme : {int64_t{1} << 62, -(int64_t{1} << 62)}) {
    for (int shift = 0; shift <= 62; ++shift)
      ASSERT_EQ(round_shift_right(extreme, shift), static_cast<int64_t>(nearest_multiple(extreme, shift)));
  }
  EXPECT_EQ(round_shift_right(std::numeric_limits<int32_t>::max(), 30), 2);
  EXPECT_EQ(round_shift_right(std::numeric_limits<int32_t>::min(), 30), -2);
}

TEST(RoundQuotient, SmallSumsByTheDefinition) {
  for (int32_t count = 1; count <= 40; ++count) {
    for (int64_t sum = -300; sum <= 300; ++sum) {
      // Among all integers, the nearest; of two, the even one.
      int64_t best = 0;
      for (int64_t candidate = -301; candidate <= 301; ++candidate) {
        int64_t distance = std::abs(sum - candidate * count), best_distance = std::abs(sum - best * count);
        if (distance < best_distance || (distance == best_distance && candidate % 2 == 0)) best = candidate;
      }
      ASSERT_EQ(round_quotient(sum, count), best) << sum << " / " << count;
    }
  }
}

TEST(RoundQuotient, LargeSums) {
  int64_t codes = int64_t{65535} * 2147483647;
  EXPECT_EQ(round_quotient(codes, 2147483647), 65535);
  EXPECT_EQ(round_quotient(-codes, 2147483647), -65535);
  EXPECT_EQ(round_quotient(codes - 1, 2147483647), 65535);
  EXPECT_EQ(round_quotient(-codes + 1073741824, 2147483647), -65534);
}

}  // namespace
}  // namespace netsurf::core
