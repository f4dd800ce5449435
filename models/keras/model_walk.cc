#include "models/keras/model_walk.h"

#include <map>
#include <optional>
#include <set>

#include "engine/base/error.h"
#include "models/keras/layers.h"

namespace netsurf::keras {
namespace {

constexpr int kLargestSize = 1 << 24;

/// [null, 28, 28, 1] without the batch.
std::vector<int> batch_shape(const Json& json, const std::string& where) {
  if (!json.is_array() || json.size() < 2 || json.size() > 8) {
    throw FormatError(where + ": the input shape is " + shown(json) + ", expected [batch, size, ..]");
  }
  std::vector<int> sizes;
  for (size_t i = 1; i < json.size(); ++i) {
    double size = json[i].is_number_integer() ? json[i].get<double>() : 0;
    if (size < 1 || size > kLargestSize) {
      throw FormatError(where + ": size " + std::to_string(i) + " of the input shape is " + shown(json[i]) +
                        ", expected 1 to " + std::to_string(kLargestSize) + " (open sizes are not taken)");
    }
    sizes.push_back(static_cast<int>(size));
  }
  return sizes;
}

/// The input shape a layer carries: Keras 2 and 3 spell it apart.
const Json* stored_shape(const LayerConfig& layer) {
  if (!layer.config.is_object()) return nullptr;
  Attributes config(layer.config, layer.label());
  for (const char* attribute : {"batch_input_shape", "batch_shape"}) {
    if (const Json* shape = config.find(attribute)) return shape;
  }
  if (!layer.build_config.is_object()) return nullptr;
  return Attributes(layer.build_config, layer.label()).find("input_shape");
}

class ModelWalk {
 public:
  ModelWalk(Builder& builder, const ModelConfig& model, std::string prefix, WeightScope scope)
      : builder_(builder), model_(model), prefix_(std::move(prefix)) {
    for (const LayerConfig& layer : model.layers) {
      if (layer.model) {
        scopes_.push_back(scope.nested(layer));
        places_.emplace_back();
      } else {
        scopes_.emplace_back();
        places_.push_back(scope.place(layer));
      }
    }
  }

  /// `inputs` are what the outer model passes in; nullopt for the outermost model, which makes input nodes.
  Tensor run(const std::optional<std::vector<Tensor>>& inputs) {
    return model_.sequential ? run_sequential(inputs) : run_functional(inputs);
  }

 private:
  bool is_input(size_t index) const { return model_.layers[index].class_name == "InputLayer"; }

  Tensor add_input(const std::string& name, const Json& shape, const std::string& where) {
    Tensor tensor;
    tensor.sizes = batch_shape(shape, where);
    foreign::Node node = node_of(foreign::Op::input);
    node.name = prefix_ + name;
    node.shape = engine_shape(tensor.sizes, where);
    tensor.node = builder_.add(std::move(node));
    return tensor;
  }

  Tensor make_input(const LayerConfig& layer) {
    const Json* shape = stored_shape(layer);
    if (shape == nullptr) throw FormatError(layer.label() + ": batch_input_shape is missing");
    return add_input(layer.name, *shape, layer.label());
  }

  Tensor run_call(size_t index, size_t call, std::vector<Tensor> inputs) {
    builder_.count_call();
    const LayerConfig& layer = model_.layers[index];
    std::string name = prefix_ + layer.name + (call == 0 ? "" : "/call" + std::to_string(call + 1));
    if (layer.model) return ModelWalk(builder_, *layer.model, name + "/", scopes_[index]).run(inputs);
    LayerCall built(builder_, layer, name, std::move(inputs), places_[index]);
    return build_layer(built);
  }

  Tensor run_sequential(const std::optional<std::vector<Tensor>>& inputs) {
    size_t first = is_input(0) ? 1 : 0;
    Tensor tensor;
    if (inputs) {
      if (inputs->size() != 1) {
        throw FormatError("model " + quote(model_.name) + ": is called with " +
                          std::to_string(inputs->size()) + " tensors, expected one");
      }
      tensor = inputs->front();
    } else if (first == 1) {
      tensor = make_input(model_.layers[0]);
    } else {
      const LayerConfig& layer = model_.layers[0];
      const Json* shape = stored_shape(layer);
      if (shape == nullptr && model_.build_input_shape) shape = &*model_.build_input_shape;
      if (shape == nullptr && layer.model) {
        // A model that begins with a model: the input is that one's.
        const LayerConfig* inner = &layer;
        while (inner->model) inner = &inner->model->layers[0];
        shape = stored_shape(*inner);
      }
      if (shape == nullptr) {
        throw FormatError(layer.label() + ": no input shape is stored (no InputLayer, no batch_input_shape)");
      }
      tensor = add_input(layer.name + "_input", *shape, layer.label());
    }
    for (size_t i = first; i < model_.layers.size(); ++i) tensor = run_call(i, 0, {tensor});
    return tensor;
  }

