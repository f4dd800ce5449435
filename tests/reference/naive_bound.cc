#include "tests/reference/naive_bound.h"

#include <algorithm>
#include <vector>

namespace netsurf::naive {
namespace {

/// A largest magnitude and the fraction bits it has.
struct Size {
  Wide magnitude = 0;
  int frac_bits = 0;

  Wide at(int finer_frac_bits) const {
    Wide scaled = magnitude;
    for (int i = frac_bits; i < finer_frac_bits; ++i) scaled *= 2;
    return scaled;
  }
};

/// The largest operand that any pattern of a parameter's bits can mean; nothing flips those of a constant.
Size size_of(const Parameter& parameter) {
  if (parameter.constant && !parameter.bipolar) {
    Wide most = 0;
    for (int32_t code : parameter.codes) {
      Wide operand = Wide{code} - parameter.zero_point;
      most = std::max(most, std::max(operand, -operand));
    }
    return {most, fraction_of(parameter.format)};
  }
  if (parameter.bipolar) return {1, fraction_of(parameter.format)};
  Wide below = smallest(parameter.format) - parameter.zero_point;
  Wide above = largest(parameter.format) - parameter.zero_point;
  return {std::max(std::max(below, -below), std::max(above, -above)), fraction_of(parameter.format)};
}

Size size_of(const TensorType& type) { return {std::max<Wide>(-Wide{type.low}, type.high), type.frac_bits}; }

Size product(const Size& a, const Size& b, int64_t times) {
  return {a.magnitude * b.magnitude * times, a.frac_bits + b.frac_bits};
}

Wide sum(const std::vector<Size>& terms) {
  int finest = terms[0].frac_bits;
  for (const Size& term : terms) finest = std::max(finest, term.frac_bits);
  Wide total = 0;
  for (const Size& term : terms) total += term.at(finest);
  return total;
}

}  // namespace

std::optional<Wide> bound_of(const Model& model, const Layer& layer) {
  auto input = [&](size_t i) { return size_of(model.type(layer.inputs[i])); };
  auto parameter = [&](int index) -> const Parameter& {
    return model.parameters()[static_cast<size_t>(index)];
  };
  if (layer.kind == LayerKind::add) {
    std::vector<Size> terms;
    for (size_t i = 0; i < layer.inputs.size(); ++i) terms.push_back(input(i));
    return sum(terms);
  }
  if (layer.kind == LayerKind::sum_pool) return input(0).magnitude * layer.window.height * layer.window.width;
  int factor = layer.kind == LayerKind::affine ? layer.scale : layer.kernel;
  int term = layer.kind == LayerKind::affine ? layer.shift : layer.bias;
  if (factor < 0) return std::nullopt;
  int64_t products = 1;
  if (layer.kind != LayerKind::affine) {
    for (size_t axis = 1; axis < parameter(factor).shape.size(); ++axis)
      products *= parameter(factor).shape[axis];
  }
  std::vector<Size> terms = {product(input(0), size_of(parameter(factor)), products)};
  if (term >= 0) terms.push_back(size_of(parameter(term)));
  // An affine layer is never held in fewer bits than what it reads.
  Wide least = layer.kind == LayerKind::affine ? model.type(layer.inputs[0]).bound : 0;
  return std::max(sum(terms), least);
}

Wide bound_before_rounding(const Model& model, const Layer& layer) {
  if (layer.kind != LayerKind::activation || layer.function != ActivationFunction::leaky_relu) return 0;
  Wide steepest = std::max<Wide>(doubled(1, layer.slope_shift), layer.slope);
  return size_of(model.type(layer.inputs[0])).magnitude * steepest;
}

}  // namespace netsurf::naive
