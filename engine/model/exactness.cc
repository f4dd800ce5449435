#include "engine/model/exactness.h"

#include <algorithm>

#include "engine/model/type_rules.h"

namespace netsurf {
namespace {

TensorType infer(const TypeScope& scope) {
  switch (scope.layer.kind) {
    case LayerKind::input:
      scope.expect_inputs(0, 0);
      return type_input(scope);
    case LayerKind::add:
    case LayerKind::concatenate:
      scope.expect_inputs(2, 1024);
      return type_join(scope);
    default:
      scope.expect_inputs(1, 1);
  }
  switch (scope.layer.kind) {
    case LayerKind::dense:
      return type_dense(scope);
    case LayerKind::conv2d:
      return type_conv2d(scope);
    case LayerKind::max_pool:
    case LayerKind::average_pool:
      return type_pool(scope);
    case LayerKind::global_average_pool:
      return type_global_average_pool(scope);
    case LayerKind::sum_pool:
      return type_sum_pool(scope);
    case LayerKind::conv2d_transpose:
      return type_conv2d_transpose(scope);
    case LayerKind::upsample:
      return type_upsample(scope);
    case LayerKind::threshold:
      return type_threshold(scope);
    case LayerKind::affine:
      return type_affine(scope);
    case LayerKind::flatten:
    case LayerKind::reshape:
      return type_reshaped(scope);
    case LayerKind::activation:
      return type_activation(scope);
    default:
      return type_softmax(scope);
  }
}

}  // namespace

Alignment align(int first_frac_bits, int second_frac_bits) {
  int frac_bits = std::max(first_frac_bits, second_frac_bits);
  return {frac_bits, frac_bits - first_frac_bits, frac_bits - second_frac_bits};
}

TensorType infer_type(const Layer& layer, std::vector<const TensorType*> inputs,
                      std::span<const Parameter> parameters) {
  return infer(TypeScope{layer, parameters, std::move(inputs)});
}

std::vector<TensorType> infer_types(std::span<const Layer> layers, std::span<const Parameter> parameters) {
  std::vector<TensorType> types;
  types.reserve(layers.size());  // scopes point into it
  for (const Layer& layer : layers) {
    TypeScope scope{layer, parameters, {}};
    for (int input : layer.inputs) scope.inputs.push_back(&types[static_cast<size_t>(input)]);
    types.push_back(infer(scope));
  }
  return types;
}

}  // namespace netsurf
