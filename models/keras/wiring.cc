#include "models/keras/wiring.h"

#include <algorithm>
#include <map>

#include "engine/base/error.h"

namespace netsurf::keras {
namespace {

constexpr size_t kMaxCalls = 10000;

/// ["name", call, output, ..]
CallRef read_ref(const Json& json, const std::string& where) {
  if (!json.is_array() || json.size() < 3 || !json[0].is_string() || !json[1].is_number_integer() ||
      !json[2].is_number_integer()) {
    throw FormatError(where + ": an inbound node is " + shown(json) + ", expected [layer, call, output]");
  }
  double call = json[1].get<double>();
  if (call < 0 || call > static_cast<double>(kMaxCalls)) {
    throw FormatError(where + ": an inbound node reads call " + shown(json[1]));
  }
  CallRef ref{json[0].get<std::string>(), static_cast<int>(call)};
  if (json[2] != 0) {
    throw FormatError(where + ": reads output " + shown(json[2]) + " of " + quote(ref.layer) +
                      "; NetSurf takes layers with one output");
  }
  return ref;
}

bool is_ref(const Json& json) { return json.is_array() && !json.empty() && json[0].is_string(); }

/// Every tensor among the arguments of a Keras 3 call, in order. The depth of the JSON is limited already.
void collect_tensors(const Json& json, const std::string& where, std::vector<CallRef>& refs) {
  if (json.is_object() && json.value("class_name", Json()) == "__keras_tensor__") {
    Attributes tensor(json, where);
    const Json* config = tensor.find("config");
    if (config == nullptr) tensor.fail("inbound_nodes", "hold a tensor without config");
    const Json* history = Attributes(*config, where).find("keras_history");
    if (history == nullptr) tensor.fail("inbound_nodes", "hold a tensor without keras_history");
    refs.push_back(read_ref(*history, where));
  } else if (json.is_structured()) {
    for (const auto& each : json) collect_tensors(each, where, refs);
  }
}

std::vector<CallRef> read_call(const Json& json, const std::string& where) {
  std::vector<CallRef> refs;
  if (json.is_object()) {
    Attributes node(json, where);
    if (const Json* args = node.find("args")) collect_tensors(*args, where, refs);
    if (const Json* kwargs = node.find("kwargs")) collect_tensors(*kwargs, where, refs);
  } else if (is_ref(json)) {
    refs.push_back(read_ref(json, where));
  } else if (json.is_array()) {
    for (const Json& each : json) refs.push_back(read_ref(each, where));
  } else {
    throw FormatError(where + ": inbound_nodes hold " + shown(json));
  }
  if (refs.size() > kMaxCalls)
    throw FormatError(where + ": reads more than " + std::to_string(kMaxCalls) + " tensors");
  return refs;
}

std::vector<CallRef> read_ends(const Attributes& config, std::string_view attribute) {
  const Json* json = config.find(attribute);
  if (json == nullptr || !json->is_array()) config.fail(attribute, "is missing or no list");
  std::vector<CallRef> refs;
  if (is_ref(*json)) return {read_ref(*json, config.where())};
  for (const Json& each : *json) refs.push_back(read_ref(each, config.where()));
  return refs;
}

/// In Keras 2 a nested model's call 0 is its own making; the first call in the outer model is 1.
void number_calls_from_zero(const std::map<std::string, size_t>& index, ModelConfig& model) {
  std::vector<size_t> calls_read(model.layers.size(), 0);
  auto each_ref = [&](auto visit) {
    for (LayerConfig& layer : model.layers) {
      for (std::vector<CallRef>& call : layer.calls) {
        for (CallRef& ref : call) visit(ref, layer.label());
      }
    }
    for (CallRef& ref : model.inputs) visit(ref, "input_layers");
    for (CallRef& ref : model.outputs) visit(ref, "output_layers");
  };
  each_ref([&](CallRef& ref, const std::string& where) {
    auto found = index.find(ref.layer);
    if (found == index.end())
      throw FormatError(where + ": reads " + quote(ref.layer) + ", which is no layer");
    calls_read[found->second] = std::max(calls_read[found->second], static_cast<size_t>(ref.call) + 1);
  });
  each_ref([&](CallRef& ref, const std::string& where) {
    size_t target = index.at(ref.layer);
    const LayerConfig& layer = model.layers[target];
    size_t calls = std::max<size_t>(layer.calls.size(), 1);
    if (layer.model && calls_read[target] == calls + 1) ref.call -= 1;
    if (ref.call < 0 || static_cast<size_t>(ref.call) >= calls) {
      throw FormatError(where + ": reads call " + std::to_string(ref.call) + " of " + quote(ref.layer) +
                        ", which has " + std::to_string(calls));
    }
  });
}

}  // namespace

void wire_sequential(ModelConfig& model) {
  for (size_t i = 0; i < model.layers.size(); ++i) {
    model.layers[i].calls = {{}};
    if (i > 0) model.layers[i].calls[0] = {CallRef{model.layers[i - 1].key(), 0}};
  }
  model.outputs = {CallRef{model.layers.back().key(), 0}};
}

void wire_functional(const Json& config, ModelConfig& model) {
  Attributes attributes(config, "model " + quote(model.name));
  const Json& layers = *attributes.find("layers");
  std::map<std::string, size_t> index;
  for (size_t i = 0; i < model.layers.size(); ++i) {
    LayerConfig& layer = model.layers[i];
    if (!index.emplace(layer.key(), i).second)
      throw FormatError("two layers are called " + quote(layer.key()));
    Attributes outer(layers[i], layer.label());
    const Json* nodes = outer.find("inbound_nodes");
    if (nodes == nullptr) continue;
    if (!nodes->is_array() || nodes->size() > kMaxCalls) outer.fail("inbound_nodes", "is " + shown(*nodes));
    for (const Json& node : *nodes) layer.calls.push_back(read_call(node, layer.label()));
  }
  model.inputs = read_ends(attributes, "input_layers");
  model.outputs = read_ends(attributes, "output_layers");
  if (model.outputs.size() != 1) {
    attributes.fail("output_layers", "has " + std::to_string(model.outputs.size()) +
                                         " entries; NetSurf takes models with one output");
  }
  number_calls_from_zero(index, model);
}

}  // namespace netsurf::keras
