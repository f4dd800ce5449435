// Threshold layers, whose inputs are taken as normal.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "engine/predict/clipped_normal.h"
#include "engine/predict/moment_layer.h"

namespace netsurf {
namespace {

/// Counts the thresholds that the input reaches; they are random too. Of two thresholds the lower one is
/// reached whenever the higher one is, which gives the mean of the squared count.
class ThresholdLayer final : public MomentLayer {
 public:
  ThresholdLayer(const Model& model, int index, const ParameterLaw& law)
      : input_(model.layers()[static_cast<size_t>(index)].inputs[0]) {
    const Layer& layer = model.layers()[static_cast<size_t>(index)];
    const Shape& shape = model.parameters()[static_cast<size_t>(layer.thresholds)].shape;
    const TensorLaw& thresholds = law.tensor(layer.thresholds);
    const double unit = std::ldexp(1.0, -layer.format.frac_bits());
    low_ = layer.low * unit;
    step_ = (layer.high - layer.low) * unit / shape[1];
    for (int row = 0; row < shape[0]; ++row) {
      std::vector<size_t> order(static_cast<size_t>(shape[1]));
      std::iota(order.begin(), order.end(), static_cast<size_t>(row) * order.size());
      std::stable_sort(order.begin(), order.end(),
                       [&](size_t a, size_t b) { return thresholds.mean[a] < thresholds.mean[b]; });
      rows_.emplace_back();
      for (size_t i : order) rows_.back().push_back({thresholds.mean[i], thresholds.variance[i]});
    }
  }

  std::vector<int> inputs() const override { return {input_}; }

  TileMoments run(const MomentTile& tile) const override {
    const TileMoments& x = tile.of(input_);
    TileMoments y(x.mean.size());
    std::vector<double> gains(x.mean.size());
    for (size_t i = 0; i < x.mean.size(); ++i) {
      double count = 0, square = 0, odd = 1;
      for (const auto& [mean, variance] : rows_[i % rows_.size()]) {
        const double total = x.variance[i] + variance, off = x.mean[i] - mean;
        const double chance = chance_above_zero(off, total);
        count += chance;
        square += odd * chance;
        odd += 2;
        if (total > 0)
          gains[i] += step_ * std::exp(-off * off / (2 * total)) / std::sqrt(2 * std::numbers::pi * total);
      }
      y.mean[i] = low_ + step_ * count;
      y.variance[i] = std::max(0.0, step_ * step_ * (square - count * count));
    }
    y.covariance = gained_covariance(x, gains, y.variance, tile.clean.samples);
    for (size_t i = 0; i < gains.size(); ++i) gains[i] *= std::sqrt(x.variance[i]);
    y.tie = x.tie;
    y.correlation = moved_correlation(x, gains, y.variance, tile.clean.samples);
    return y;
  }

 private:
  struct Threshold {
    double mean = 0, variance = 0;
  };

  int input_;
  double low_ = 0, step_ = 1;
  std::vector<std::vector<Threshold>> rows_;  // by channel, or one that stands for all; by rising mean
};

}  // namespace

std::unique_ptr<MomentLayer> make_threshold_moments(const Model& model, int index, const ParameterLaw& law) {
  return std::make_unique<ThresholdLayer>(model, index, law);
}

}  // namespace netsurf
