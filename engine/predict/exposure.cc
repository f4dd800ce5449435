#include "engine/predict/exposure.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace netsurf {

CleanChances clean_chances(const Model& model, const ParameterLaw& law) {
  std::vector<std::set<int>> parameters;  // by layer: all it depends on
  std::vector<double> element;            // logarithms
  CleanChances chances;
  for (int i = 0; i < static_cast<int>(model.layers().size()); ++i) {
    const Layer& layer = model.layers()[static_cast<size_t>(i)];
    std::set<int> own;
    for (int parameter : {layer.kernel, layer.bias, layer.scale, layer.shift, layer.thresholds}) {
      if (parameter >= 0) own.insert(parameter);
    }
    std::set<int> all = own;
    double inputs = 0;
    for (int input : layer.inputs) {
      const auto at = static_cast<size_t>(input);
      all.insert(parameters[at].begin(), parameters[at].end());
      inputs += element[at];
    }
    const auto sum = [&](const std::set<int>& some) {
      double total = 0;
      for (int parameter : some) total += law.log_clean(parameter);
      return total;
    };
    // One output of a sum reads all channels of its input, but only its own share of the weights.
    if (layer.kernel >= 0) inputs = std::log(chances.whole[static_cast<size_t>(layer.inputs[0])]);
    const double channels = model.type(i).shape.back();
    element.push_back(inputs + (own.empty() ? 0 : sum(own) / channels));
    chances.element.push_back(std::exp(element.back()));
    chances.whole.push_back(std::exp(sum(all)));
    parameters.push_back(std::move(all));
  }
  return chances;
}

OtherCases without_clean(double mean, double variance, double clean, double chance) {
  const double other = 1 - chance;
  const double off = (mean - clean) / other;
  const double square = (variance + (mean - clean) * (mean - clean)) / other;
  return {clean + off, std::max(0.0, square - off * off)};
}

TileMoments without_clean(const TileMoments& moments, const std::vector<double>& clean, double chance,
                          int samples) {
  TileMoments others = moments;
  std::vector<double> off(clean.size());
  for (size_t i = 0; i < clean.size(); ++i) {
    const OtherCases one = without_clean(moments.mean[i], moments.variance[i], clean[i], chance);
    others.mean[i] = one.mean;
    others.variance[i] = one.variance;
    off[i] = one.mean - clean[i];
  }
  if (others.covariance.empty()) return others;
  const size_t size = clean.size() / static_cast<size_t>(samples);
  for (size_t i = 0; i < clean.size(); ++i) {
    const size_t first = i / size * size;
    for (size_t j = 0; j < size; ++j) {
      double& cell = others.covariance[i * size + j];
      // E (x - x0)(y - y0) / (1 - chance) - off_x off_y
      cell = first + j == i ? others.variance[i] : cell / (1 - chance) - chance * off[i] * off[first + j];
    }
  }
  return others;
}

}  // namespace netsurf
