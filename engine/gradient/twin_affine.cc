// The twin of an affine layer: a scale and a shift per channel.
#include "engine/gradient/twin_weighted.h"
#include "kernels/floating/bilinear.h"

namespace netsurf {
namespace {

template <typename Real>
class AffineLayer final : public WeightedLayer<Real> {
 public:
  using typename TwinLayer<Real>::Rows;
  using typename TwinLayer<Real>::Weights;
  using typename TwinLayer<Real>::Sums;
  using typename TwinLayer<Real>::Site;

  AffineLayer(const Layer& layer, const Shape& shape)
      : WeightedLayer<Real>(layer.scale, layer.shift, shape) {}

  void apply(const Site& site, int, Weights scale, Rows x, Real* y) const override {
    floating::scale_apply(site.shape, this->outputs(), scale, x, y);
  }
  void to_input(const Site& site, int, Weights scale, Rows dy, Real* dx) const override {
    floating::scale_apply(site.shape, this->outputs(), scale, dy, dx);
  }
  void to_kernel(const Site& site, Rows dy, Rows x, Sums sums) const override {
    floating::scale_to_weights(site.shape, this->outputs(), dy, x, sums);
  }
  void kernel_squares(const Site& site, Rows dy, const Real* x, Real* squares) const override {
    floating::scale_squares(site.shape, this->outputs(), dy, x, squares);
  }
};

}  // namespace

template <typename Real>
std::unique_ptr<TwinLayer<Real>> make_affine_layer(const Model& model, int index) {
  return std::make_unique<AffineLayer<Real>>(model.layers()[static_cast<size_t>(index)],
                                             model.type(index).shape);
}

template std::unique_ptr<TwinLayer<float>> make_affine_layer(const Model&, int);
template std::unique_ptr<TwinLayer<double>> make_affine_layer(const Model&, int);

}  // namespace netsurf
