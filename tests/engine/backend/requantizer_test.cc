// make_requantizer and core::requantize against the table of docs/numbers.md, written here in 128-bit
// arithmetic.
#include "engine/backend/requantizer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/cpu/elementwise.h"
#include "tests/support/random.h"

namespace netsurf {
namespace {

using Wide = __int128;
constexpr int64_t kTwoTo62 = int64_t{1} << 62;

Wide bounded(Wide x, Wide low, Wide high) { return x < low ? low : (x > high ? high : x); }

/// x / 2^shift to a whole number; a negative shift multiplies, up to a magnitude of about `cap`.
Wide rescaled(Wide x, int shift, core::Rounding rounding, Wide cap) {
  if (shift <= 0) {
    for (int i = 0; i < -shift && x < cap && x > -cap; ++i) x *= 2;
    return x;
  }
  // A value below half a step is rounded by its sign alone.
  if (shift > 100) return rescaled(x > 0 ? 1 : (x < 0 ? -1 : 0), 2, rounding, cap);
  Wide divisor = Wide{1} << shift, whole = x / divisor, rest = x % divisor;
  if (rest == 0) return whole;
  Wide twice = 2 * (rest < 0 ? -rest : rest);
  bool is_tie = twice == divisor, is_past = twice > divisor, away = false;
  switch (rounding) {
    case core::Rounding::half_even:
      away = is_past || (is_tie && whole % 2 != 0);
      break;
    case core::Rounding::half_away:
      away = is_past || is_tie;
      break;
    case core::Rounding::half_to_zero:
      away = is_past;
      break;
    case core::Rounding::half_up:
      away = is_past || (is_tie && x > 0);
      break;
    case core::Rounding::half_down:
      away = is_past || (is_tie && x < 0);
      break;
    case core::Rounding::floor:
      away = x < 0;
      break;
    case core::Rounding::ceil:
      away = x > 0;
      break;
    case core::Rounding::to_zero:
      break;
    case core::Rounding::away:
      away = true;
      break;
  }
  return whole + (away ? (x < 0 ? -1 : 1) : 0);
}

int64_t expected(const Layer& layer, int64_t code, int frac_bits) {
  Wide x = code, one = frac_bits >= 0 ? Wide{1} << frac_bits : 0;
  if (layer.function == ActivationFunction::relu) x = x < 0 ? 0 : x;
  if (layer.function == ActivationFunction::hard_tanh) x = bounded(x, -one, one);
  if (layer.function == ActivationFunction::hard_sigmoid) {
    x = bounded(x + one, 0, 2 * one);
    ++frac_bits;
  }
  if (layer.function == ActivationFunction::leaky_relu) {
    x = x >= 0 ? x << layer.slope_shift : x * layer.slope;
    frac_bits += layer.slope_shift;
  }
  int shift = frac_bits - layer.format.frac_bits();
  if (!layer.wraps) {
    Wide scaled = rescaled(x, shift, layer.rounding, Wide{1} << 70);
    return static_cast<int64_t>(bounded(scaled, layer.low_code(), layer.high_code()));
  }
  // Twenty places up is enough for sixteen bits to be gone, and does not leave 128 bits.
  Wide modulus = Wide{1} << layer.format.bits;
  Wide rounded = rescaled(x, std::max(shift, -20), layer.rounding, Wide{1} << 100);
  Wide kept = ((rounded % modulus) + modulus) % modulus;
  return static_cast<int64_t>(kept > layer.format.max_code() ? kept - modulus : kept);
}

Layer activation(ActivationFunction function, const Format& format) {
  Layer layer;
  layer.kind = LayerKind::activation;
  layer.function = function;
  layer.format = format;
  return layer;
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
            Layer layer = activation(function, format);
            core::Requantizer q = make_requantizer(layer, in);
            bool narrow = fits_32_bits(q, in);
            num_narrow += narrow ? 1 : 0;
            num_left += q.left_shift > 0 ? 1 : 0;
            for (int32_t code = -300; code <= 300; ++code) {
              int64_t right = expected(layer, code, frac_bits);
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
    Layer layer = activation(function, format);
    core::Requantizer q = make_requantizer(layer, in);
    beyond += std::abs(frac_bits - format.frac_bits()) > 62 ? 1 : 0;
    int64_t half = random.pick(0, 61) > 30 ? int64_t{1} << random.pick(0, 61) : 0;
    for (int64_t code : {in.bound, -in.bound, in.bound - 1, int64_t{0}, int64_t{1}, int64_t{-1}, half, -half,
                         3 * (half / 2), random.between(0, in.bound), -random.between(0, in.bound)}) {
      if (code > in.bound || code < -in.bound) continue;
      int64_t right = expected(layer, code, frac_bits);
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
    core::Requantizer q = make_requantizer(activation(random.of(kFunctions), format), in);
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

/// A layer with anything an activation may have.
Layer random_layer(testing::Random& random, int frac_bits) {
  std::vector<ActivationFunction> functions = {ActivationFunction::linear, ActivationFunction::relu,
                                               ActivationFunction::leaky_relu};
  if (frac_bits >= 0 && frac_bits <= 40)
    functions.insert(functions.end(), kFunctions.begin() + 2, kFunctions.end());
  Format format{random.pick(1, 16), 0, random.chance(50)};
  int spread = random.chance(30) ? 62 : 8;
  format.integer_bits = format.bits - (format.is_signed ? 1 : 0) - random.pick(-spread, spread);
  Layer layer = activation(random.of(functions), format);
  layer.rounding = static_cast<core::Rounding>(random.pick(0, 8));
  layer.wraps = random.chance(30);
  if (!layer.wraps && random.chance(50)) {
    layer.low = static_cast<int32_t>(random.between(format.min_code(), format.max_code()));
    layer.high = static_cast<int32_t>(random.between(layer.low, format.max_code()));
  }
  if (layer.function == ActivationFunction::leaky_relu && random.chance(90)) {
    layer.slope = 2 * random.pick(0, (1 << random.pick(1, 23)) - 1) + 1;
    layer.slope_shift = random.pick(0, 40);
  }
  return layer;
}

TEST(Requantizer, EveryWayToRoundToWrapAndToLeak) {
  testing::Random random(9);
  int64_t num_narrow = 0, num_leaks = 0, num_wraps = 0, num_far = 0;
  for (int i = 0; i < 40000; ++i) {
    int frac_bits = random.chance(30) ? random.pick(-62, 62) : random.pick(0, 12);
    Layer layer = random_layer(random, frac_bits);
    int64_t steepest = std::max(int64_t{1} << layer.slope_shift, int64_t{layer.slope});
    int64_t bound = kTwoTo62 >> random.pick(0, 61);
    if (layer.function == ActivationFunction::leaky_relu) bound = std::min(bound, kTwoTo62 / steepest);
    TensorType in = type_of(bound, frac_bits);
    core::Requantizer q = make_requantizer(layer, in);
    bool narrow = fits_32_bits(q, in);
    num_narrow += narrow ? 1 : 0;
    num_leaks += q.leaks ? 1 : 0;
    num_wraps += layer.wraps ? 1 : 0;
    num_far += frac_bits - layer.format.frac_bits() > 62 ? 1 : 0;
    std::vector<int64_t> codes = {bound, -bound, bound / 2, -(bound / 2), 0,  1,  -1, 2, -2,
                                  3,     -3,     5,         -5,           12, -12};
    for (int j = 0; j < 6; ++j)
      codes.push_back((random.chance(50) ? 1 : -1) * (random.between(0, bound) >> random.pick(0, 20)));
    for (int64_t code : codes) {
      if (code > bound || code < -bound) continue;
      int64_t right = expected(layer, code, frac_bits);
      ASSERT_EQ(core::requantize(code, q), right)
          << name_of(layer.function) << " of " << code << " F=" << frac_bits << " to " << layer.format.text()
          << " " << name_of(layer.rounding) << (layer.wraps ? " wraps" : "") << " slope " << layer.slope
          << " >> " << layer.slope_shift << " range " << layer.low << " " << layer.high;
      if (q.is_plain()) {
        ASSERT_EQ(core::requantize_plainly(code, q), right);
      }
      if (narrow) {
        ASSERT_EQ(core::requantize(static_cast<int32_t>(code), q), right);
      }
    }
    // All of these codes at once, and those around the ones that saturate.
    if (q.right_shift < 40) {
      for (int64_t end : {q.low, q.high}) {
        for (int64_t near : {-2, -1, 0, 1, 2}) codes.push_back((end << q.right_shift) - q.offset + near);
      }
    }
    std::vector<int64_t> x64(2 * cpu::kTile);
    std::vector<int32_t> y64(x64.size());
    std::erase_if(codes, [&](int64_t code) { return code > bound || code < -bound; });
    std::copy(codes.begin(), codes.end(), x64.begin());
    cpu::requantize_all(x64.data(), 2, q, false, y64.data());
    for (size_t s = 0; s < x64.size(); ++s)
      ASSERT_EQ(y64[s], expected(layer, x64[s], frac_bits)) << x64[s] << " F=" << frac_bits;
    if (in.needs_64_bits()) continue;
    std::vector<int32_t> x(cpu::kTile), y(cpu::kTile);
    for (int32_t& code : x) code = static_cast<int32_t>(random.between(-bound, bound));
    cpu::requantize_all(x.data(), 1, q, narrow, y.data());
    for (size_t s = 0; s < x.size(); ++s) ASSERT_EQ(y[s], expected(layer, x[s], frac_bits));
  }
  EXPECT_GT(num_narrow, 3000);
  EXPECT_GT(num_leaks, 3000);
  EXPECT_GT(num_wraps, 3000);
  EXPECT_GT(num_far, 500);
}

TEST(Requantizer, SaturatesOrWrapsWhatPassesTheFormat) {
  // 8, 9, 16, -9 and -17 into four bits: as fixed-point types of high-level synthesis do.
  auto into = [](Format format, bool wraps, std::vector<int64_t> codes) {
    Layer layer = activation(ActivationFunction::linear, format);
    layer.wraps = wraps;
    core::Requantizer q = make_requantizer(layer, type_of(100, 0));
    for (int64_t& code : codes) code = core::requantize(code, q);
    return codes;
  };
  Format four{4, 3, true}, unsigned_four{4, 4, false};
  EXPECT_EQ(into(four, true, {8, 9, 16, -9, -17}), (std::vector<int64_t>{-8, -7, 0, 7, -1}));
  EXPECT_EQ(into(four, false, {8, 9, 16, -9, -17}), (std::vector<int64_t>{7, 7, 7, -8, -8}));
  EXPECT_EQ(into(unsigned_four, true, {-1, 16, 15}), (std::vector<int64_t>{15, 0, 15}));
  EXPECT_EQ(into(unsigned_four, false, {-1, 16, 15}), (std::vector<int64_t>{0, 15, 15}));
  // 7.75 rounds first and wraps then.
  Layer layer = activation(ActivationFunction::linear, four);
  layer.wraps = true;
  layer.rounding = core::Rounding::half_up;
  EXPECT_EQ(core::requantize(int64_t{31}, make_requantizer(layer, type_of(100, 2))), -8);
}

TEST(Requantizer, ALeakySlopeIsAppliedBeforeTheOneRounding) {
  // slope 3/16; codes of step 1/4 into steps of 1/2: -10/4 x 3/16 = -0.46875 = -0.9375 steps.
  Layer layer = activation(ActivationFunction::leaky_relu, Format{6, 4, true});
  layer.slope = 3;
  layer.slope_shift = 4;
  core::Requantizer q = make_requantizer(layer, type_of(1000, 2));
  EXPECT_EQ(core::requantize(int64_t{-10}, q), -1);
  EXPECT_EQ(core::requantize(int64_t{-16}, q), -2);  // -1.5 steps, a tie
  EXPECT_EQ(core::requantize(int64_t{10}, q), 5);
  EXPECT_EQ(core::requantize(int64_t{-1000}, q), -32);
  layer.rounding = core::Rounding::to_zero;
  EXPECT_EQ(core::requantize(int64_t{-10}, make_requantizer(layer, type_of(1000, 2))), 0);
  layer.slope = layer.slope_shift = 0;
  EXPECT_EQ(core::requantize(int64_t{-1000}, make_requantizer(layer, type_of(1000, 2))), 0);
}

/// How many of 3,000 drawn activations have a quick way for sums of type Int, all of which is compared.
template <typename Int>
int compare_quick_ones(int64_t most, int most_frac_bits) {
  testing::Random random(41);
  int quick_ones = 0;
  for (int i = 0; i < 3000; ++i) {
    Layer layer = activation(
        random.of<ActivationFunction>({ActivationFunction::linear, ActivationFunction::relu,
                                       ActivationFunction::hard_tanh, ActivationFunction::hard_sigmoid}),
        Format{random.pick(2, 16), random.pick(0, 2), random.chance(50)});
    TensorType in = type_of(random.chance(20) ? most - random.pick(0, 9) : random.between(1, most),
                            random.pick(-2, most_frac_bits));
    core::Requantizer q = make_requantizer(layer, in);
    auto quick = make_quick<Int>(q, in.bound);
    if (!quick) continue;
    ++quick_ones;
    for (int j = 0; j < 30; ++j) {
      int64_t x = random.chance(20) ? (random.chance(50) ? -in.bound : in.bound)
                                    : random.between(-in.bound, in.bound) >> random.pick(0, most_frac_bits);
      int32_t found = core::requantize_quickly(static_cast<Int>(x), *quick);
      EXPECT_EQ(found, core::requantize_plainly(x, q))
          << x << " of " << in.bound << " with " << in.frac_bits << " fraction bits";
      if (::testing::Test::HasFailure()) return quick_ones;
    }
  }
  return quick_ones;
}

TEST(Requantizer, TheQuickWayEqualsThePlainOne) {
  EXPECT_GT(compare_quick_ones<int32_t>(INT32_MAX, 31), 1000);
  EXPECT_GT(compare_quick_ones<int64_t>(int64_t{1} << 61, 50), 300);
}

}  // namespace
}  // namespace netsurf
