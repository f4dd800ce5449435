#include "engine/gradient/twin_layer.h"

namespace netsurf {

template <typename Real>
std::unique_ptr<TwinLayer<Real>> make_twin_layer(const Model& model, int index) {
  switch (model.layers()[static_cast<size_t>(index)].kind) {
    case LayerKind::input:
    case LayerKind::flatten:
    case LayerKind::reshape:
    case LayerKind::softmax:
      return nullptr;
    case LayerKind::dense:
    case LayerKind::conv2d:
    case LayerKind::conv2d_transpose:
      return make_sum_layer<Real>(model, index);
    case LayerKind::affine:
      return make_affine_layer<Real>(model, index);
    case LayerKind::activation:
    case LayerKind::threshold:
      return make_slope_layer<Real>(model, index);
    case LayerKind::max_pool:
    case LayerKind::average_pool:
    case LayerKind::global_average_pool:
    case LayerKind::sum_pool:
    case LayerKind::upsample:
      return make_window_layer<Real>(model, index);
    case LayerKind::add:
    case LayerKind::concatenate:
      return make_join_layer<Real>(model, index);
  }
  return nullptr;
}

template std::unique_ptr<TwinLayer<float>> make_twin_layer(const Model&, int);
template std::unique_ptr<TwinLayer<double>> make_twin_layer(const Model&, int);

}  // namespace netsurf
