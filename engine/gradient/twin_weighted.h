// What the twins of dense, conv2d, conv2d_transpose and affine layers have in common: a parameter that
// multiplies the input, and perhaps one that is added to every channel of the output.
#pragma once

#include "engine/gradient/twin_layer.h"
#include "kernels/floating/bilinear.h"

namespace netsurf {

template <typename Real>
class WeightedLayer : public TwinLayer<Real> {
 public:
  using typename TwinLayer<Real>::Rows;
  using typename TwinLayer<Real>::Weights;
  using typename TwinLayer<Real>::Sums;
  using typename TwinLayer<Real>::Site;

  /// The parameters' places; `out` is the output's shape.
  WeightedLayer(int kernel, int shift, const Shape& out) : kernel_(kernel), shift_(shift) {
    outputs_.channels = out.back();
    outputs_.pixels = static_cast<int>(netsurf::num_elements(out)) / out.back();
  }

  int kernel() const override { return kernel_; }
  int shift() const override { return shift_; }

  void apply_shift(const Site& site, Weights shift, Real* y) const override {
    floating::shift_apply(site.shape, outputs_, shift, y);
  }
  void to_shift(const Site& site, Rows dy, Sums sums) const override {
    floating::shift_to_weights(site.shape, outputs_, dy, sums);
  }
  void shift_squares(const Site& site, Rows dy, Real* squares) const override {
    floating::shift_squares(site.shape, outputs_, dy, squares);
  }

 protected:
  const floating::ChannelShape& outputs() const { return outputs_; }

 private:
  int kernel_, shift_;
  floating::ChannelShape outputs_;
};

}  // namespace netsurf
