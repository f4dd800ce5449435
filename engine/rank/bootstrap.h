// The Poisson bootstrap over bits: in a resample every bit counts 0, 1, 2, ... times, independently and once
// on average. Every count has an address, so resamples can be made in any order, block by block, and no list
// of them is kept.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace netsurf {

/// A figure with its two-sided 95 % interval.
struct Estimate {
  double value = 0, low = 0, high = 0;
};

class Bootstrap {
 public:
  /// `seed` alone decides the counts.
  explicit Bootstrap(uint64_t seed);

  /// counts[i]: how often bit begin + i counts in this resample; at most 8. REQUIRES: begin divides by 8, and
  /// so does the size of `counts`.
  void draw(uint64_t resample, uint64_t begin, std::span<uint8_t> counts) const;

 private:
  uint64_t key_;
};

/// `value`, and between which numbers the middle 95 % of `resampled` lie; `value` on both sides without any.
/// Widened to hold `value` and cut to [least, most].
Estimate estimate_of(double value, std::vector<double> resampled, double least, double most);

}  // namespace netsurf
