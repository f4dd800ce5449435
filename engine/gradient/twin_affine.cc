// The twin of an affine layer: a scale and a shift per channel.
#include "engine/gradient/twin_layer.h"
#include "kernels/floating/bilinear.h"

namespace netsurf {
namespace {

template <typename Real>
class AffineLayer final : public TwinLayer<Real> {
 public:
  using typename TwinLayer<Real>::Rows;
  using typename TwinLayer<Real>::Weights;
  using typename TwinLayer<Real>::Sums;
  using typename TwinLayer<Real>::Site;

  AffineLayer(const Layer& layer, const Shape& shape) : scale_(layer.scale), shift_(layer.shift) {
    channels_.channels = shape.back();
    channels_.pixels = static_cast<int>(netsurf::num_elements(shape)) / shape.back();
  }

  int kernel() const override { return scale_; }
  int shift() const override { return shift_; }

  void apply(const Site& site, int, Weights scale, Rows x, Real* y) const override {
    floating::scale_apply(site.shape, channels_, scale, x, y);
  }
  void to_input(const Site& site, int, Weights scale, Rows dy, Real* dx) const override {
    floating::scale_apply(site.shape, channels_, scale, dy, dx);
  }
  void to_kernel(const Site& site, Rows dy, Rows x, Sums sums) const override {
    floating::scale_to_weights(site.shape, channels_, dy, x, sums);
  }
  void kernel_squares(const Site& site, Rows dy, const Real* x, Real* squares) const override {
    floating::scale_squares(site.shape, channels_, dy, x, squares);
  }
  void apply_shift(const Site& site, Weights shift, Real* y) const override {
    floating::shift_apply(site.shape, channels_, shift, y);
  }
  void to_shift(const Site& site, Rows dy, Sums sums) const override {
    floating::shift_to_weights(site.shape, channels_, dy, sums);
  }
  void shift_squares(const Site& site, Rows dy, Real* squares) const override {
    floating::shift_squares(site.shape, channels_, dy, squares);
  }

 private:
  int scale_, shift_;
  floating::ChannelShape channels_;
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
