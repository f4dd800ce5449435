// One layer of the float twin: a map that is linear in its input, and linear in its weights. A gradient and
// an exact Hessian-vector product are made of the same few uses of it. Every function adds to its result;
// what lanes are is in kernels/floating/lanes.h.
#pragma once

#include <memory>

#include "engine/gradient/frozen_tile.h"
#include "kernels/floating/lanes.h"

namespace netsurf {

/// Where a layer is used: how many samples and lanes, and what it holds still for the first of these samples.
template <typename Real>
struct LayerSite {
  floating::LaneShape shape;
  const Real* slopes = nullptr;
  const int32_t* places = nullptr;
  const floating::SparseMatrix<Real>* sparse = nullptr;  // the values of its first input, if most are zero
};

template <typename Real>
class TwinLayer {
 public:
  using Rows = floating::RowsOf<Real>;
  using Weights = floating::WeightsOf<Real>;
  using Sums = floating::WeightSums<Real>;
  using Site = LayerSite<Real>;

  virtual ~TwinLayer() = default;

  /// The parameter that multiplies the input, and the one that is added; -1 for none.
  virtual int kernel() const { return -1; }
  virtual int shift() const { return -1; }

  /// y [samples, lanes, elements] += the kernel applied to input number `input`. Layers without a kernel do
  /// not read it.
  virtual void apply(const Site& site, int input, Weights kernel, Rows x, Real* y) const = 0;
  /// dx += the transpose of apply.
  virtual void to_input(const Site& site, int input, Weights kernel, Rows dy, Real* dx) const = 0;

  /// Of layers with a kernel: its gradient from dy and x, and the sum of that gradient's squares over samples
  /// and lanes.
  virtual void to_kernel(const Site& /*site*/, Rows /*dy*/, Rows /*x*/, Sums /*sums*/) const {}
  virtual void kernel_squares(const Site& /*site*/, Rows /*dy*/, const Real* /*x*/, Real* /*squares*/) const {
  }

  /// Of layers with a shift: y += what it adds, its gradient, and that gradient's squares.
  virtual void apply_shift(const Site& /*site*/, Weights /*shift*/, Real* /*y*/) const {}
  virtual void to_shift(const Site& /*site*/, Rows /*dy*/, Sums /*sums*/) const {}
  virtual void shift_squares(const Site& /*site*/, Rows /*dy*/, Real* /*squares*/) const {}

  /// Whether the values at the frozen point, x0 and y0, are apply and apply_shift of the frozen weights.
  /// Where they are not, the twin is y0 + apply(x - x0) + apply_shift(change of the shift).
  virtual bool holds_residual() const { return false; }
};

/// The twin of layer `index`; null for one that only passes its input's codes on, and for the input.
template <typename Real>
std::unique_ptr<TwinLayer<Real>> make_twin_layer(const Model& model, int index);

/// For make_twin_layer, by family.
template <typename Real>
std::unique_ptr<TwinLayer<Real>> make_sum_layer(const Model& model, int index);
template <typename Real>
std::unique_ptr<TwinLayer<Real>> make_affine_layer(const Model& model, int index);
template <typename Real>
std::unique_ptr<TwinLayer<Real>> make_slope_layer(const Model& model, int index);
template <typename Real>
std::unique_ptr<TwinLayer<Real>> make_window_layer(const Model& model, int index);
template <typename Real>
std::unique_ptr<TwinLayer<Real>> make_join_layer(const Model& model, int index);

}  // namespace netsurf
