// What is known of one layer's activations for a tile of samples, over all faults.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace netsurf {

struct TileMoments {
  TileMoments() = default;
  /// Zeros.
  explicit TileMoments(size_t values) : mean(values), variance(values) {}

  std::vector<double> mean, variance;  // [samples, size]
  // [samples, size, size], its diagonal the variance; or empty: nothing is known of how elements vary
  // together.
  std::vector<double> covariance;
  // Above 0: an image with so many channels, whose pixels move together within each, by the shares `tie`.
  int64_t channels = 0;
  // [samples, channels]: the correlation of neighbouring pixels; or empty: 1.
  std::vector<double> tie;
  // Of such an image: how its channels vary together [samples, channels, channels], the same at every pixel;
  // or empty: independently.
  std::vector<double> correlation;
};

/// The share of element i's variance (counted over all samples) that it has in common with the other pixels
/// of its channel, where `channels` of them are tied.
inline double tie_of(const TileMoments& x, size_t i, size_t size, size_t channels) {
  return x.tie.empty() ? 1 : x.tie[i / size * channels + i % channels];
}

/// Whether nothing varies.
bool is_still(const TileMoments& moments);

/// The covariance of y_i = gain_i x_i + something independent: gains [samples, size] off the diagonal, y's
/// own variances on it. Empty where x has none.
std::vector<double> gained_covariance(const TileMoments& x, const std::vector<double>& gains,
                                      const std::vector<double>& variance, int samples);

/// The same for the correlation of an image's channels, pooled over the pixels: `moved` [samples, size] is
/// how far y goes with one standard deviation of x's channel.
std::vector<double> moved_correlation(const TileMoments& x, const std::vector<double>& moved,
                                      const std::vector<double>& variance, int samples);

/// The tie of a function of x, pixel by pixel: all of what `between` says [samples, size], and of the rest of
/// the variance as much as x has. Empty where x has none.
std::vector<double> mixed_tie(const TileMoments& x, const std::vector<double>& between,
                              const std::vector<double>& variance, int samples);

/// What is left on average of a rounding error when the rounded number varies: the first harmonic of the
/// sawtooth over a normal law. `step`: what is rounded to, in units of the number.
double kept_rounding(double variance, double step);

}  // namespace netsurf
