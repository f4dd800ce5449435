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

Size size_of(const Format& format) {
  Wide patterns = 1;
  for (int i = 0; i < format.bits; ++i) patterns *= 2;
  return {format.is_signed ? patterns / 2 : patterns - 1,
          format.bits - format.integer_bits - (format.is_signed ? 1 : 0)};
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
  std::vector<Size> terms;
  if (layer.kind == LayerKind::add) {
    for (size_t i = 0; i < layer.inputs.size(); ++i) terms.push_back(input(i));
    return sum(terms);
  }
  int factor = layer.kind == LayerKind::affine ? layer.scale : layer.kernel;
  int term = layer.kind == LayerKind::affine ? layer.shift : layer.bias;
  if (factor < 0) return std::nullopt;
  int64_t products = 1;
  if (layer.kind != LayerKind::affine) {
    for (size_t axis = 1; axis < parameter(factor).shape.size(); ++axis)
      products *= parameter(factor).shape[axis];
  }
  terms.push_back(product(input(0), size_of(parameter(factor).format), products));
  if (term >= 0) terms.push_back(size_of(parameter(term).format));
  // An affine layer is never held in fewer bits than what it reads.
  Wide least = layer.kind == LayerKind::affine ? model.type(layer.inputs[0]).bound : 0;
  return std::max(sum(terms), least);
}

}  // namespace netsurf::naive
