#include "engine/model/model.h"

#include <algorithm>
#include <tuple>

#include "engine/base/digest.h"
#include "engine/base/error.h"

namespace netsurf {
namespace {

constexpr int kMaxRank = 4;

void check_parameter(const Parameter& p) {
  auto refuse = [&](const std::string& why) { throw InputError("parameter \"" + p.name + "\": " + why); };
  int most_bits = p.format.is_signed ? kMaxParameterBits : kMaxParameterBits - 1;
  if (p.format.bits < 1 || p.format.bits > most_bits) {
    refuse("has " + std::to_string(p.format.bits) + " bits, expected 1 to " + std::to_string(most_bits));
  }
  if (std::abs(p.format.frac_bits()) > 62)
    refuse("has format " + p.format.text() + ", whose step is out of range");
  bool shaped =
      !p.shape.empty() && p.shape.size() <= kMaxRank && *std::min_element(p.shape.begin(), p.shape.end()) > 0;
  if (!shaped) refuse("has shape " + shape_text(p.shape));
  auto count = static_cast<size_t>(num_elements(p.shape));
  if (p.codes.size() != count) {
    refuse("has " + std::to_string(p.codes.size()) + " codes, expected " + std::to_string(count) + " for " +
           shape_text(p.shape));
  }
  if (!p.pruned.empty() && p.pruned.size() != count) refuse("its prune mask has another size than its codes");
  for (size_t i = 0; i < count; ++i) {
    if (p.codes[i] < p.format.min_code() || p.codes[i] > p.format.max_code()) {
      refuse("code " + std::to_string(p.codes[i]) + " at element " + std::to_string(i) + " does not fit " +
             p.format.text());
    }
    if (!p.pruned.empty() && p.pruned[i] != 0 && p.codes[i] != 0) {
      refuse("element " + std::to_string(i) + " is pruned but has code " + std::to_string(p.codes[i]));
    }
  }
}

/// The parameters of a layer by role, kernel first; -1 for none.
std::array<int, 4> roles(const Layer& layer) { return {layer.kernel, layer.bias, layer.scale, layer.shift}; }

void check_wiring(const std::vector<Layer>& layers, const std::vector<Parameter>& parameters) {
  if (layers.empty()) throw InputError("a model needs at least an input layer");
  std::vector<bool> is_read(layers.size(), false);
  int num_inputs = 0;
  for (const Layer& layer : layers) {
    num_inputs += layer.kind == LayerKind::input ? 1 : 0;
    for (int input : layer.inputs) {
      if (input < 0 || input >= static_cast<int>(layers.size())) {
        throw InputError("layer \"" + layer.name + "\" reads layer " + std::to_string(input) +
                         ", which does not exist");
      }
      is_read[static_cast<size_t>(input)] = true;
      if (layers[static_cast<size_t>(input)].kind == LayerKind::softmax) {
        throw InputError("layer \"" + layer.name + "\" reads a softmax, which may only stand last");
      }
    }
    for (int index : roles(layer)) {
      if (index < -1 || index >= static_cast<int>(parameters.size())) {
        throw InputError("layer \"" + layer.name + "\" names parameter " + std::to_string(index) +
                         ", which does not exist");
      }
    }
  }
  if (num_inputs != 1)
    throw InputError("a model has " + std::to_string(num_inputs) + " input layers, expected one");
  auto num_outputs = std::count(is_read.begin(), is_read.end(), false);
  if (num_outputs != 1) {
    throw InputError("a model has " + std::to_string(num_outputs) +
                     " layers that nobody reads, expected one (the output)");
  }
}

std::string parameter_digest(const Parameter& p) {
  Digest digest;
  digest.add(int64_t{p.format.bits}).add(int64_t{p.format.integer_bits}).add(int64_t{p.format.is_signed});
  digest.add(std::span<const int32_t>(p.shape)).add(std::span<const int32_t>(p.codes));
  digest.add_bytes(std::as_bytes(std::span(p.pruned)));
  return digest.hex();
}

/// What a layer is, apart from its name and its place: everything but its inputs.
std::vector<int32_t> attributes(const Layer& layer) {
  const Window& w = layer.window;
  std::vector<int32_t> all = {w.height,
                              w.width,
                              w.stride_y,
                              w.stride_x,
                              w.dilation_y,
                              w.dilation_x,
                              w.pad_top,
                              w.pad_left,
                              w.pad_bottom,
                              w.pad_right,
                              layer.groups,
                              layer.format.bits,
                              layer.format.integer_bits,
                              layer.format.is_signed ? 1 : 0,
                              static_cast<int32_t>(layer.function)};
  all.insert(all.end(), layer.shape.begin(), layer.shape.end());
  return all;
}

/// Any topological order, as indices; refuses cycles.
std::vector<int> topological_order(const std::vector<Layer>& layers) {
  std::vector<int> order;
  std::vector<bool> placed(layers.size(), false);
  while (order.size() < layers.size()) {
    size_t before = order.size();
    for (size_t i = 0; i < layers.size(); ++i) {
      const auto& inputs = layers[i].inputs;
      if (placed[i] ||
          !std::all_of(inputs.begin(), inputs.end(), [&](int in) { return placed[static_cast<size_t>(in)]; }))
        continue;
      placed[i] = true;
      order.push_back(static_cast<int>(i));
    }
    if (order.size() == before) throw InputError("the layers form a cycle");
  }
  return order;
}

/// `layers` in the given order, their inputs renumbered.
std::vector<Layer> reordered(const std::vector<Layer>& layers, const std::vector<int>& order) {
  std::vector<int> place(layers.size());
  for (size_t i = 0; i < order.size(); ++i) place[static_cast<size_t>(order[i])] = static_cast<int>(i);
  std::vector<Layer> result;
  for (int index : order) {
    Layer layer = layers[static_cast<size_t>(index)];
    for (int& input : layer.inputs) input = place[static_cast<size_t>(input)];
    result.push_back(std::move(layer));
  }
  return result;
}

/// Always the ready layer with the smallest (producers' places, kind, output shape, attributes, parameter
/// digests).
std::vector<int> canonical_order(const std::vector<Layer>& layers, const std::vector<TensorType>& types,
                                 const std::vector<std::string>& parameter_digests) {
  using Key = std::tuple<std::vector<int>, LayerKind, Shape, std::vector<int32_t>, std::string>;
  std::vector<int> place(layers.size(), -1);
  std::vector<int> order;
  while (order.size() < layers.size()) {
    int best = -1;
    Key best_key;
    for (size_t i = 0; i < layers.size(); ++i) {
      const Layer& layer = layers[i];
      if (place[i] >= 0) continue;
      std::vector<int> producers;
      for (int input : layer.inputs) producers.push_back(place[static_cast<size_t>(input)]);
      if (std::find(producers.begin(), producers.end(), -1) != producers.end()) continue;
      std::string digests;
      for (int p : roles(layer)) digests += p < 0 ? "-" : parameter_digests[static_cast<size_t>(p)];
      Key key{std::move(producers), layer.kind, types[i].shape, attributes(layer), std::move(digests)};
      if (best < 0 || key < best_key) {
        best = static_cast<int>(i);
        best_key = std::move(key);
      }
    }
    place[static_cast<size_t>(best)] = static_cast<int>(order.size());
    order.push_back(best);
  }
  return order;
}

/// Parameters in the order their first user meets them; the layers' indices are renumbered to match.
std::vector<Parameter> in_order_of_use(std::vector<Layer>& layers, std::vector<Parameter> parameters) {
  std::vector<int> place(parameters.size(), -1);
  std::vector<Parameter> ordered;
  for (Layer& layer : layers) {
    for (int* index : {&layer.kernel, &layer.bias, &layer.scale, &layer.shift}) {
      if (*index < 0) continue;
      int& target = place[static_cast<size_t>(*index)];
      if (target < 0) {
        target = static_cast<int>(ordered.size());
        ordered.push_back(std::move(parameters[static_cast<size_t>(*index)]));
      }
      *index = target;
    }
  }
  for (size_t i = 0; i < place.size(); ++i) {
    if (place[i] < 0) throw InputError("parameter \"" + parameters[i].name + "\" is used by no layer");
  }
  return ordered;
}

std::string model_digest(const std::vector<Layer>& layers, const std::vector<Parameter>& parameters) {
  Digest digest;
  digest.add("netsurf model 1");
  for (const Layer& layer : layers) {
    digest.add(name_of(layer.kind))
        .add(std::span<const int32_t>(layer.inputs))
        .add(std::span<const int32_t>(attributes(layer)));
    for (int index : roles(layer)) digest.add(int64_t{index});
  }
  for (const Parameter& parameter : parameters) digest.add(parameter_digest(parameter));
  return digest.hex();
}

}  // namespace

Model Model::build(std::string name, std::vector<Layer> layers, std::vector<Parameter> parameters,
                   std::map<std::string, std::string> notes) {
  check_wiring(layers, parameters);
  for (const Parameter& parameter : parameters) check_parameter(parameter);
  std::vector<Layer> sorted = reordered(layers, topological_order(layers));
  std::vector<std::string> digests;
  for (const Parameter& parameter : parameters) digests.push_back(parameter_digest(parameter));
  std::vector<Layer> canonical =
      reordered(sorted, canonical_order(sorted, infer_types(sorted, parameters), digests));

  Model model;
  model.name_ = std::move(name);
  model.parameters_ = in_order_of_use(canonical, std::move(parameters));
  model.layers_ = std::move(canonical);
  model.types_ = infer_types(model.layers_, model.parameters_);
  model.notes_ = std::move(notes);
  model.digest_ = model_digest(model.layers_, model.parameters_);
  return model;
}

int Model::scored_layer() const {
  return layers_.back().kind == LayerKind::softmax ? layers_.back().inputs[0] : output();
}

int64_t Model::num_weights() const {
  int64_t count = 0;
  for (const Parameter& p : parameters_) count += static_cast<int64_t>(p.codes.size());
  return count;
}

int64_t Model::num_bits() const {
  int64_t count = 0;
  for (const Parameter& p : parameters_) count += static_cast<int64_t>(p.codes.size()) * p.format.bits;
  return count;
}

int64_t Model::num_macs() const {
  int64_t count = 0;
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (layers_[i].kernel < 0) continue;
    const Shape& kernel = parameters_[static_cast<size_t>(layers_[i].kernel)].shape;
    count += types_[i].elements() * (num_elements(kernel) / kernel[0]);
  }
  return count;
}

double Model::sparsity() const {
  int64_t pruned = 0, prunable = 0;
  for (const Parameter& p : parameters_) {
    prunable += static_cast<int64_t>(p.pruned.size());
    pruned +=
        static_cast<int64_t>(p.pruned.size()) - std::count(p.pruned.begin(), p.pruned.end(), uint8_t{0});
  }
  return prunable == 0 ? 0.0 : static_cast<double>(pruned) / static_cast<double>(prunable);
}

}  // namespace netsurf
