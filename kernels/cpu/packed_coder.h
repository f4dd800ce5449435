// From sums to the codes of the next layer, in every lane: core::requantize_plainly<int32_t>
// (kernels/core/fixed.h) with a finish's constants.
#pragma once

#include "kernels/cpu/packed_vector.h"

namespace netsurf::cpu {
namespace {

/// How sums become codes. `floats` is for right shifts whose clipped sums are whole numbers of a float:
/// adding a float that has a place of 2^shift as its last rounds them there, half to even, in one
/// instruction. `scaled` is that in doubles, whose last place is then the code's. They take the processor's
/// usual rounding, which nothing in a program of ours changes.
enum class CodeWay : uint8_t { left_shift, right_shift, floats, scaled };

template <int kLanes>
class Coder {
 public:
  using Words = typename Vector<kLanes>::Words;
  using Ints = typename Vector<kLanes>::Ints;
  using Floats = typename Vector<kLanes>::Floats;

  /// Without a finish, of no use.
  NETSURF_INLINE explicit Coder(const Finish* finish) {
    if (finish == nullptr) return;
    const Finish& f = *finish;
    stored_offset_ = static_cast<uint32_t>(f.stored_offset);
    excess_ = stored_offset_;
    if (f.is_scaled) {
      set_scaled(f);
      return;
    }
    if (set_floats(f)) return;
    way_ = f.left_shift > 0 ? CodeWay::left_shift : CodeWay::right_shift;
    left_ = f.left_shift;
    right_ = f.right_shift;
    in_low_ = Ints{} + f.in_low;
    in_high_ = Ints{} + f.in_high;
    low_ = Ints{} + f.low;
    high_ = Ints{} + f.high;
    half_ = Ints{} + (f.right_shift > 0 ? 1 << (f.right_shift - 1) : 1);
    rest_ = Words{} + ((uint32_t{1} << f.right_shift) - 1);
    offset_ = Words{} + static_cast<uint32_t>(f.offset);
  }

  NETSURF_INLINE CodeWay way() const { return way_; }

  /// Stored codes plus excess(), modulo 2^32. REQUIRES: kWay = way(); if scaled, that channel of a Scaling.
  template <CodeWay kWay>
  NETSURF_INLINE Words code(const Words& sum, const Scaling* scaling, int channel) const {
    if constexpr (kWay == CodeWay::scaled) return scaled_code(sum, *scaling, channel);
    const Ints clipped = smaller(larger((Ints)sum, in_low_), in_high_);
    if constexpr (kWay == CodeWay::floats) {
      return (Words)(__builtin_convertvector(clipped, Floats) + rounder_);
    } else {
      Words moved = (Words)clipped + offset_;
      if constexpr (kWay == CodeWay::left_shift) {
        moved <<= left_;
      } else {
        // Up when the rest is past half, and at half exactly when the quotient is odd.
        Ints down = (Ints)moved >> right_;
        Ints up = ((Ints)(moved & rest_) + (down & 1)) > half_;  // -1 for true
        moved = (Words)(down - up);
      }
      return (Words)smaller(larger((Ints)moved, low_), high_);
    }
  }
  NETSURF_INLINE uint32_t excess() const { return excess_; }

