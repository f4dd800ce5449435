#include "engine/backend/requantizer.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace netsurf {
namespace {

// Any shift at which a value of at most 62 bits is below half a step, and which a rounding cares about only
// through the sign: |x| / 2^2 for |x| <= 1 stands for all of them.
constexpr int kTooFar = 64;
constexpr int kSignShift = 2;

int64_t largest_code(const TensorType& in) { return std::max(in.high, -in.low); }

/// The lowest code before a left shift that does not saturate for sure; what lies below may be raised to it.
int64_t lowest_useful(const core::Requantizer& q, int left_shift) { return (q.low >> left_shift) - 1; }

/// Sets how x + offset comes from `shift` fraction bits more than the format's to the format's.
void set_shift(core::Requantizer& q, int shift) {
  if (shift >= kTooFar) {
    q.right_shift = kSignShift;
    q.in_low = std::max(q.in_low, -1 - q.offset);
    q.in_high = std::min(q.in_high, 1 - q.offset);
  } else if (shift >= 0) {
    q.right_shift = shift;
  } else {
    // Beyond 62 places any code but 0 saturates (or wraps to 0), as it does at 62.
    q.left_shift = std::min(-shift, 62);
    if (q.wrapped_bits > 0) return;
    // Clip so that the shift itself cannot overflow.
    q.in_low = std::max(q.in_low, lowest_useful(q, q.left_shift) - q.offset);
    q.in_high = std::min(q.in_high, (q.high >> q.left_shift) + 1 - q.offset);
    q.in_low = std::min(q.in_low, q.in_high);
  }
}

/// The way of negative codes through a leaky_relu: products down to `lowest`, with `shift` fraction bits more
/// than the format.
void set_product_shift(core::Requantizer& q, int64_t lowest, int shift) {
  q.product_low = lowest;
  if (shift >= kTooFar) {
    q.product_right_shift = kSignShift;
    q.product_low = std::max<int64_t>(lowest, -1);
  } else if (shift >= 0) {
    q.product_right_shift = shift;
  } else {
    q.product_left_shift = std::min(-shift, 62);
    if (q.wrapped_bits == 0) q.product_low = std::max(lowest, lowest_useful(q, q.product_left_shift));
  }
}

}  // namespace

core::Requantizer make_requantizer(const Layer& layer, const TensorType& in) {
  core::Requantizer q;
  q.low = layer.low_code();
  q.high = layer.high_code();
  q.rounding = layer.rounding;
  if (layer.wraps) {
    q.wrapped_bits = layer.format.bits;
    q.wraps_signed = layer.format.is_signed;
  }
  q.in_low = -in.bound;
  q.in_high = in.bound;
  int frac_bits = in.frac_bits;
  int64_t one = frac_bits >= 0 && frac_bits <= 40 ? int64_t{1} << frac_bits : 0;
  switch (layer.function) {
    case ActivationFunction::linear:
      break;
    case ActivationFunction::relu:
      q.in_low = 0;
      break;
    case ActivationFunction::hard_tanh:
      q.in_low = -one;
      q.in_high = one;
      break;
    case ActivationFunction::hard_sigmoid:  // clamp(x + one, 0, 2 one), read with one more fraction bit:
                                            // halved
      q.in_low = -one;
      q.in_high = one;
      q.offset = one;
      ++frac_bits;
      break;
    case ActivationFunction::leaky_relu:  // codes from 0 on keep their fraction bits: x 2^k of k more is x
      q.in_low = 0;
      q.leaks = true;
      q.slope = layer.slope;
      set_product_shift(q, -largest_code(in) * layer.slope,
                        frac_bits + layer.slope_shift - layer.format.frac_bits());
      break;
  }
  set_shift(q, frac_bits - layer.format.frac_bits());
  return q;
}

bool fits_32_bits(const core::Requantizer& q, const TensorType& in) {
  if (in.needs_64_bits() || q.right_shift > 30 || q.left_shift > 30) return false;
  int64_t largest = std::max(std::abs(q.in_low), std::abs(q.in_high)) + std::abs(q.offset);
  if (largest > (INT32_MAX >> q.left_shift)) return false;
  if (!q.leaks) return true;
  if (q.product_right_shift > 30 || q.product_left_shift > 30) return false;
  // Products below product_low are formed before they are raised to it.
  return largest_code(in) * q.slope <= INT32_MAX && -q.product_low <= (INT32_MAX >> q.product_left_shift);
}

CodeRange code_range(const core::Requantizer& q) {
  auto code = [&](int64_t x) { return core::requantize_plainly<int64_t>(x, q); };
  return {code(q.in_low), code(q.in_high)};
}

template <typename Int>
std::optional<core::QuickRequantizerOf<Int>> make_quick(const core::Requantizer& q, int64_t bound) {
  if (q.left_shift > 0 || q.right_shift > std::numeric_limits<Int>::digits - 1) return std::nullopt;
  const int64_t half = q.right_shift > 0 ? int64_t{1} << (q.right_shift - 1) : 0;
  // Magnitudes of at most 62 bits each: unsigned, no sum of three wraps.
  const uint64_t largest = static_cast<uint64_t>(bound) + static_cast<uint64_t>(std::abs(q.offset)) +
                           static_cast<uint64_t>(half) + 1;
  if (largest > static_cast<uint64_t>(std::numeric_limits<Int>::max()) ||
      largest >> q.right_shift > INT32_MAX)
    return std::nullopt;
  const CodeRange range = code_range(q);
  core::QuickRequantizerOf<Int> quick;
  quick.offset = static_cast<Int>(q.offset);
  quick.shift = q.right_shift;
  quick.half_less_one = static_cast<Int>(half > 0 ? half - 1 : 0);
  quick.tie_bit = half > 0 ? 1 : 0;
  quick.low = static_cast<int32_t>(range.low);
  quick.high = static_cast<int32_t>(range.high);
  return quick;
}

template std::optional<core::QuickRequantizerOf<int32_t>> make_quick(const core::Requantizer&, int64_t);
template std::optional<core::QuickRequantizerOf<int64_t>> make_quick(const core::Requantizer&, int64_t);

}  // namespace netsurf
