// Random tiles and operands for the maps of many lanes: small integers, whose products and sums are exact.
#pragma once

#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "kernels/floating/conv2d.h"
#include "kernels/floating/lanes.h"

namespace netsurf::floating {

template <typename Real>
struct DrawnRows {
  std::vector<Real> values;
  int64_t size;
  int lanes;
  bool per_lane;

  RowsOf<Real> operand() const { return {values.data(), per_lane}; }
  const Real* of(int sample, int lane) const {
    return values.data() + (per_lane ? sample * lanes + lane : sample) * size;
  }
};

template <typename Real>
struct DrawnWeights {
  std::vector<Real> values;
  int64_t stride;  // 0: shared

  WeightsOf<Real> operand() const { return {values.data(), stride}; }
  const Real* of(int lane) const { return values.data() + lane * stride; }
};

template <typename Real>
class LaneDraws {
 public:
  explicit LaneDraws(unsigned seed) : engine_(seed) {}

  int pick(int low, int high) {
    return low + static_cast<int>(engine_() % static_cast<unsigned>(high - low + 1));
  }
  bool coin() { return pick(0, 1) == 1; }

  void next_tile(int most_samples = 4) { tile_ = {pick(1, most_samples), pick(1, 5)}; }
  LaneShape tile() const { return tile_; }
  std::string text() const {
    return std::to_string(tile_.samples) + " samples, " + std::to_string(tile_.lanes) + " lanes";
  }

  /// A small window; how many there are is left to the caller.
  WindowShape window() {
    return {.height = pick(1, 3),
            .width = pick(1, 3),
            .stride_y = pick(1, 3),
            .stride_x = pick(1, 3),
            .dilation_y = pick(1, 2),
            .dilation_x = pick(1, 2),
            .pad_top = pick(0, 2),
            .pad_left = pick(0, 2)};
  }

  std::vector<Real> numbers(int64_t size) {
    std::vector<Real> values(static_cast<size_t>(size));
    for (Real& value : values) value = static_cast<Real>(pick(-3, 3));
    return values;
  }
  DrawnRows<Real> shared_rows(int64_t size) {
    return {numbers(tile_.samples * size), size, tile_.lanes, false};
  }
  DrawnRows<Real> rows(int64_t size) {
    return coin() ? shared_rows(size)
                  : DrawnRows<Real>{numbers(tile_.rows() * size), size, tile_.lanes, true};
  }
  /// Elements from one lane's weights to the next one's: densely packed, or with a gap.
  int64_t stride(int64_t size) { return size + (coin() ? 0 : pick(1, 3)); }
  DrawnWeights<Real> weights(int64_t size) {
    if (coin()) return {numbers(size), 0};
    const int64_t apart = stride(size);
    return {numbers(tile_.lanes * apart), apart};
  }

 private:
  std::mt19937 engine_;
  LaneShape tile_;
};

template <typename Real>
Real inner_product(const std::vector<Real>& a, const std::vector<Real>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), Real{0});
}

}  // namespace netsurf::floating
