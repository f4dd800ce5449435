#include "engine/predict/moment_layer.h"

namespace netsurf {

std::unique_ptr<MomentLayer> make_moment_layer(const Model& model, int index, const ParameterLaw& law) {
  switch (model.layers()[static_cast<size_t>(index)].kind) {
    case LayerKind::input:
    case LayerKind::flatten:
    case LayerKind::reshape:
    case LayerKind::softmax:
      return nullptr;
    case LayerKind::dense:
    case LayerKind::conv2d:
    case LayerKind::conv2d_transpose:
      return make_sum_moments(model, index, law);
    case LayerKind::affine:
      return make_affine_moments(model, index, law);
    case LayerKind::activation:
      return make_activation_moments(model, index, law);
    case LayerKind::threshold:
      return make_threshold_moments(model, index, law);
    case LayerKind::max_pool:
      return make_max_pool_moments(model, index, law);
    case LayerKind::average_pool:
    case LayerKind::global_average_pool:
    case LayerKind::sum_pool:
    case LayerKind::upsample:
      return make_window_moments(model, index);
    case LayerKind::add:
    case LayerKind::concatenate:
      return make_join_moments(model, index);
  }
  return nullptr;
}

int affine_before(const Model& model, int activation) {
  const int input = model.layers()[static_cast<size_t>(activation)].inputs[0];
  return model.layers()[static_cast<size_t>(input)].kind == LayerKind::affine ? input : -1;
}

int64_t tied_channels(const Model& model, int layer) {
  const auto kind = [&](int i) { return model.layers()[static_cast<size_t>(i)].kind; };
  while (kind(layer) == LayerKind::flatten || kind(layer) == LayerKind::reshape) {
    layer = model.layers()[static_cast<size_t>(layer)].inputs[0];
  }
  const Shape& shape = model.type(layer).shape;
  return shape.size() == 3 ? shape[2] : 0;
}

}  // namespace netsurf
