// The integer network under construction: layers with their types, parameters shared by name and content.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/model/exactness.h"
#include "engine/model/layer.h"

namespace netsurf::foreign {

class Builder {
 public:
  /// Appends a layer under a name nobody has yet (`name`, or `name_2`, ...) and types it. Throws InputError
  /// with the layer's name when its inputs, shapes or bounds are refused.
  int add(Layer layer);

  /// Appends a parameter, or finds the one with the same name and content: tensors that a file shares stay
  /// one.
  int add(Parameter parameter);

  /// Gives a dense or convolution layer that nobody reads yet its bias. Throws as add.
  void set_bias(int layer, int bias);

  const Layer& layer(int index) const { return layers_[static_cast<size_t>(index)]; }
  const TensorType& type(int index) const { return types_[static_cast<size_t>(index)]; }
  const Parameter& parameter(int index) const { return parameters_[static_cast<size_t>(index)]; }
  bool is_empty() const { return layers_.empty(); }

  struct Network {
    std::vector<Layer> layers;
    std::vector<Parameter> parameters;
  };
  /// What the layer `output` reads, and itself, as the last layer; everything else is dropped.
  Network take(int output) &&;

 private:
  std::string unused(const std::string& name, std::map<std::string, int>& used);
  TensorType infer(const Layer& layer) const;

  std::vector<Layer> layers_;
  std::vector<TensorType> types_;
  std::vector<Parameter> parameters_;
  std::map<std::string, int> layer_names_, parameter_names_;
  std::multimap<std::string, int> parameters_by_name_;  // the file's names
};

}  // namespace netsurf::foreign
