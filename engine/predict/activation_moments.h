// An activation's mean and variance for a normal input: the function is one or two clipped lines.
#pragma once

#include <span>
#include <vector>

#include "engine/model/layer.h"

namespace netsurf {

/// Mean and variance of an output, and how its mean answers to the input's mean.
struct OutputMoments {
  double mean = 0, variance = 0, gain = 0;
  double between = 0;  // of the variance, what differs between cases of the channel
};

class ActivationMoments {
 public:
  /// REQUIRES: an activation layer. `in_frac_bits` are its input's. One that wraps is taken as if it had no
  /// bounds.
  ActivationMoments(const Layer& layer, int in_frac_bits);

  /// Of the function without rounding, plus the mean error of roundings that are not to the nearest code.
  OutputMoments operator()(double mean, double variance) const;
  /// The function itself, without rounding; and rounded, of many numbers in place.
  double value(double x) const;
  void round_all(std::span<double> x) const;
  /// Of the output: what it is rounded to.
  double step() const { return step_; }
  /// Between the lowest and the highest value, or infinity.
  double range() const;

 private:
  struct Line {
    double slope = 1, low = 0, high = 0;  // slope x clip(x, low, high)
  };

  double offset_ = 0;
  std::vector<Line> lines_;  // the second ends where the first begins: at zero
  double step_ = 1;
  core::Rounding rounding_;
  double lost_ = 0;  // half of what a one-sided rounding takes away at most
};

}  // namespace netsurf
