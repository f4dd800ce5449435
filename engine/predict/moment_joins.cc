// Layers without parameters that are linear: sums and means over windows, upsampling, joins.
#include <cmath>

#include "engine/gradient/twin_layer.h"
#include "engine/gradient/twin_windows.h"
#include "engine/predict/moment_layer.h"
#include "kernels/floating/linear.h"

namespace netsurf {
namespace {

/// What is common to the layers that a twin map describes.
class MappedMoments : public MomentLayer {
 public:
  MappedMoments(const Model& model, int index)
      : inputs_(model.layers()[static_cast<size_t>(index)].inputs),
        index_(index),
        size_(model.type(index).elements()),
        step_(std::ldexp(1.0, -model.type(index).frac_bits)),
        map_(make_twin_layer<double>(model, index)) {}

  std::vector<int> inputs() const override { return inputs_; }

 protected:
  std::vector<double> apply(int samples, int input, const std::vector<double>& x) const {
    std::vector<double> y(static_cast<size_t>(samples * size_));
    add(samples, input, x, y);
    return y;
  }
  void add(int samples, int input, const std::vector<double>& x, std::vector<double>& y) const {
    const LayerSite<double> site{{.samples = samples, .lanes = 1}, nullptr, nullptr};
    map_->apply(site, input, {}, {x.data(), false}, y.data());
  }

  std::vector<int> inputs_;
  int index_;
  int64_t size_;
  double step_;
  std::unique_ptr<TwinLayer<double>> map_;
};

/// Sums of inputs that are taken as independent of each other.
class JoinMoments final : public MappedMoments {
 public:
  using MappedMoments::MappedMoments;

  TileMoments run(const MomentTile& tile) const override {
    const int samples = tile.clean.samples;
    const auto whole = static_cast<size_t>(samples * size_);
    TileMoments y(whole);
    for (size_t i = 0; i < inputs_.size(); ++i) {
      add(samples, static_cast<int>(i), tile.of(inputs_[i]).mean, y.mean);
      add(samples, static_cast<int>(i), tile.of(inputs_[i]).variance, y.variance);
    }
    return y;
  }
};

/// Sums and means over pixels of one channel, and upsampling. What pixels have in common adds up as standard
/// deviations do, the rest as variances do.
class WindowMoments final : public MappedMoments {
 public:
  WindowMoments(const Model& model, int index)
      : MappedMoments(model, index), channels_(static_cast<size_t>(model.type(index).shape.back())) {
    const Layer& layer = model.layers()[static_cast<size_t>(index)];
    share_.assign(static_cast<size_t>(size_), 1.0);
    if (!map_->holds_residual()) return;
    // A mean divides by its pixels once where a variance is divided twice.
    const Shape& in = model.type(inputs_[0]).shape;
    const Shape& out = model.type(index).shape;
    const std::vector<double> ones(static_cast<size_t>(num_elements(in)), 1.0);
    std::vector<double> counts(share_.size());
    const floating::WindowShape window = layer.kind == LayerKind::average_pool
                                             ? window_shape(layer.window, out[0], out[1])
                                             : floating::WindowShape{.height = in[0], .width = in[1]};
    floating::window_sum_apply<double>({.samples = 1, .lanes = 1}, image_shape(in), window, false,
                                       ones.data(), counts.data());
    for (size_t i = 0; i < counts.size(); ++i) share_[i] = 1 / counts[i];
  }

  TileMoments run(const MomentTile& tile) const override {
    const int samples = tile.clean.samples;
    const TileMoments& x = tile.of(inputs_[0]);
    std::vector<double> common(x.variance.size()), own(x.variance.size());
    for (size_t i = 0; i < common.size(); ++i) {
      const double tie = tie_of(x, i, common.size() / static_cast<size_t>(samples), channels_);
      common[i] = std::sqrt(tie * x.variance[i]);
      own[i] = (1 - tie) * x.variance[i];
    }
    TileMoments y;
    y.mean = apply(samples, 0, x.mean);
    y.variance = apply(samples, 0, common);
    for (double& each : y.variance) each *= each;
    const std::vector<double> tied = y.variance, parts = apply(samples, 0, own);
    for (size_t i = 0; i < parts.size(); ++i) y.variance[i] += parts[i] * share_[i % share_.size()];
    TileMoments rest;
    rest.tie.assign(x.tie.size(), 0.0);
    y.tie = mixed_tie(rest, tied, y.variance, samples);
    y.correlation = x.correlation;
    if (!map_->holds_residual()) return y;
    const std::vector<double> unrounded = apply(samples, 0, tile.clean_values(inputs_[0]));
    const std::vector<double>& rounded = tile.clean_values(index_);
    for (size_t i = 0; i < y.mean.size(); ++i) {
      y.mean[i] += kept_rounding(y.variance[i], step_) * (rounded[i] - unrounded[i]);
    }
    return y;
  }

 private:
  size_t channels_;
  std::vector<double> share_;  // [size]: one over the pixels that a mean is of; else 1
};

}  // namespace

std::unique_ptr<MomentLayer> make_window_moments(const Model& model, int index) {
  return std::make_unique<WindowMoments>(model, index);
}

std::unique_ptr<MomentLayer> make_join_moments(const Model& model, int index) {
  return std::make_unique<JoinMoments>(model, index);
}

}  // namespace netsurf