  Tensor run_functional(const std::optional<std::vector<Tensor>>& inputs) {
    std::map<std::string, size_t> index;
    std::vector<size_t> first = {0};  // of each layer's calls among all
    for (size_t i = 0; i < model_.layers.size(); ++i) {
      index[model_.layers[i].key()] = i;
      first.push_back(first.back() + (is_input(i) ? 1 : model_.layers[i].calls.size()));
    }
    auto unit_of = [&](const CallRef& ref) {
      size_t layer = index.at(ref.layer);
      size_t unit = first[layer] + static_cast<size_t>(ref.call);
      if (unit >= first[layer + 1])
        throw FormatError(model_.layers[layer].label() + ": is read but never called");
      return unit;
    };
    std::vector<Tensor> outputs(first.back());
    std::vector<size_t> open(first.back(), 0), layer_of(first.back(), 0);
    std::vector<std::vector<size_t>> readers(first.back());
    std::set<size_t> ready;
    for (size_t i = 0; i < model_.layers.size(); ++i) {
      for (size_t unit = first[i]; unit < first[i + 1]; ++unit) {
        layer_of[unit] = i;
        if (!is_input(i)) {
          for (const CallRef& ref : model_.layers[i].calls[unit - first[i]]) {
            readers[unit_of(ref)].push_back(unit);
            ++open[unit];
          }
        }
        if (open[unit] == 0) ready.insert(unit);
      }
    }
    std::map<size_t, Tensor> given = given_inputs(inputs, unit_of);
    size_t done = 0;
    while (!ready.empty()) {
      size_t unit = *ready.begin(), layer = layer_of[unit];
      ready.erase(ready.begin());
      ++done;
      if (is_input(layer)) {
        outputs[unit] = given.contains(unit) ? given[unit] : make_input(model_.layers[layer]);
      } else {
        std::vector<Tensor> read;
        for (const CallRef& ref : model_.layers[layer].calls[unit - first[layer]])
          read.push_back(outputs[unit_of(ref)]);
        outputs[unit] = run_call(layer, unit - first[layer], std::move(read));
      }
      for (size_t reader : readers[unit]) {
        if (--open[reader] == 0) ready.insert(reader);
      }
    }
    if (done < outputs.size()) {
      size_t stuck = 0;
      while (open[stuck] == 0) ++stuck;
      throw FormatError(model_.layers[layer_of[stuck]].label() + ": its inbound_nodes form a cycle");
    }
    return outputs[unit_of(model_.outputs[0])];
  }

  template <typename UnitOf>
  std::map<size_t, Tensor> given_inputs(const std::optional<std::vector<Tensor>>& inputs,
                                        const UnitOf& unit_of) {
    std::map<size_t, Tensor> given;
    if (!inputs) return given;
    if (inputs->size() != model_.inputs.size()) {
      throw FormatError("model " + quote(model_.name) + ": is called with " + std::to_string(inputs->size()) +
                        " tensors, expected " + std::to_string(model_.inputs.size()));
    }
    for (size_t i = 0; i < inputs->size(); ++i) given[unit_of(model_.inputs[i])] = (*inputs)[i];
    return given;
  }

  Builder& builder_;
  const ModelConfig& model_;
  std::string prefix_;
  std::vector<WeightScope> scopes_;
  std::vector<WeightPlace> places_;
};

}  // namespace

foreign::Graph build_graph(const Json& architecture, const Hdf5Content& content, int keras_major) {
  ModelConfig model = read_model(architecture);
  Weights weights(content);
  Builder builder(weights, keras_major);
  Tensor out = ModelWalk(builder, model, "", weights.scope()).run(std::nullopt);
  if (!out.padded_by.empty()) {
    throw FormatError("layer " + quote(out.padded_by) +
                      ": its zeros are the output of the network, which NetSurf does not take");
  }
  builder.graph.output = out.node;
  builder.graph.name = model.name;
  return std::move(builder.graph);
}

}  // namespace netsurf::keras
