#pragma GCC diagnostic ignored "-Wpsabi"  // no vector crosses a function's edge that is not inlined

#include "kernels/cpu/packed_coder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/kernels/cpu/packed_case.h"
#include "tests/support/random.h"

namespace netsurf::cpu {
namespace {

int32_t code_of(int32_t sum, const Finish& finish, const Scaling& scaling = {}) {
  const Coder<4> coder(&finish);
  const auto words = Vector<4>::Words{} + static_cast<uint32_t>(sum);
  Vector<4>::Words code = {};
  switch (coder.way()) {
    case CodeWay::floats:
      code = coder.code<CodeWay::floats>(words, nullptr, 0);
      break;
    case CodeWay::right_shift:
      code = coder.code<CodeWay::right_shift>(words, nullptr, 0);
      break;
    case CodeWay::left_shift:
      code = coder.code<CodeWay::left_shift>(words, nullptr, 0);
      break;
    case CodeWay::scaled:
      code = coder.code<CodeWay::scaled>(words, &scaling, 0);
      break;
  }
  return static_cast<int32_t>(code[0] - coder.excess());
}

/// Right shifts of every size; inputs clipped far outside the codes, among them, or beside them.
Finish draw_finish(testing::Random& random) {
  Finish f;
  f.right_shift = random.pick(0, 30);
  const bool bytes = random.chance(60);
  f.low = random.of<int>({0, 0, -128, 3, bytes ? -100 : -32768});
  f.high = f.low + random.pick(0, bytes ? 255 : 65535 - 3);
  f.stored_offset = random.of<int>({0, -128, 1 << 15});
  constexpr int64_t kMost = 1 << 30;
  auto input = [&](int64_t code) {
    return static_cast<int32_t>(
        std::clamp(code * (int64_t{1} << f.right_shift) + random.pick(-9, 9), -kMost, kMost));
  };
  f.in_low = random.chance(40)   ? -(1 << 30)
             : random.chance(40) ? 0
                                 : input(random.pick(f.low - 2, f.high + 2));
  f.in_high = std::max(f.in_low, random.chance(40) ? 1 << 30 : input(random.pick(f.low - 2, f.high + 2)));
  if (random.chance(40)) f.offset = input(random.pick(-300, 300)) / 2;
  if (random.chance(10)) f.offset = random.pick(-(1 << 24), 1 << 24);
  if (random.chance(50)) f.offset = f.offset >> f.right_shift << f.right_shift;
  return f;
}

/// The sums around which a code changes or a clip begins.
std::vector<int32_t> telling_sums(const Finish& f, testing::Random& random) {
  std::vector<int64_t> centers = {f.in_low, f.in_high, 0, 1 << 24, -(1 << 24), INT32_MIN, INT32_MAX};
  for (int i = 0; i < 40; ++i) {
    int64_t code = i == 0 ? f.low : i == 1 ? f.high : random.pick(f.low - 1, f.high + 1);
    centers.push_back(((2 * code + random.pick(-1, 1)) * (int64_t{1} << f.right_shift)) / 2 - f.offset);
  }
  std::vector<int32_t> sums;
  for (int64_t center : centers) {
    for (int64_t sum = center - 2; sum <= center + 2; ++sum)
      sums.push_back(static_cast<int32_t>(std::clamp<int64_t>(sum, INT32_MIN, INT32_MAX)));
  }
  return sums;
}

TEST(PackedCoder, RoundsAndClipsAsDefinedAroundEveryEdge) {
  testing::Random random(7);
  int by_floats = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Finish finish = draw_finish(random);
    by_floats += Coder<4>(&finish).way() == CodeWay::floats ? 1 : 0;
    for (int32_t sum : telling_sums(finish, random)) {
      ASSERT_EQ(code_of(sum, finish), stored_code(sum, finish))
          << "sum " << sum << " shift " << finish.right_shift << " offset " << finish.offset << " clip "
          << finish.in_low << ".." << finish.in_high << " codes " << finish.low << ".." << finish.high;
    }
  }
  EXPECT_GT(by_floats, 4'000);
  EXPECT_LT(by_floats, 16'000);
}

/// Scaled finishes at the ends of what doubles hold: products of 51 bits, ties, and codes of 30 bits before
/// they are saturated.
TEST(PackedCoder, ScalesAndRoundsAsDefinedAroundEveryEdge) {
  testing::Random random(8);
  int ties = 0;
  for (int i = 0; i < 20'000; ++i) {
    AffineChannel channel;
    const int scale_bits = random.pick(1, 18), sum_bits = random.pick(1, 31);
    channel.right_shift = random.pick(std::max(0, scale_bits + sum_bits - 29), 50);
    channel.scale = random.between(-(int64_t{1} << scale_bits), int64_t{1} << scale_bits);
    channel.shift = random.between(-(int64_t{1} << 49), int64_t{1} << 49) >>
                    random.pick(std::max(0, 21 - channel.right_shift), 49);
    Finish finish;
    finish.is_scaled = true;
    finish.low = random.of<int>({0, -128, -32768, 3});
    finish.high = finish.low + random.pick(0, 65535 - 3);
    finish.stored_offset = random.of<int>({0, -128, 1 << 15});
    finish.has_step = random.chance(50);
    finish.step = {random.pick(-9, 9), random.pick(0, 8), random.pick(-128, 0), random.pick(0, 255)};
    Scaling scaling;
    scaling.factor[0] = std::ldexp(static_cast<double>(channel.scale), -channel.right_shift);
    scaling.offset[0] = std::ldexp(static_cast<double>(channel.shift), -channel.right_shift);
    const int64_t most = (int64_t{1} << sum_bits) - 1;
    std::vector<int64_t> sums = {most, -most - 1, 0, 1, -1};
    for (int64_t half :
         {finish.low * 2 - 1, finish.high * 2 + 1, random.pick(2 * finish.low, 2 * finish.high) | 1}) {
      if (channel.scale == 0 || channel.right_shift == 0 || channel.right_shift > 44) continue;
      const int64_t at = ((int64_t{half} << (channel.right_shift - 1)) - channel.shift) / channel.scale;
      for (int64_t sum = at - 2; sum <= at + 2; ++sum) {
        if (sum < -most - 1 || sum > most) continue;
        ties += channel.scale * sum + channel.shift == int64_t{half} << (channel.right_shift - 1) ? 1 : 0;
        sums.push_back(sum);
      }
    }
    for (int64_t sum : sums) {
      ASSERT_EQ(code_of(static_cast<int32_t>(sum), finish, scaling),
                stored_code(static_cast<int32_t>(sum), finish, channel))
          << "sum " << sum << " scale " << channel.scale << " shift " << channel.shift << " >> "
          << channel.right_shift;
    }
  }
  EXPECT_GT(ties, 500);
}

TEST(PackedCoder, TakesFloatsForAnOrdinaryLayer) {
  const Finish relu{.in_high = 1 << 24, .right_shift = 9, .high = 255, .out_words = {}};
  EXPECT_EQ(Coder<4>(&relu).way(), CodeWay::floats);
  const Finish linear{
      .in_low = -(1 << 28), .in_high = 1 << 28, .right_shift = 7, .low = -128, .high = 127, .out_words = {}};
  EXPECT_EQ(Coder<4>(&linear).way(), CodeWay::floats);
  const Finish hard_sigmoid{
      .in_low = -4096, .in_high = 4096, .offset = 4096, .right_shift = 6, .high = 127, .out_words = {}};
  EXPECT_EQ(Coder<4>(&hard_sigmoid).way(), CodeWay::floats);
  const Finish left{.in_high = 99, .left_shift = 1, .high = 255, .out_words = {}};
  EXPECT_EQ(Coder<4>(&left).way(), CodeWay::left_shift);
}

}  // namespace
}  // namespace netsurf::cpu
