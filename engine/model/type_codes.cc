#include "engine/model/type_rules.h"

#include <algorithm>

namespace netsurf {
namespace {

constexpr int kMaxThresholds = 1 << 16;
constexpr int32_t kMaxSlope = 1 << 24;
constexpr int kMaxSlopeShift = 40;

void expect_format(const TypeScope& scope) {
  const Format& format = scope.layer.format;
  if (format.bits < 1 || format.bits > kMaxActivationBits) {
    scope.refuse("has format " + format.text() + ", expected 1 to " + std::to_string(kMaxActivationBits) +
                 " bits");
  }
}

/// Codes from `low` to `high` of the layer's own format.
TensorType type_of_codes(const TypeScope& scope, Shape shape, int64_t low, int64_t high) {
  const Layer& layer = scope.layer;
  if (low > high || low < layer.format.min_code() || high > layer.format.max_code()) {
    scope.refuse("has codes from " + std::to_string(low) + " to " + std::to_string(high) +
                 ", expected a range inside " + layer.format.text() + ", which holds " +
                 std::to_string(layer.format.min_code()) + " to " + std::to_string(layer.format.max_code()));
  }
  if (static_cast<size_t>(layer.rounding) >= core::kRoundingNames.size())
    scope.refuse("has an unknown way to round: " + std::to_string(static_cast<int>(layer.rounding)));
  TensorType type = scope.finish(std::move(shape), layer.format.frac_bits(), std::max(high, -low));
  type.low = low;
  type.high = high;
  return type;
}

void expect_slope(const TypeScope& scope, const TensorType& in) {
  const Layer& layer = scope.layer;
  bool is_reduced = layer.slope == 0 ? layer.slope_shift == 0 : layer.slope % 2 != 0;
  if (layer.slope < 0 || layer.slope >= kMaxSlope || layer.slope_shift < 0 ||
      layer.slope_shift > kMaxSlopeShift || !is_reduced) {
    scope.refuse("has slope " + std::to_string(layer.slope) + " x 2^-" + std::to_string(layer.slope_shift) +
                 ", expected an odd number below 2^24 x 2^-0 to 2^-40, or 0 x 2^-0");
  }
  WideBound factor = std::max<WideBound>(WideBound{1} << layer.slope_shift, layer.slope);
  if (factor * magnitude(in) > kMaxBound)
    scope.refuse("its products may need more than 62 bits when bits flip; use a coarser slope");
}

}  // namespace

TensorType type_input(const TypeScope& scope) {
  expect_format(scope);
  if (scope.layer.shape.empty() || scope.layer.shape.size() > 3)
    scope.refuse("has shape " + shape_text(scope.layer.shape));
  return type_of_codes(scope, scope.layer.shape, scope.layer.low_code(), scope.layer.high_code());
}

TensorType type_activation(const TypeScope& scope) {
  const TensorType& in = *scope.inputs[0];
  const Layer& layer = scope.layer;
  expect_format(scope);
  if (static_cast<size_t>(layer.function) >= kActivationNames.size())
    scope.refuse("has an unknown function: " + std::to_string(static_cast<int>(layer.function)));
  bool needs_one =
      layer.function == ActivationFunction::hard_tanh || layer.function == ActivationFunction::hard_sigmoid;
  if (needs_one && (in.frac_bits < 0 || in.frac_bits > 40)) {
    scope.refuse("reads codes with " + std::to_string(in.frac_bits) + " fraction bits, expected 0 to 40");
  }
  if (layer.function == ActivationFunction::leaky_relu) expect_slope(scope, in);
  bool is_narrower =
      layer.low_code() != layer.format.min_code() || layer.high_code() != layer.format.max_code();
  if (layer.wraps && is_narrower) {
    scope.refuse("wraps, but only to codes from " + std::to_string(layer.low) + " to " +
                 std::to_string(layer.high) + "; what wraps has the whole range of " + layer.format.text());
  }
  return type_of_codes(scope, in.shape, layer.low_code(), layer.high_code());
}

TensorType type_threshold(const TypeScope& scope) {
  const TensorType& in = *scope.inputs[0];
  const Layer& layer = scope.layer;
  expect_format(scope);
  if (layer.thresholds < 0) scope.refuse("has no thresholds");
  const Parameter& thresholds = scope.parameters[static_cast<size_t>(layer.thresholds)];
  const Shape& shape = thresholds.shape;
  bool fits =
      shape.size() == 2 && (shape[0] == 1 || shape[0] == in.shape.back()) && shape[1] <= kMaxThresholds;
  if (!fits) {
    scope.refuse("thresholds have shape " + shape_text(shape) + ", expected " +
                 std::to_string(in.shape.back()) + " or 1, times 1 to " + std::to_string(kMaxThresholds));
  }
  if (thresholds.format.frac_bits() != in.frac_bits) {
    scope.refuse("thresholds have " + std::to_string(thresholds.format.frac_bits()) +
                 " fraction bits, expected the input's " + std::to_string(in.frac_bits));
  }
  int64_t span = int64_t{layer.high} - layer.low;
  if (span < shape[1] || span % shape[1] != 0) {
    scope.refuse("has codes from " + std::to_string(layer.low) + " to " + std::to_string(layer.high) +
                 " for " + std::to_string(shape[1]) +
                 " thresholds, expected a whole step of at least 1 for each");
  }
  return type_of_codes(scope, in.shape, layer.low, layer.high);
}

}  // namespace netsurf
