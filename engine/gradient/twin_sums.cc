// The twins of layers that sum products: dense, conv2d, conv2d_transpose.
#include "engine/gradient/twin_weighted.h"
#include "engine/gradient/twin_windows.h"
#include "kernels/floating/bilinear.h"

namespace netsurf {
namespace {

using floating::ConvShape;
using floating::DenseSizes;

template <typename Real>
class DenseLayer final : public WeightedLayer<Real> {
 public:
  using typename TwinLayer<Real>::Rows;
  using typename TwinLayer<Real>::Weights;
  using typename TwinLayer<Real>::Sums;
  using typename TwinLayer<Real>::Site;

  DenseLayer(const Layer& layer, const Shape& in, const Shape& out)
      : WeightedLayer<Real>(layer.kernel, layer.bias, out), shape_{in[0], out[0]} {}

  void apply(const Site& site, int, Weights kernel, Rows x, Real* y) const override {
    if (site.sparse != nullptr && !x.per_lane) {
      floating::sparse_apply(site.shape, shape_, kernel, *site.sparse, y);
      return;
    }
    floating::dense_apply(site.shape, shape_, kernel, x, y);
  }
  void to_input(const Site& site, int, Weights kernel, Rows dy, Real* dx) const override {
    floating::dense_to_input(site.shape, shape_, kernel, dy, dx);
  }
  void to_kernel(const Site& site, Rows dy, Rows x, Sums sums) const override {
    if (site.sparse != nullptr && !x.per_lane) {
      floating::sparse_to_weights(site.shape, shape_, dy, *site.sparse, sums);
      return;
    }
    floating::dense_to_weights(site.shape, shape_, dy, x, sums);
  }
  void kernel_squares(const Site& site, Rows dy, const Real* x, Real* squares) const override {
    floating::dense_squares(site.shape, shape_, dy, x, squares);
  }

 private:
  DenseSizes shape_;
};

template <typename Real>
class ConvLayer final : public WeightedLayer<Real> {
 public:
  using typename TwinLayer<Real>::Rows;
  using typename TwinLayer<Real>::Weights;
  using typename TwinLayer<Real>::Sums;
  using typename TwinLayer<Real>::Site;

  ConvLayer(const Layer& layer, const Shape& in, const Shape& out)
      : WeightedLayer<Real>(layer.kernel, layer.bias, out),
        shape_{image_shape(in), window_shape(layer.window, out[0], out[1]), out[2], layer.groups} {}

  void apply(const Site& site, int, Weights kernel, Rows x, Real* y) const override {
    floating::conv2d_apply(site.shape, shape_, kernel, x, y);
  }
  void to_input(const Site& site, int, Weights kernel, Rows dy, Real* dx) const override {
    floating::conv2d_to_input(site.shape, shape_, kernel, dy, dx);
  }
  void to_kernel(const Site& site, Rows dy, Rows x, Sums sums) const override {
    floating::conv2d_to_weights(site.shape, shape_, dy, x, sums);
  }
  void kernel_squares(const Site& site, Rows dy, const Real* x, Real* squares) const override {
    floating::conv2d_squares(site.shape, shape_, dy, x, squares);
  }

 private:
  ConvShape shape_;
};

template <typename Real>
class TransposedLayer final : public WeightedLayer<Real> {
 public:
  using typename TwinLayer<Real>::Rows;
  using typename TwinLayer<Real>::Weights;
  using typename TwinLayer<Real>::Sums;
  using typename TwinLayer<Real>::Site;

  // The convolution that it transposes reads what the layer puts out.
  TransposedLayer(const Layer& layer, const Shape& in, const Shape& out)
      : WeightedLayer<Real>(layer.kernel, layer.bias, out),
        shape_{image_shape(out), window_shape(layer.window, in[0], in[1]), in[2], 1} {}

  void apply(const Site& site, int, Weights kernel, Rows x, Real* y) const override {
    floating::transposed_apply(site.shape, shape_, kernel, x, y);
  }
  void to_input(const Site& site, int, Weights kernel, Rows dy, Real* dx) const override {
    floating::transposed_to_input(site.shape, shape_, kernel, dy, dx);
  }
  void to_kernel(const Site& site, Rows dy, Rows x, Sums sums) const override {
    floating::transposed_to_weights(site.shape, shape_, dy, x, sums);
  }
  void kernel_squares(const Site& site, Rows dy, const Real* x, Real* squares) const override {
    floating::transposed_squares(site.shape, shape_, dy, x, squares);
  }

 private:
  ConvShape shape_;
};

}  // namespace

template <typename Real>
std::unique_ptr<TwinLayer<Real>> make_sum_layer(const Model& model, int index) {
  const Layer& layer = model.layers()[static_cast<size_t>(index)];
  const Shape& in = model.type(layer.inputs[0]).shape;
  const Shape& out = model.type(index).shape;
  if (layer.kind == LayerKind::dense) return std::make_unique<DenseLayer<Real>>(layer, in, out);
  if (layer.kind == LayerKind::conv2d) return std::make_unique<ConvLayer<Real>>(layer, in, out);
  return std::make_unique<TransposedLayer<Real>>(layer, in, out);
}

template std::unique_ptr<TwinLayer<float>> make_sum_layer(const Model&, int);
template std::unique_ptr<TwinLayer<double>> make_sum_layer(const Model&, int);

}  // namespace netsurf
