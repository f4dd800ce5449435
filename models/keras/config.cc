#include "models/keras/config.h"

#include <algorithm>
#include <map>

#include "engine/base/error.h"
#include "models/keras/wiring.h"

namespace netsurf::keras {
namespace {

constexpr size_t kMaxText = size_t{64} << 20;
constexpr int kMaxJsonDepth = 100;
constexpr int kMaxModelDepth = 16;
constexpr size_t kMaxLayers = 10000;

bool is_model_class(std::string_view name) {
  return name == "Sequential" || name == "Functional" || name == "Model";
}

bool is_pruning_wrapper(std::string_view name) { return name.starts_with("PruneLowMagnitude"); }

ModelConfig read_model(const Json& json, int depth);

LayerConfig read_layer(const Json& json, int depth) {
  Attributes outer(json, "a layer");
  LayerConfig layer;
  layer.class_name = outer.text("class_name");
  const Json* config = outer.find("config");
  if (config == nullptr) outer.fail("config", "of a " + quote(layer.class_name) + " is missing");
  if (is_model_class(layer.class_name)) {
    layer.model = std::make_shared<ModelConfig>(read_model(json, depth + 1));
    layer.name = outer.text("name", layer.model->name);
    return layer;
  }
  Attributes inner(*config, "a " + quote(layer.class_name) + " layer");
  layer.name = outer.text("name", inner.text("name", ""));
  if (is_pruning_wrapper(layer.class_name)) {
    const Json* wrapped = inner.find("layer");
    if (wrapped == nullptr) inner.fail("layer", "is missing");
    if (depth >= kMaxModelDepth) inner.fail("layer", "is nested too deep");
    std::string wrapper = layer.name, wrapper_class = layer.class_name;
    layer = read_layer(*wrapped, depth + 1);
    if (layer.model || !layer.wrapper.empty())
      inner.fail("layer", "is a model or a wrapper, expected a plain layer");
    layer.wrapper = wrapper;
    layer.wrapper_class = wrapper_class;
  } else {
    layer.config = *config;
  }
  if (layer.name.empty()) inner.fail("name", "is missing");
  if (const Json* build = outer.find("build_config")) layer.build_config = *build;
  return layer;
}

ModelConfig read_model(const Json& json, int depth) {
  if (depth > kMaxModelDepth)
    throw FormatError("models are nested deeper than " + std::to_string(kMaxModelDepth));
  Attributes outer(json, "the model");
  ModelConfig model;
  std::string class_name = outer.text("class_name");
  if (!is_model_class(class_name)) {
    outer.fail("class_name", "is " + quote(class_name) + ", expected Sequential, Functional or Model");
  }
  model.sequential = class_name == "Sequential";
  const Json* config = outer.find("config");
  if (config == nullptr) outer.fail("config", "is missing");
  // Keras before 2.2.3 wrote a sequential model as a bare list of layers.
  const Json* layers = config;
  if (!config->is_array()) {
    Attributes inner(*config, "the model");
    model.name = inner.text("name", "");
    layers = inner.find("layers");
    if (layers == nullptr || !layers->is_array()) inner.fail("layers", "is not a list");
    if (const Json* shape = inner.find("build_input_shape")) model.build_input_shape = *shape;
  } else if (!model.sequential) {
    outer.fail("config", "is a list, expected an object");
  }
  if (layers->empty() || layers->size() > kMaxLayers) {
    outer.fail("config", "has " + std::to_string(layers->size()) + " layers, expected 1 to " +
                             std::to_string(kMaxLayers));
  }
  for (const Json& layer : *layers) model.layers.push_back(read_layer(layer, depth));
  if (model.sequential) {
    wire_sequential(model);
  } else {
    wire_functional(*config, model);
  }
  return model;
}

}  // namespace

std::string LayerConfig::label() const { return "layer " + quote(name) + " (" + class_name + ")"; }

Json parse_json(std::string_view text) {
  if (text.size() > kMaxText) {
    throw FormatError("the JSON text has " + std::to_string(text.size()) + " bytes, expected at most " +
                      std::to_string(kMaxText));
  }
  auto check_depth = [](int depth, Json::parse_event_t, Json&) {
    if (depth > kMaxJsonDepth) {
      throw FormatError("the JSON text is nested deeper than " + std::to_string(kMaxJsonDepth));
    }
    return true;
  };
  try {
    return Json::parse(text, check_depth);
  } catch (const Json::parse_error& error) {
    throw FormatError("not a readable JSON text: error at byte " + std::to_string(error.byte));
  } catch (const Json::out_of_range&) {
    throw FormatError("not a readable JSON text: a number is too large");
  }
}

ModelConfig read_model(const Json& json) { return read_model(json, 0); }

}  // namespace netsurf::keras
