// What one sample counts: prediction, distance, loss. The loss uses float32 with correctly rounded operations
// in a fixed order (docs/numbers.md, "Score"), so it has the same bits on every machine; compile with
// contraction off.
#pragma once

#include <bit>
#include <cstdint>

#include "kernels/core/host_device.h"

namespace netsurf::core {

inline constexpr float kMaxLoss = 1048576.0f;  // 2^20

/// 2^exponent. REQUIRES: -126 <= exponent <= 127.
NETSURF_HD inline float power_of_two(int exponent) {
  return std::bit_cast<float>(static_cast<uint32_t>(exponent + 127) << 23);
}

/// value x 2^exponent for any exponent, in steps that are each exact unless the result leaves the normal
/// range.
NETSURF_HD inline float scale_by_power(float value, int exponent) {
  for (; exponent > 100; exponent -= 100) value *= power_of_two(100);
  for (; exponent < -100; exponent += 100) value *= power_of_two(-100);
  return value * power_of_two(exponent);
}

/// x rounded half to even, for |x| < 2^22: adding 1.5 x 2^23 leaves no fraction bits.
NETSURF_HD inline float round_to_integer(float x) {
  constexpr float kShift = 12582912.0f;
  return (x + kShift) - kShift;
}

inline constexpr float kLowestExponent = -87.0f;  // exp of less counts as 0

/// exp(x) for kLowestExponent <= x <= 0, without a branch.
NETSURF_HD inline float exp_in_range(float x) {
  float n = round_to_integer(x * 0x1.715476p+0f);
  float r = (x - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f;
  float p = 1.0f / 5040.0f;
  p = p * r + 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  return p * power_of_two(static_cast<int>(n));
}

/// exp(x) for x <= 0.
NETSURF_HD inline float exp_core(float x) { return x < kLowestExponent ? 0.0f : exp_in_range(x); }

/// log(s) for s >= 1. No branch: the comparison with 0x1.6a09e6p+0, which halves v, is one of mantissas.
NETSURF_HD inline float log_core(float s) {
  constexpr uint32_t kOne = std::bit_cast<uint32_t>(1.0f),
                     kRootOfTwo = std::bit_cast<uint32_t>(0x1.6a09e6p+0f);
  uint32_t bits = std::bit_cast<uint32_t>(s);
  uint32_t mantissa = (bits & 0x007FFFFFu) | kOne;
  uint32_t halvings = mantissa > kRootOfTwo ? 1 : 0;
  int exponent = static_cast<int>((bits >> 23) + halvings) - 127;
  float v = std::bit_cast<float>(mantissa - (halvings << 23));
  float u = v - 1.0f;
  float z = u / (2.0f + u);
  float y = z * z;
  float p = 2.0f / 9.0f;
  p = p * y + 2.0f / 7.0f;
  p = p * y + 2.0f / 5.0f;
  p = p * y + 2.0f / 3.0f;
  p = p * y + 2.0f;
  return z * p + static_cast<float>(exponent) * 0x1.62e430p-1f;
}

/// The loss in units of 2^-20, rounded half to even, at most 2^40.
NETSURF_HD inline int64_t loss_units(float loss) {
  if (!(loss < kMaxLoss)) return int64_t{1} << 40;
  float scaled = loss * kMaxLoss;  // exact: a power of two
  if (scaled < 4194304.0f) return static_cast<int64_t>(round_to_integer(scaled));
  int64_t floor = static_cast<int64_t>(scaled);  // at or above 2^22 a fraction has at most one bit: a half
  float rest = scaled - static_cast<float>(floor);
  return floor + ((rest > 0.5f || (rest == 0.5f && (floor & 1) != 0)) ? 1 : 0);
}

/// a + b, held at INT64_MAX. For non-negative numbers the order of such sums does not matter. REQUIRES: a, b
/// >= 0.
NETSURF_HD constexpr int64_t held_sum(int64_t a, int64_t b) { return a > INT64_MAX - b ? INT64_MAX : a + b; }

/// (a - b)^2, held at INT64_MAX.
NETSURF_HD constexpr int64_t squared_difference(int64_t a, int64_t b) {
  // Unsigned: the difference of two int64 always fits it.
  uint64_t difference = a < b ? static_cast<uint64_t>(b) - static_cast<uint64_t>(a)
                              : static_cast<uint64_t>(a) - static_cast<uint64_t>(b);
  constexpr uint64_t kLargestRoot = 3037000499;  // floor(sqrt(2^63 - 1))
  return difference > kLargestRoot ? INT64_MAX : static_cast<int64_t>(difference * difference);
}

/// Index of the largest of num_codes codes, codes[k * stride]; the lowest index wins.
template <typename Int>
NETSURF_HD constexpr int argmax(const Int* codes, int num_codes, int64_t stride) {
  int best = 0;
  for (int k = 1; k < num_codes; ++k) {
    if (codes[k * stride] > codes[best * stride]) best = k;
  }
  return best;
}

/// The size of one code: unit x 2^-frac_bits.
NETSURF_HD inline float step_of(float unit, int frac_bits) { return scale_by_power(unit, -frac_bits); }

/// Cross-entropy of softmax(codes x step) against `label`.
template <typename Int>
NETSURF_HD inline int64_t cross_entropy(const Int* codes, int num_codes, int64_t stride, float step,
                                        int label) {
  int64_t largest = codes[argmax(codes, num_codes, stride) * stride];
  float sum = 0.0f;
  for (int k = 0; k < num_codes; ++k) {
    sum += exp_core(static_cast<float>(codes[k * stride] - largest) * step);
  }
  return loss_units(log_core(sum) - static_cast<float>(codes[label * stride] - largest) * step);
}

/// Mean squared error of codes x step against targets[num_codes].
template <typename Int>
NETSURF_HD inline int64_t squared_error(const Int* codes, int num_codes, int64_t stride, float step,
                                        const float* targets) {
  float sum = 0.0f;
  for (int k = 0; k < num_codes; ++k) {
    float error = static_cast<float>(codes[k * stride]) * step - targets[k];
    sum += error * error;
  }
  return loss_units(sum / static_cast<float>(num_codes));
}

}  // namespace netsurf::core