 private:
  // A double whose upper word is that of 2^52 is 2^52 and its lower word: so the even lanes and the odd ones
  // become doubles, and so codes come out of them.
  NETSURF_INLINE Words scaled_code(const Words& sum, const Scaling& scaling, int channel) const {
    using Pairs = typename Vector<kLanes>::Pairs;
    using Doubles = typename Vector<kLanes>::Doubles;
    constexpr uint64_t kUpper = uint64_t{0x43300000} << 32, kLowerWord = 0xFFFFFFFF;
    constexpr double kZero = 0x1p52 + 0x1p31;  // stands for the sum 0
    constexpr double kRounder = 0x1.8p52;      // its last place is a whole one, and its lower word is zero
    // Taking zero away, not adding to zero: that is nothing to do, for negative zeros too.
    const Doubles factor = scaling.factor[channel] - Doubles{}, offset = scaling.offset[channel] - Doubles{};
    const auto lifted = (Pairs)(sum + 0x80000000u);
    const auto even = (Doubles)((lifted & kLowerWord) | kUpper), odd = (Doubles)(lifted >> 32 | kUpper);
    const auto even_code = (Pairs)((even - kZero) * factor + offset + kRounder),
               odd_code = (Pairs)((odd - kZero) * factor + offset + kRounder);
    const auto code = (Ints)((even_code & kLowerWord) | odd_code << 32);
    const Ints saturated = smaller(larger(code, low_), high_);
    return has_step_ ? (Words)stepped(saturated) : (Words)saturated;
  }

  /// As core::requantize_quickly.
  NETSURF_INLINE Ints stepped(const Ints& code) const {
    const Ints moved = code + step_offset_;
    const Ints rounded = (moved + ((moved >> step_shift_) & step_tie_) + step_half_) >> step_shift_;
    return smaller(larger(rounded, step_low_), step_high_);
  }

  NETSURF_INLINE void set_scaled(const Finish& f) {
    way_ = CodeWay::scaled;
    low_ = Ints{} + f.low;
    high_ = Ints{} + f.high;
    has_step_ = f.has_step;
    if (!has_step_) return;
    step_shift_ = f.step.shift;
    step_offset_ = Ints{} + f.step.offset;
    step_tie_ = Ints{} + (f.step.shift > 0 ? 1 : 0);
    step_half_ = Ints{} + (f.step.shift > 0 ? (1 << (f.step.shift - 1)) - 1 : 0);
    step_low_ = Ints{} + f.step.low;
    step_high_ = Ints{} + f.step.high;
  }

  /// Takes CodeWay::floats if that gives the same codes. Rounding never turns an order around, so that both
  /// clips become one of the sums: those at its ends give the codes at the ends.
  NETSURF_INLINE bool set_floats(const Finish& f) {
    const int s = f.right_shift;
    const int64_t unit = int64_t{1} << s, from_low = f.low * unit - f.offset,
                  from_high = f.high * unit - f.offset;
    const int64_t low = f.in_low > from_low ? f.in_low : from_low;
    const int64_t high = f.in_high < from_high ? f.in_high : from_high;
    constexpr int64_t kWhole = 1 << 24;               // integers up to here are floats
    const int64_t reach = (int64_t{1} << 22) * unit;  // from the rounder to the next exponent
    if (f.left_shift > 0 || (f.offset & (unit - 1)) != 0 || f.offset >= reach || f.offset <= -reach ||
        low > high || low < -kWhole || high > kWhole)
      return false;
    const int64_t rounder = 3 * reach;  // 1.5 x 2^(23 + s): codes of 16 bits do not leave its exponent
    way_ = CodeWay::floats;
    in_low_ = Ints{} + static_cast<int32_t>(low);
    in_high_ = Ints{} + static_cast<int32_t>(high);
    rounder_ = Floats{} + static_cast<float>(rounder + f.offset);
    const auto zero = static_cast<float>(rounder);  // stands for code 0
    uint32_t bits;
    __builtin_memcpy(&bits, &zero, sizeof bits);
    excess_ = stored_offset_ + bits;
    return true;
  }

  // Vectors by themselves: zeroing the object in one piece would cost more than a small job.
  CodeWay way_ = CodeWay::right_shift;
  int left_ = 0, right_ = 0;
  uint32_t stored_offset_ = 0, excess_ = 0;
  Ints in_low_, in_high_, low_, high_, half_;
  Words rest_, offset_;
  Floats rounder_;
  bool has_step_ = false;
  int step_shift_ = 0;
  Ints step_offset_, step_tie_, step_half_, step_low_, step_high_;
};

}  // namespace
}  // namespace netsurf::cpu
