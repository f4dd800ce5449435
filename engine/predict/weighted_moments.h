// Sums of products of random weights and random inputs, all independent: with E w = W, Var w = V,
//   E y = W E x + E b,   Var y = W Cov(x) W^T + diag(V (E x)^2 + V Var x + Var b).
#pragma once

#include <memory>
#include <vector>

#include "engine/gradient/twin_layer.h"
#include "engine/predict/moment_layer.h"

namespace netsurf {

class WeightedMoments : public MomentLayer {
 public:
  WeightedMoments(const Model& model, int index, const ParameterLaw& law);

  std::vector<int> inputs() const override { return {input_}; }
  TileMoments run(const MomentTile& tile) const override;

 protected:
  /// All but W Cov(x) W^T.
  TileMoments own(const MomentTile& tile) const;
  /// Adds W Cov(x) W^T to y: to its variance, and as a covariance where it has one.
  virtual void spread(const TileMoments& x, int samples, TileMoments& y) const;

  /// y += kernel x.
  void apply(int samples, const std::vector<double>& kernel, const std::vector<double>& x,
             std::vector<double>& y) const;

  int input_;
  int64_t size_, in_size_;
  std::unique_ptr<TwinLayer<double>> map_;
  const TensorLaw& kernel_;
  const TensorLaw* shift_;  // null without one
  bool has_faults_;         // in the kernel
  std::vector<double> squared_kernel_;
};

}  // namespace netsurf
