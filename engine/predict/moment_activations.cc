// Activations, whose inputs are taken as normal once the cases of the affine layer before them are apart:
// these are mixed after the saturation, not before.
#include <algorithm>
#include <cmath>

#include "engine/predict/channel_function.h"
#include "engine/predict/moment_layer.h"

namespace netsurf {
namespace {

class ActivationLayer final : public MomentLayer {
 public:
  ActivationLayer(const Model& model, int index, const ParameterLaw& law) : activation_(model, index, law) {}

  std::vector<int> inputs() const override { return {activation_.source()}; }

  TileMoments run(const MomentTile& tile) const override {
    const TileMoments& x = tile.of(activation_.source());
    const Clean clean{tile.clean_values(activation_.source()), tile.clean_values(activation_.input()),
                      tile.clean_values(activation_.index())};
    const double clean_chance = tile.chances.element[static_cast<size_t>(activation_.source())];
    const size_t size = x.mean.size(), channels = activation_.num_channels();
    TileMoments y(size);
    std::vector<double> gains(size), between(size);
    for (size_t i = 0; i < size; ++i) {
      const size_t before = i - channels;
      if (i >= channels && x.mean[i] == x.mean[before] && x.variance[i] == x.variance[before] &&
          clean.source[i] == clean.source[before]) {  // the blank parts of images
        y.mean[i] = y.mean[before];
        y.variance[i] = y.variance[before];
        gains[i] = gains[before];
        between[i] = between[before];
        continue;
      }
      const OutputMoments moments = mix(x.mean[i], x.variance[i], clean, i, clean_chance);
      y.mean[i] = moments.mean;
      y.variance[i] = moments.variance;
      gains[i] = moments.gain;
      between[i] = moments.between;
    }
    y.tie = mixed_tie(x, between, y.variance, tile.clean.samples);
    y.covariance = gained_covariance(x, gains, y.variance, tile.clean.samples);
    for (size_t i = 0; i < size; ++i) gains[i] *= std::sqrt(x.variance[i]);
    y.correlation = moved_correlation(x, gains, y.variance, tile.clean.samples);
    return y;
  }

 private:
  /// Values without faults: of what the affine layer reads, of what the activation reads, and of its own.
  struct Clean {
    const std::vector<double>&source, &input, &output;
  };

  OutputMoments through(const AffineCase& one, const NormalInput& x) const {
    OutputMoments moments = activation_.function()(x.mean, x.variance);
    moments.gain *= one.scale;
    return moments;
  }

  OutputMoments mix(double mean, double variance, const Clean& clean, size_t i, double clean_chance) const {
    const AffineLaw& law = activation_.channel(i);
    const ActivationMoments& function = activation_.function();
    OutputMoments sum;
    double square = 0, within = 0;
    const auto add = [&](double chance, const OutputMoments& part) {
      sum.mean += chance * part.mean;
      within += chance * part.variance;
      square += chance * (part.variance + part.mean * part.mean);
      sum.gain += chance * part.gain;
    };
    // No enumerated bit flips: most often because nothing at all does.
    const AffineCase& usual = law.cases.front();
    const double same = clean_chance * law.rest_clean;
    const double x0 = clean.input[i], y0 = clean.output[i];
    if (same > 0) add(usual.chance * same, {y0, 0, usual.scale * function(x0, 0).gain});
    if (same < 1) {
      const OtherCases other = without_clean(mean, variance, clean.source[i], same);
      const NormalInput x = ChannelFunction::through(law, usual, other.mean, other.variance, 1 / (1 - same));
      OutputMoments part = through(usual, x);
      part.mean += kept_rounding(x.variance, function.step()) * (y0 - function(x0, 0).mean);
      add(usual.chance * (1 - same), part);
    }
    for (size_t k = 1; k < law.cases.size(); ++k) {
      const AffineCase& one = law.cases[k];
      add(one.chance, through(one, ChannelFunction::through(law, one, mean, variance)));
    }
    sum.variance = std::max(0.0, square - sum.mean * sum.mean);
    sum.between = std::max(0.0, sum.variance - within);
    return sum;
  }

  ChannelFunction activation_;
};

}  // namespace

std::unique_ptr<MomentLayer> make_activation_moments(const Model& model, int index, const ParameterLaw& law) {
  return std::make_unique<ActivationLayer>(model, index, law);
}

}  // namespace netsurf
