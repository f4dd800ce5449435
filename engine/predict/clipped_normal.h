// What a normal number is on average after it was cut to an interval: the moments of saturating activations.
#pragma once

namespace netsurf {

struct ClippedMoments {
  double mean = 0, variance = 0;
  double gain = 0;  // how the mean answers to the number's own mean: the chance to lie inside
};

/// Of clip(x, low, high), x normal. low <= high; either may be infinite. variance >= 0.
ClippedMoments clipped_normal(double mean, double variance, double low, double high);

/// P(x >= 0) of x normal; with variance 0 the truth about its mean.
double chance_above_zero(double mean, double variance);

}  // namespace netsurf
