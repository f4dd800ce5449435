// Exact decimals for the two numbers that decide which chips are faulty: bit error rate and protection. Both
// are kept as the digits the person wrote, never as a binary float, so that "0.3" means three tenths on every
// machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace netsurf {

/// A fraction in [0, 1], exactly digits x 10^-scale, in lowest terms (digits not divisible by 10 unless
/// zero).
class UnitDecimal {
 public:
  UnitDecimal() = default;

  /// Parses "0.001", "1e-3", ".5", "1". Throws InputError naming `what` for anything outside [0, 1], with
  /// more than 18 significant digits, or not a number.
  static UnitDecimal parse(std::string_view text, std::string_view what);

  bool is_zero() const { return digits_ == 0; }
  bool is_one() const { return digits_ == 1 && scale_ == 0; }

  /// The one spelling used in keys, files and columns: plain digits ("0.001"), "0" and "1".
  std::string text() const;

  /// Nearest double; for reading and plotting only.
  double value() const;

  /// floor(this x count), exact. REQUIRES: count < 2^40.
  uint64_t floor_of(uint64_t count) const;

  /// This x count rounded half to even, exact. REQUIRES: count < 2^40.
  uint64_t round_of(uint64_t count) const;

  /// round(this x 2^64), ties up, for values below one. REQUIRES: !is_one().
  uint64_t times_two_to_64() const;

  bool operator==(const UnitDecimal&) const = default;
  /// Orders by value.
  bool operator<(const UnitDecimal& other) const;

 private:
  uint64_t digits_ = 0;  // at most 18 decimal digits
  int scale_ = 0;        // 0..36
};

}  // namespace netsurf
