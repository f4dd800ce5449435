#include "models/keras/auto_scale.h"

#include <algorithm>
#include <cmath>

namespace netsurf::keras {
namespace {

constexpr float kEpsilon = 1e-7f;

}  // namespace

std::vector<float> ChannelView::max_magnitude() const {
  std::vector<float> largest(channels, 0);
  for (size_t i = 0; i < values.size(); ++i) {
    largest[i % channels] = std::max(largest[i % channels], std::fabs(values[i]));
  }
  return largest;
}

float nearest_power_of_two(float x) {
  float log2 = std::log(x + kEpsilon) / static_cast<float>(0.69314718055994530942);
  return std::isfinite(log2) ? std::ldexp(1.0f, static_cast<int>(std::nearbyint(log2))) : log2;
}

std::vector<float> least_squares_scale(const ChannelView& view, std::span<const float> codes) {
  // TensorFlow sums float32 in an order that depends on the machine; a double sum is what all orders are near
  // to.
  std::vector<double> products(view.channels, 0), squares(view.channels, 0);
  for (size_t i = 0; i < view.values.size(); ++i) {
    products[i % view.channels] += static_cast<double>(view.values[i] * codes[i]);
    squares[i % view.channels] += static_cast<double>(codes[i] * codes[i]);
  }
  double count = static_cast<double>(view.values.size() / view.channels);
  std::vector<float> scales;
  for (size_t c = 0; c < view.channels; ++c) {
    scales.push_back(static_cast<float>(products[c] / count) /
                     (static_cast<float>(squares[c] / count) + kEpsilon));
  }
  return scales;
}

}  // namespace netsurf::keras
