#include "engine/backend/requantizer.h"

#include <algorithm>
#include <cstdlib>

namespace netsurf {

core::Requantizer make_requantizer(ActivationFunction function, const TensorType& in, const Format& format) {
  core::Requantizer q;
  q.low = format.min_code();
  q.high = format.max_code();
  q.in_low = -in.bound;
  q.in_high = in.bound;
  int frac_bits = in.frac_bits;
  int64_t one = frac_bits >= 0 && frac_bits <= 40 ? int64_t{1} << frac_bits : 0;
  switch (function) {
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
  }
  int shift = frac_bits - format.frac_bits();
  if (shift > 62) {  // |x| <= 2^62 rounds to zero
    q.in_low = q.in_high = -q.offset;
  } else if (shift >= 0) {
    q.right_shift = shift;
  } else {
    // Beyond 62 places any code but 0 saturates, as it does at 62. Clip so that the shift itself cannot
    // overflow.
    q.left_shift = std::min(-shift, 62);
    q.in_low = std::max(q.in_low, (q.low >> q.left_shift) - 1 - q.offset);
    q.in_high = std::min(q.in_high, (q.high >> q.left_shift) + 1 - q.offset);
    q.in_low = std::min(q.in_low, q.in_high);
  }
  return q;
}

bool fits_32_bits(const core::Requantizer& q, const TensorType& in) {
  if (in.needs_64_bits() || q.right_shift > 30 || q.left_shift > 30) return false;
  int64_t largest = std::max(std::abs(q.in_low), std::abs(q.in_high)) + std::abs(q.offset);
  return largest <= (INT32_MAX >> q.left_shift);
}

}  // namespace netsurf
