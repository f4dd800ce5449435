#include "engine/predict/weighted_moments.h"

#include <algorithm>

namespace netsurf {
namespace {

std::vector<double> squares_of(const std::vector<double>& numbers) {
  std::vector<double> result = numbers;
  for (double& each : result) each *= each;
  return result;
}

}  // namespace

WeightedMoments::WeightedMoments(const Model& model, int index, const ParameterLaw& law)
    : input_(model.layers()[static_cast<size_t>(index)].inputs[0]),
      size_(model.type(index).elements()),
      in_size_(model.type(input_).elements()),
      map_(make_twin_layer<double>(model, index)),
      kernel_(law.tensor(map_->kernel())),
      shift_(map_->shift() < 0 ? nullptr : &law.tensor(map_->shift())),
      has_faults_(std::any_of(kernel_.variance.begin(), kernel_.variance.end(),
                              [](double each) { return each > 0; })),
      squared_kernel_(squares_of(kernel_.mean)) {}

TileMoments WeightedMoments::run(const MomentTile& tile) const {
  TileMoments y = own(tile);
  if (!is_still(tile.of(input_))) spread(tile.of(input_), tile.clean.samples, y);
  return y;
}

TileMoments WeightedMoments::own(const MomentTile& tile) const {
  const TileMoments& x = tile.of(input_);
  const int samples = tile.clean.samples;
  TileMoments y(static_cast<size_t>(samples * size_));
  apply(samples, kernel_.mean, x.mean, y.mean);
  if (has_faults_) {
    std::vector<double> square = squares_of(x.mean);
    for (size_t i = 0; i < square.size(); ++i) square[i] += x.variance[i];
    apply(samples, kernel_.variance, square, y.variance);
  }
  if (shift_ != nullptr) {
    const LayerSite<double> site{{.samples = samples, .lanes = 1}, nullptr, nullptr};
    map_->apply_shift(site, {shift_->mean.data(), 0}, y.mean.data());
    map_->apply_shift(site, {shift_->variance.data(), 0}, y.variance.data());
  }
  return y;
}

void WeightedMoments::spread(const TileMoments& x, int samples, TileMoments& y) const {
  apply(samples, squared_kernel_, x.variance, y.variance);
}

void WeightedMoments::apply(int samples, const std::vector<double>& kernel, const std::vector<double>& x,
                            std::vector<double>& y) const {
  const LayerSite<double> site{{.samples = samples, .lanes = 1}, nullptr, nullptr};
  map_->apply(site, 0, {kernel.data(), 0}, {x.data(), false}, y.data());
}

}  // namespace netsurf
