#include "engine/gradient/slope_rule.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace netsurf {

SlopeRule::SlopeRule(const Layer& layer) {
  const int frac_bits = layer.format.frac_bits();
  low_ = std::ldexp(static_cast<double>(layer.low_code()), -frac_bits);
  high_ = std::ldexp(static_cast<double>(layer.high_code()), -frac_bits);
  if (layer.wraps) {
    low_ = -std::numeric_limits<double>::infinity();
    high_ = -low_;
  }
  switch (layer.function) {
    case ActivationFunction::linear:
      break;
    case ActivationFunction::relu:
      below_ = at_zero_ = 0;
      break;
    case ActivationFunction::leaky_relu:
      below_ = std::ldexp(static_cast<double>(layer.slope), -layer.slope_shift);
      break;
    case ActivationFunction::hard_tanh:
      low_ = std::max(low_, -1.0);
      high_ = std::min(high_, 1.0);
      break;
    case ActivationFunction::hard_sigmoid:
      below_ = at_zero_ = above_ = offset_ = 0.5;
      low_ = std::max(low_, 0.0);
      high_ = std::min(high_, 1.0);
      break;
  }
}

ThresholdRamps::ThresholdRamps(const Layer& layer, const Parameter& thresholds, const TensorType& in,
                               std::span<const int32_t> operands, int64_t largest)
    : num_thresholds_(thresholds.shape[1]),
      shares_row_(thresholds.shape[0] == 1),
      sorted_(operands.size()),
      operands_(operands.begin(), operands.end()) {
  std::iota(sorted_.begin(), sorted_.end(), 0);
  for (auto row = sorted_.begin(); row != sorted_.end(); row += num_thresholds_) {
    std::stable_sort(row, row + num_thresholds_, [&](int32_t a, int32_t b) {
      return operands[static_cast<size_t>(a)] < operands[static_cast<size_t>(b)];
    });
  }
  step_ = std::ldexp(static_cast<double>(layer.high - layer.low) / static_cast<double>(num_thresholds_),
                     in.frac_bits - layer.format.frac_bits());
  if (num_thresholds_ == 1) reach_ = static_cast<double>(std::max<int64_t>(largest, 1));
}

RampPlace ThresholdRamps::place(int channel, int64_t code) const {
  const int32_t* row = sorted_.data() + (shares_row_ ? 0 : channel * num_thresholds_);
  const auto at = [&](const int32_t* i) { return int64_t{operands_[static_cast<size_t>(*i)]}; };
  if (num_thresholds_ == 1) {
    const bool reaches = static_cast<double>(std::abs(code - at(row))) <= reach_;
    return {reaches ? step_ / (2 * reach_) : 0, *row};
  }
  const int32_t* end = row + num_thresholds_;
  const int64_t first = at(row), last = at(end - 1);
  if (code < first || code > last || first == last) return {};
  const double spacing = static_cast<double>(last - first) / static_cast<double>(num_thresholds_ - 1);
  const auto by_operand = [&](const int32_t& i, int64_t c) { return at(&i) < c; };
  const int32_t* above =
      std::lower_bound(row, end, code, by_operand);  // the first that is not below the code
  if (above != row) {
    const int64_t below = at(above - 1);
    if (code - below <= at(above) - code) above = std::lower_bound(row, end, below, by_operand);
  }
  return {step_ / spacing, *above};
}

}  // namespace netsurf
