#include "engine/model/model.h"

#include <algorithm>

#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/model/canonical.h"

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
  if (p.bipolar && (p.format.bits != 1 || p.format.is_signed || p.zero_point != 0 || !p.pruned.empty())) {
    refuse("is bipolar; expected one unsigned bit, no zero point and no prune mask, found " +
           p.format.text() + ", zero point " + std::to_string(p.zero_point) +
           (p.pruned.empty() ? "" : " and a mask"));
  }
  if (p.zero_point != 0 && (p.format.bits > 16 || p.max_magnitude() > INT32_MAX)) {
    refuse("has zero point " + std::to_string(p.zero_point) + " and " + std::to_string(p.format.bits) +
           " bits; expected at most 16 bits, and code - zero point within 32");
  }
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
    if (!p.pruned.empty() && p.pruned[i] != 0 && p.operand(p.codes[i]) != 0) {
      refuse("element " + std::to_string(i) + " is pruned but has code " + std::to_string(p.codes[i]) +
             ", expected " + std::to_string(p.zero_point));
    }
  }
}

/// Refuses a unit that the loss could not be computed with, or that would be the size of nothing.
void check_unit(const Layer& layer, bool is_at_an_end) {
  if (layer.unit == 1) return;
  auto refuse = [&](const std::string& why) {
    throw InputError("layer \"" + layer.name + "\" has unit " + std::to_string(layer.unit) + why);
  };
  if (!(layer.unit >= 0x1p-64f && layer.unit <= 0x1p64f)) refuse(", expected 2^-64 to 2^64");
  if (!is_at_an_end) refuse(", which only the input layer and the output layer may have");
}

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
    for (int index : parameter_roles(layer)) {
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
  for (size_t i = 0; i < layers.size(); ++i)
    check_unit(layers[i], layers[i].kind == LayerKind::input || !is_read[i]);
}

/// Whether `low` and `high` are the format's own, written out.
bool covers_format(const Layer& layer) {
  bool is_sane = layer.format.bits >= 1 && layer.format.bits <= kMaxParameterBits;
  return is_sane && layer.low == layer.format.min_code() && layer.high == layer.format.max_code();
}

/// The layer with only what its kind uses: stray attributes must not tell two equal networks apart.
Layer essentials(const Layer& layer) {
  Layer kept;
  kept.name = layer.name;
  kept.kind = layer.kind;
  kept.inputs = layer.inputs;
  kept.unit = layer.unit;
  bool sums = layer.kind == LayerKind::dense || layer.kind == LayerKind::conv2d ||
              layer.kind == LayerKind::conv2d_transpose;
  bool is_input = layer.kind == LayerKind::input, is_activation = layer.kind == LayerKind::activation;
  bool is_threshold = layer.kind == LayerKind::threshold;
  if (sums) {
    kept.kernel = layer.kernel;
    kept.bias = layer.bias;
  }
  if (layer.kind == LayerKind::affine) {
    kept.scale = layer.scale;
    kept.shift = layer.shift;
  }
  if (is_threshold) kept.thresholds = layer.thresholds;
  if (kLayerKinds[static_cast<size_t>(layer.kind)].has_window) kept.window = layer.window;
  if (layer.kind == LayerKind::upsample)
    kept.window = {.height = layer.window.height, .width = layer.window.width};
  if (layer.kind == LayerKind::conv2d) kept.groups = layer.groups;
  if (is_input || layer.kind == LayerKind::reshape) kept.shape = layer.shape;
  if (is_input || is_activation || is_threshold) {
    kept.format = layer.format;
    kept.low = layer.low;
    kept.high = layer.high;
  }
  if (is_input || is_activation) {
    kept.rounding = layer.rounding;
    if (covers_format(layer)) kept.low = kept.high = 0;
  }
  if (is_activation) {
    kept.function = layer.function;
    kept.wraps = layer.wraps;
    if (layer.function == ActivationFunction::leaky_relu) {
      kept.slope = layer.slope;
      kept.slope_shift = layer.slope_shift;
    }
  }
  return kept;
}

/// Parameters in the order their first user meets them; the layers' indices are renumbered to match.
std::vector<Parameter> in_order_of_use(std::vector<Layer>& layers, std::vector<Parameter> parameters) {
  std::vector<int> place(parameters.size(), -1);
  std::vector<Parameter> ordered;
  for (Layer& layer : layers) {
    for (int* index : {&layer.kernel, &layer.bias, &layer.scale, &layer.shift, &layer.thresholds}) {
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
    std::array<int, 5> roles = parameter_roles(layer);
    for (int index : digested_roles(layer, roles)) digest.add(int64_t{index});
  }
  for (const Parameter& parameter : parameters) digest.add(parameter_digest(parameter));
  return digest.hex();
}

}  // namespace

Model Model::build(std::string name, std::vector<Layer> layers, std::vector<Parameter> parameters,
                   std::map<std::string, std::string> notes) {
  check_wiring(layers, parameters);
  for (Layer& layer : layers) layer = essentials(layer);
  for (const Parameter& parameter : parameters) check_parameter(parameter);
  std::vector<Layer> sorted = reordered(layers, topological_order(layers));
  std::vector<Layer> canonical =
      reordered(sorted, canonical_order(sorted, infer_types(sorted, parameters), parameters));

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
  for (const Parameter& p : parameters_) count += p.constant ? 0 : static_cast<int64_t>(p.codes.size());
  return count;
}

int64_t Model::num_bits() const {
  int64_t count = 0;
  for (const Parameter& p : parameters_)
    count += p.constant ? 0 : static_cast<int64_t>(p.codes.size()) * p.format.bits;
  return count;
}

int64_t Model::num_macs() const {
  int64_t count = 0;
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (layers_[i].kernel < 0) continue;
    const Shape& kernel = parameters_[static_cast<size_t>(layers_[i].kernel)].shape;
    bool spreads =
        layers_[i].kind == LayerKind::conv2d_transpose;  // every input pixel meets the whole kernel
    count += spreads ? types_[static_cast<size_t>(layers_[i].inputs[0])].elements() / kernel.back() *
                           num_elements(kernel)
                     : types_[i].elements() * (num_elements(kernel) / kernel[0]);
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
