// How the twin of an activation or of a threshold layer answers to its input: the slopes of
// docs/gradients.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/model/exactness.h"
#include "engine/model/layer.h"

namespace netsurf {

/// An activation's slope at real inputs: that of `v = below x + offset` (or above) where low <= v <= high,
/// else 0.
class SlopeRule {
 public:
  /// REQUIRES: an activation layer.
  explicit SlopeRule(const Layer& layer);

  double operator()(double x) const {
    const double slope = x < 0 ? below_ : above_;
    const double v = slope * x + offset_;
    if (!(v >= low_ && v <= high_)) return 0;
    return x == 0 ? at_zero_ : slope;
  }

 private:
  double below_ = 1, at_zero_ = 1, above_ = 1, offset_ = 0;
  double low_, high_;
};

/// Where a threshold layer's ramp stands at an input: its slope, and which threshold it hangs on.
struct RampPlace {
  double slope = 0;
  int32_t threshold = 0;  // place in the parameter's tensor; meaningless where the slope is 0
};

/// The ramps of all channels of a threshold layer.
class ThresholdRamps {
 public:
  /// `operands` are those of the layer's thresholds; `largest` is the largest |code| of the layer's input in
  /// the whole set, read only for rows of one threshold.
  ThresholdRamps(const Layer& layer, const Parameter& thresholds, const TensorType& in,
                 std::span<const int32_t> operands, int64_t largest);

  /// At a code of the layer's input, for one channel of it.
  RampPlace place(int channel, int64_t code) const;

 private:
  int64_t num_thresholds_;
  bool shares_row_;
  std::vector<int32_t> sorted_;  // [rows, num_thresholds], places in the tensor by rising operand
  std::vector<int32_t> operands_;
  double step_;       // of the output, times 2^F of the input: a slope per code
  double reach_ = 0;  // with one threshold: how far from it the ramp goes, in codes
};

}  // namespace netsurf
