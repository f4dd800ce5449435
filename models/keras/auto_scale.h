// Scales that QKeras computes from the weights each time a layer runs (alpha = "auto", "auto_po2"), step by
// step in float32.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace netsurf::keras {

/// Weights seen as channels: element i belongs to channel i % channels, as the last axis of an array in C
/// order.
struct ChannelView {
  std::span<const float> values;
  size_t channels = 1;

  /// Per channel, the largest |value|.
  std::vector<float> max_magnitude() const;
};

/// 2^round(log2(x + 1e-7)), half to even, through a float32 logarithm; not finite where
/// x is not.
float nearest_power_of_two(float x);

/// Per channel mean(x q) / (mean(q q) + 1e-7): the scale that brings codes closest to the values.
std::vector<float> least_squares_scale(const ChannelView& view, std::span<const float> codes);

}  // namespace netsurf::keras
