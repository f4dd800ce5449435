// Mean and variance from exact integer sums: the same double whatever order the numbers come in.
#pragma once

#include <cstdint>

namespace netsurf {

/// Running count, sum and sum of squares. REQUIRES: count x largest |number| < 2^63, so that nothing can
/// overflow.
class ExactMoments {
 public:
  void add(int64_t number) {
    ++count_;
    sum_ += number;
    squares_ += static_cast<__int128>(number) * number;
  }

  int64_t count() const { return count_; }

  /// Mean in units of `unit` (a number of 3 with unit 4 counts 0.75). REQUIRES: count >= 1.
  double mean(double unit) const { return static_cast<double>(sum_) / (static_cast<double>(count_) * unit); }

  /// Unbiased sample variance in units of unit^2. REQUIRES: count >= 2.
  double variance(double unit) const {
    // The numerator is exact, so equal numbers give exactly zero.
    __int128 numerator = static_cast<__int128>(count_) * squares_ - sum_ * sum_;
    double pairs = static_cast<double>(count_) * static_cast<double>(count_ - 1);
    return static_cast<double>(numerator) / pairs / (unit * unit);
  }

 private:
  int64_t count_ = 0;
  __int128 sum_ = 0;
  __int128 squares_ = 0;
};

}  // namespace netsurf
