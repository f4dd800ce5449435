#include "models/foreign/builder.h"

#include "engine/base/error.h"
#include "engine/model/canonical.h"

namespace netsurf::foreign {
std::string Builder::unused(const std::string& name, std::map<std::string, int>& used) {
  std::string wanted = name.empty() ? "unnamed" : name;
  int& count = used[wanted];
  ++count;
  if (count == 1) return wanted;
  return unused(wanted + "_" + std::to_string(count), used);
}

TensorType Builder::infer(const Layer& layer) const {
  std::vector<const TensorType*> inputs;
  for (int input : layer.inputs) inputs.push_back(&types_[static_cast<size_t>(input)]);
  return infer_type(layer, inputs, parameters_);
}

int Builder::add(Layer layer) {
  if (layers_.size() >= kMaxModelLayers) {
    throw InputError("layer \"" + layer.name + "\": the network has more than " +
                     std::to_string(kMaxModelLayers) + " layers");
  }
  types_.push_back(infer(layer));
  layer.name = unused(layer.name, layer_names_);
  layers_.push_back(std::move(layer));
  return static_cast<int>(layers_.size()) - 1;
}

int Builder::add(Parameter parameter) {
  auto [first, last] = parameters_by_name_.equal_range(parameter.name);
  for (auto it = first; it != last; ++it) {
    const Parameter& other = parameters_[static_cast<size_t>(it->second)];
    bool same = other.shape == parameter.shape && other.format == parameter.format &&
                other.codes == parameter.codes && other.zero_point == parameter.zero_point &&
                other.bipolar == parameter.bipolar && other.constant == parameter.constant;
    if (same) return it->second;
  }
  auto index = static_cast<int>(parameters_.size());
  parameters_by_name_.emplace(parameter.name, index);
  parameter.name = unused(parameter.name, parameter_names_);
  parameters_.push_back(std::move(parameter));
  return index;
}

void Builder::set_bias(int index, int bias) {
  Layer& layer = layers_[static_cast<size_t>(index)];
  layer.bias = bias;
  types_[static_cast<size_t>(index)] = infer(layer);
}

Builder::Network Builder::take(int output) && {
  std::vector<bool> used(layers_.size(), false), used_parameter(parameters_.size(), false);
  used[static_cast<size_t>(output)] = true;
  for (size_t i = layers_.size(); i-- > 0;) {
    if (!used[i]) continue;
    for (int input : layers_[i].inputs) used[static_cast<size_t>(input)] = true;
    for (int p : parameter_roles(layers_[i])) {
      if (p >= 0) used_parameter[static_cast<size_t>(p)] = true;
    }
  }
  Network network;
  std::vector<int> place(layers_.size()), parameter_place(parameters_.size());
  for (size_t i = 0; i < parameters_.size(); ++i) {
    parameter_place[i] = static_cast<int>(network.parameters.size());
    if (used_parameter[i]) network.parameters.push_back(std::move(parameters_[i]));
  }
  for (size_t i = 0; i < layers_.size(); ++i) {
    place[i] = static_cast<int>(network.layers.size());
    if (!used[i]) continue;
    Layer& layer = layers_[i];
    for (int& input : layer.inputs) input = place[static_cast<size_t>(input)];
    for (int* p : {&layer.kernel, &layer.bias, &layer.scale, &layer.shift, &layer.thresholds}) {
      if (*p >= 0) *p = parameter_place[static_cast<size_t>(*p)];
    }
    network.layers.push_back(std::move(layer));
  }
  return network;
}

}  // namespace netsurf::foreign
