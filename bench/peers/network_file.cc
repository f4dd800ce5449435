#include "bench/peers/network_file.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace netsurf::peers {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;

Format read_format(const Json& json) {
  return {json.at(0).get<int>(), json.at(1).get<int>(), json.at(2).get<int>() != 0};
}

int add_parameter(const Json& json, std::vector<Parameter>& parameters) {
  Parameter parameter;
  parameter.name = "parameter " + std::to_string(parameters.size());
  parameter.shape = json.at("shape").get<Shape>();
  parameter.format = read_format(json.at("format"));
  parameter.codes = json.at("codes").get<std::vector<int32_t>>();
  parameters.push_back(std::move(parameter));
  return static_cast<int>(parameters.size()) - 1;
}

/// A layer that reads the one before it; convolutions have no padding and steps of one.
Layer read_layer(const Json& json, std::vector<Parameter>& parameters) {
  auto kind = json.at("kind").get<std::string>();
  Layer layer;
  if (kind == "dense" || kind == "conv2d") {
    layer.kind = kind == "dense" ? LayerKind::dense : LayerKind::conv2d;
    layer.kernel = add_parameter(json.at("kernel"), parameters);
    layer.bias = add_parameter(json.at("bias"), parameters);
    const Shape& shape = parameters[static_cast<size_t>(layer.kernel)].shape;
    if (layer.kind == LayerKind::conv2d) layer.window = {.height = shape.at(1), .width = shape.at(2)};
  } else if (kind == "relu") {
    layer.kind = LayerKind::activation;
    layer.function = ActivationFunction::relu;
    layer.format = read_format(json.at("format"));
  } else if (kind == "max_pool") {
    int size = json.at("size").get<int>();
    layer.kind = LayerKind::max_pool;
    layer.window = {.height = size, .width = size, .stride_y = size, .stride_x = size};
  } else if (kind == "flatten") {
    layer.kind = LayerKind::flatten;
  } else {
    throw InputError("unknown kind of layer \"" + kind + "\"");
  }
  return layer;
}

}  // namespace

Model read_network(const std::filesystem::path& file) {
  std::vector<Layer> layers(1);
  std::vector<Parameter> parameters;
  try {
    Json json = Json::parse(read_file(file, kMaxFileBytes));
    layers[0].shape = json.at("input").at("shape").get<Shape>();
    layers[0].format = read_format(json.at("input").at("format"));
    for (const Json& each : json.at("layers")) {
      layers.push_back(read_layer(each, parameters));
      layers.back().inputs = {static_cast<int>(layers.size()) - 2};
    }
  } catch (const Json::exception& error) {
    throw FormatError(file.string() + ": " + error.what());
  }
  for (size_t i = 0; i < layers.size(); ++i) layers[i].name = "layer " + std::to_string(i);
  return Model::build(file.stem().string(), std::move(layers), std::move(parameters));
}

EvaluationSet read_samples(const Model& model, const std::filesystem::path& inputs,
                           const std::filesystem::path& labels) {
  EvaluationSet set;
  std::string codes = read_file(inputs, kMaxFileBytes), answers = read_file(labels, kMaxFileBytes);
  set.sample_size = model.type(0).elements();
  set.count = static_cast<int64_t>(answers.size());
  if (codes.size() != answers.size() * static_cast<size_t>(set.sample_size)) {
    throw InputError(inputs.string() + " holds " + std::to_string(codes.size()) + " codes; expected " +
                     std::to_string(answers.size()) + " samples of " + std::to_string(set.sample_size));
  }
  set.codes.reserve(codes.size());
  for (char code : codes) {
    set.codes.push_back(model.input().format.is_signed ? static_cast<signed char>(code)
                                                       : static_cast<unsigned char>(code));
  }
  for (char answer : answers) set.labels.push_back(static_cast<unsigned char>(answer));
  return set;
}

}  // namespace netsurf::peers
