#include "engine/backend/cuda/layer_facts.h"

namespace netsurf {
namespace {

/// Of an input multiplied by one parameter, and of what another adds, if there is one.
Alignment alignment_of(const Model& model, int input, int factor, int summand) {
  auto frac_bits = [&](int parameter) {
    return model.parameters()[static_cast<size_t>(parameter)].format.frac_bits();
  };
  const int products = model.type(input).frac_bits + frac_bits(factor);
  return align(products, summand < 0 ? products : frac_bits(summand));
}

}  // namespace

Alignment sums_alignment(const Model& model, int index) {
  const Layer& layer = model.layers()[static_cast<size_t>(index)];
  return alignment_of(model, layer.inputs[0], layer.kernel, layer.bias);
}

Alignment affine_alignment(const Model& model, int index) {
  const Layer& layer = model.layers()[static_cast<size_t>(index)];
  return alignment_of(model, layer.inputs[0], layer.scale, layer.shift);
}

bool fits_byte(const TensorType& type) {
  return type.low >= 0 ? type.high <= UINT8_MAX : type.low >= INT8_MIN && type.high <= INT8_MAX;
}

}  // namespace netsurf
