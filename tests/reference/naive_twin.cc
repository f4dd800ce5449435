#include "tests/reference/naive_twin.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "tests/reference/naive_twin_layers.h"

namespace netsurf::naive {
namespace {

std::vector<Real> real_values(const Tensor& tensor) {
  std::vector<Real> values;
  for (Wide code : tensor.codes) values.push_back(real_value(code, tensor.frac_bits));
  return values;
}

Wide largest_magnitude(const Tensor& tensor) {
  Wide largest = 0;
  for (Wide code : tensor.codes) largest = std::max(largest, code < 0 ? -code : code);
  return largest;
}

}  // namespace

Twin::Twin(const Model& model, const EvaluationSet& set, std::vector<std::vector<int32_t>> codes,
           TwinPlant plant)
    : model_(model), set_(set), codes_(std::move(codes)), plant_(plant), largest_(model.layers().size(), 0) {
  std::vector<std::vector<int32_t>> own;
  for (const Parameter& parameter : model.parameters()) own.push_back(parameter.codes);
  for (int64_t i = 0; i < set.count; ++i) {
    auto sample = std::span(set.codes).subspan(static_cast<size_t>(i * set.sample_size),
                                               static_cast<size_t>(set.sample_size));
    frozen_.push_back(infer(model, codes_, sample));
    for (size_t layer = 0; layer < largest_.size(); ++layer)
      largest_[layer] = std::max(largest_[layer], largest_magnitude(frozen_.back()[layer]));
    std::vector<Tensor> clean = infer(model, own, sample);
    own_outputs_.push_back(real_values(scored(clean)));
    for (Real& value : own_outputs_.back()) value *= static_cast<Real>(scored(clean).unit);
  }
}

Displacement Twin::no_displacement() const {
  Displacement moved;
  for (const Parameter& parameter : model_.parameters()) moved.emplace_back(parameter.codes.size(), Real{0});
  return moved;
}

std::vector<Sized> Twin::outputs(int64_t sample, const Displacement& moved) const {
  const Context context{model_, codes_, Plant::none};
  std::vector<std::vector<Sized>> weights;
  for (size_t p = 0; p < moved.size(); ++p) {
    Stored stored = context.stored(static_cast<int>(p));
    weights.emplace_back();
    for (size_t element = 0; element < moved[p].size(); ++element) {
      Real frozen = real_value(stored.at(static_cast<int64_t>(element)), stored.frac_bits());
      weights.back().push_back(Sized(frozen) + moved[p][element]);
    }
  }
  const std::vector<Tensor>& frozen = frozen_[static_cast<size_t>(sample)];
  std::vector<SizedTensor> tensors;
  tensors.reserve(frozen.size());
  for (const Layer& layer : model_.layers()) {
    const Tensor& y0 = frozen[tensors.size()];
    if (layer.kind == LayerKind::input) {
      std::vector<Real> values = real_values(y0);
      tensors.push_back({y0.shape, {values.begin(), values.end()}});
      continue;
    }
    std::vector<const SizedTensor*> in;
    for (int input : layer.inputs) in.push_back(&tensors[static_cast<size_t>(input)]);
    auto first = static_cast<size_t>(layer.inputs[0]);
    tensors.push_back(
        twin_layer({layer, in, frozen[first], y0, weights, moved, context, largest_[first], plant_}));
  }
  std::vector<Sized> values = tensors.back().values;
  Real unit = plant_ == TwinPlant::unit_ignored ? 1 : static_cast<Real>(model_.layers().back().unit);
  for (Sized& value : values) value = value * unit;
  return values;
}

Sized Twin::loss(int64_t sample, const Displacement& moved) const {
  const std::vector<Sized> z = outputs(sample, moved);
  if (set_.task == Task::classification) {
    Real largest = z[0].value, size = 0, sum = 0;
    for (const Sized& each : z) {
      largest = std::max(largest, each.value);
      size = std::max(size, each.size);
    }
    for (const Sized& each : z) sum += std::exp(each.value - largest);
    const Sized& right = z[static_cast<size_t>(set_.labels[static_cast<size_t>(sample)])];
    return {std::log(sum) + (largest - right.value), std::log(sum) + 2 * size};
  }
  Sized sum;
  for (size_t k = 0; k < z.size(); ++k) {
    Real answer = set_.task == Task::comparison
                      ? own_outputs_[static_cast<size_t>(sample)][k]
                      : static_cast<Real>(set_.targets[static_cast<size_t>(sample) * z.size() + k]);
    // A square is off by twice its root times what the root is off by, and by that squared: next to nothing.
    Sized error = z[k] - answer;
    Real size = 2 * std::fabs(error.value) * error.size + 1e-15L * error.size * error.size;
    sum += Sized(error.value * error.value, size);
  }
  return sum * (1 / static_cast<Real>(z.size()));
}

Sized Twin::mean_loss(const Displacement& moved) const {
  Sized sum;
  for (int64_t sample = 0; sample < set_.count; ++sample) sum += loss(sample, moved);
  return sum * (1 / static_cast<Real>(set_.count));
}

}  // namespace netsurf::naive
