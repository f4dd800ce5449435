// The twins of pools and of upsampling.
#include "engine/gradient/twin_windows.h"

#include "engine/gradient/twin_layer.h"
#include "kernels/floating/linear.h"

namespace netsurf {
namespace {

template <typename Real>
class MaxPoolLayer final : public TwinLayer<Real> {
 public:
  using typename TwinLayer<Real>::Rows;
  using typename TwinLayer<Real>::Weights;
  using typename TwinLayer<Real>::Site;

  MaxPoolLayer(int64_t in_size, int64_t out_size) : in_size_(in_size), out_size_(out_size) {}

  void apply(const Site& site, int, Weights, Rows x, Real* y) const override {
    floating::choice_apply(site.shape, in_size_, out_size_, site.places, x.data, y);
  }
  void to_input(const Site& site, int, Weights, Rows dy, Real* dx) const override {
    floating::choice_transpose(site.shape, in_size_, out_size_, site.places, dy.data, dx);
  }

 private:
  int64_t in_size_, out_size_;
};

template <typename Real>
class SumPoolLayer final : public TwinLayer<Real> {
 public:
  using typename TwinLayer<Real>::Rows;
  using typename TwinLayer<Real>::Weights;
  using typename TwinLayer<Real>::Site;

  SumPoolLayer(const floating::ImageShape& in, const floating::WindowShape& window, bool averages)
      : in_(in), window_(window), averages_(averages) {}

  void apply(const Site& site, int, Weights, Rows x, Real* y) const override {
    floating::window_sum_apply(site.shape, in_, window_, averages_, x.data, y);
  }
  void to_input(const Site& site, int, Weights, Rows dy, Real* dx) const override {
    floating::window_sum_transpose(site.shape, in_, window_, averages_, dy.data, dx);
  }
  bool holds_residual() const override { return averages_; }

 private:
  floating::ImageShape in_;
  floating::WindowShape window_;
  bool averages_;
};

template <typename Real>
class UpsampleLayer final : public TwinLayer<Real> {
 public:
  using typename TwinLayer<Real>::Rows;
  using typename TwinLayer<Real>::Weights;
  using typename TwinLayer<Real>::Site;

  UpsampleLayer(const floating::ImageShape& in, const Window& window)
      : in_(in), height_(window.height), width_(window.width) {}

  void apply(const Site& site, int, Weights, Rows x, Real* y) const override {
    floating::upsample_apply(site.shape, in_, height_, width_, x.data, y);
  }
  void to_input(const Site& site, int, Weights, Rows dy, Real* dx) const override {
    floating::upsample_transpose(site.shape, in_, height_, width_, dy.data, dx);
  }

 private:
  floating::ImageShape in_;
  int height_, width_;
};

}  // namespace

template <typename Real>
std::unique_ptr<TwinLayer<Real>> make_window_layer(const Model& model, int index) {
  const Layer& layer = model.layers()[static_cast<size_t>(index)];
  const TensorType& in = model.type(layer.inputs[0]);
  const TensorType& out = model.type(index);
  if (layer.kind == LayerKind::max_pool)
    return std::make_unique<MaxPoolLayer<Real>>(in.elements(), out.elements());
  const floating::ImageShape image = image_shape(in.shape);
  if (layer.kind == LayerKind::upsample) return std::make_unique<UpsampleLayer<Real>>(image, layer.window);
  if (layer.kind == LayerKind::global_average_pool) {
    const floating::WindowShape whole{.height = image.height, .width = image.width};
    return std::make_unique<SumPoolLayer<Real>>(image, whole, true);
  }
  return std::make_unique<SumPoolLayer<Real>>(image, window_shape(layer.window, out.shape[0], out.shape[1]),
                                              layer.kind == LayerKind::average_pool);
}

template std::unique_ptr<TwinLayer<float>> make_window_layer(const Model&, int);
template std::unique_ptr<TwinLayer<double>> make_window_layer(const Model&, int);

}  // namespace netsurf
