#include "engine/predict/tile_moments.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace netsurf {

bool is_still(const TileMoments& moments) {
  return std::all_of(moments.variance.begin(), moments.variance.end(), [](double v) { return v == 0; });
}

std::vector<double> gained_covariance(const TileMoments& x, const std::vector<double>& gains,
                                      const std::vector<double>& variance, int samples) {
  std::vector<double> covariance = x.covariance;
  if (covariance.empty()) return covariance;
  const size_t size = gains.size() / static_cast<size_t>(samples);
  for (size_t row = 0; row < gains.size(); ++row) {
    const size_t first = row / size * size;
    for (size_t j = 0; j < size; ++j) {
      double& cell = covariance[row * size + j];
      cell = first + j == row ? variance[row] : cell * gains[row] * gains[first + j];
    }
  }
  return covariance;
}

std::vector<double> moved_correlation(const TileMoments& x, const std::vector<double>& moved,
                                      const std::vector<double>& variance, int samples) {
  std::vector<double> correlation = x.correlation;
  if (correlation.empty()) return correlation;
  const size_t size = moved.size() / static_cast<size_t>(samples);
  const size_t cells = correlation.size() / static_cast<size_t>(samples);
  const auto channels = static_cast<size_t>(std::lround(std::sqrt(static_cast<double>(cells))));
  std::vector<double> own(channels), together(cells);
  for (size_t s = 0; s < static_cast<size_t>(samples); ++s) {
    std::fill(own.begin(), own.end(), 0.0);
    std::fill(together.begin(), together.end(), 0.0);
    for (size_t pixel = s * size; pixel < (s + 1) * size; pixel += channels) {
      for (size_t c = 0; c < channels; ++c) {
        own[c] += variance[pixel + c];
        for (size_t d = 0; d < channels; ++d)
          together[c * channels + d] += moved[pixel + c] * moved[pixel + d];
      }
    }
    for (size_t c = 0; c < channels; ++c) {
      for (size_t d = 0; d < channels; ++d) {
        double& cell = correlation[s * cells + c * channels + d];
        const double scale = std::sqrt(own[c] * own[d]);
        cell = c == d ? 1 : scale > 0 ? cell * together[c * channels + d] / scale : 0;
      }
    }
  }
  return correlation;
}

std::vector<double> mixed_tie(const TileMoments& x, const std::vector<double>& between,
                              const std::vector<double>& variance, int samples) {
  std::vector<double> tie = x.tie;
  const size_t channels = tie.size() / static_cast<size_t>(samples);
  const size_t size = variance.size() / static_cast<size_t>(samples);
  std::vector<double> common(tie.size()), whole(tie.size());
  for (size_t i = 0; i < variance.size() && channels > 0; ++i) {
    const size_t at = i / size * channels + i % channels;
    common[at] += between[i] + tie[at] * (variance[i] - between[i]);
    whole[at] += variance[i];
  }
  for (size_t i = 0; i < tie.size(); ++i) {
    if (whole[i] > 0) tie[i] = std::clamp(common[i] / whole[i], 0.0, 1.0);
  }
  return tie;
}

double kept_rounding(double variance, double step) {
  const double exponent = 2 * std::numbers::pi * std::numbers::pi * variance / (step * step);
  return exponent > 40 ? 0 : std::exp(-exponent);
}

}  // namespace netsurf
