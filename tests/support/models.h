// Small hand-made networks and data for tests, and short ways to write their layers down.
#pragma once

#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "engine/model/dataset.h"
#include "engine/model/model.h"
#include "tests/support/random.h"

namespace netsurf::testing {

inline Layer input_layer(Shape shape, Format format) {
  Layer layer;
  layer.name = "input";
  layer.format = format;
  layer.shape = std::move(shape);
  return layer;
}

/// A layer without parameters or attributes.
inline Layer plain_layer(LayerKind kind, std::string name, std::vector<int> inputs) {
  Layer layer;
  layer.name = std::move(name);
  layer.kind = kind;
  layer.inputs = std::move(inputs);
  return layer;
}

inline Layer dense_layer(std::string name, int input, int kernel, int bias = -1) {
  Layer layer = plain_layer(LayerKind::dense, std::move(name), {input});
  layer.kernel = kernel;
  layer.bias = bias;
  return layer;
}

inline Layer conv_layer(std::string name, int input, int kernel, int bias, Window window, int groups = 1) {
  Layer layer = plain_layer(LayerKind::conv2d, std::move(name), {input});
  layer.kernel = kernel;
  layer.bias = bias;
  layer.window = window;
  layer.groups = groups;
  return layer;
}

inline Layer affine_layer(std::string name, int input, int scale, int shift = -1) {
  Layer layer = plain_layer(LayerKind::affine, std::move(name), {input});
  layer.scale = scale;
  layer.shift = shift;
  return layer;
}

inline Layer activation_layer(std::string name, int input, ActivationFunction function, Format format) {
  Layer layer = plain_layer(LayerKind::activation, std::move(name), {input});
  layer.function = function;
  layer.format = format;
  return layer;
}

/// Codes from `low` in steps up to `high`, counted against the rows of a parameter.
inline Layer threshold_layer(std::string name, int input, int thresholds, Format format, int32_t low,
                             int32_t high) {
  Layer layer = plain_layer(LayerKind::threshold, std::move(name), {input});
  layer.thresholds = thresholds;
  layer.format = format;
  layer.low = low;
  layer.high = high;
  return layer;
}

/// A layer of a kind that has a window, and no parameters.
inline Layer window_layer(LayerKind kind, std::string name, int input, Window window) {
  Layer layer = plain_layer(kind, std::move(name), {input});
  layer.window = window;
  return layer;
}

inline Layer transposed_layer(std::string name, int input, int kernel, int bias, Window window) {
  Layer layer = window_layer(LayerKind::conv2d_transpose, std::move(name), input, window);
  layer.kernel = kernel;
  layer.bias = bias;
  return layer;
}

inline Parameter given_parameter(std::string name, Shape shape, Format format, std::vector<int32_t> codes) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.shape = std::move(shape);
  parameter.format = format;
  parameter.codes = std::move(codes);
  return parameter;
}

/// All codes equal.
inline Parameter filled_parameter(std::string name, Shape shape, Format format, int32_t code) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.format = format;
  parameter.codes.assign(static_cast<size_t>(num_elements(shape)), code);
  parameter.shape = std::move(shape);
  return parameter;
}

/// Codes anywhere in the format's range; `percent_pruned` of them zero and marked pruned.
inline Parameter random_parameter(std::string name, Shape shape, Format format, Random& random,
                                  int percent_pruned = 0) {
  Parameter parameter = filled_parameter(std::move(name), std::move(shape), format, 0);
  for (int32_t& code : parameter.codes)
    code = static_cast<int32_t>(random.between(format.min_code(), format.max_code()));
  if (percent_pruned > 0) {
    for (int32_t& code : parameter.codes) {
      parameter.pruned.push_back(random.chance(percent_pruned) ? 1 : 0);
      if (parameter.pruned.back() != 0) code = 0;
    }
  }
  return parameter;
}

/// A model whose bit space has exactly `bits` bits: one output, one-bit weights, all zero.
inline Model model_of_bits(int bits) {
  Format one_bit{1, 0, true};
  return Model::build("bits", {input_layer({bits}, one_bit), dense_layer("dense", 0, 0)},
                      {filled_parameter("kernel", {1, bits}, one_bit, 0)});
}

/// The parts of a network 6 -> dense 5 -> relu -> dense 3, random codes, formats of 6 and 8 bits.
struct Parts {
  std::vector<Layer> layers;
  std::vector<Parameter> parameters;

  Model build() const { return Model::build("parts", layers, parameters); }
};

inline Parts mlp_parts(uint64_t seed = 1) {
  Random random(seed);
  return {{input_layer({6}, Format{6, 1, true}), dense_layer("first", 0, 0, 1),
           activation_layer("relu", 1, ActivationFunction::relu, Format{6, 3, false}),
           dense_layer("second", 2, 2, 3)},
          {random_parameter("first/kernel", {5, 6}, Format{6, 0, true}, random),
           random_parameter("first/bias", {5}, Format{8, 1, true}, random),
           random_parameter("second/kernel", {3, 5}, Format{6, 0, true}, random),
           random_parameter("second/bias", {3}, Format{8, 1, true}, random)}};
}

inline Model tiny_mlp(uint64_t seed = 1) { return mlp_parts(seed).build(); }

/// The same network with its layers and parameters listed in another order.
inline Parts shuffled(const Parts& parts, Random& random) {
  auto permutation = [&](size_t count) {
    std::vector<int> place(count);
    std::iota(place.begin(), place.end(), 0);
    for (size_t i = count; i > 1; --i)
      std::swap(place[i - 1], place[static_cast<size_t>(random.between(0, static_cast<int64_t>(i) - 1))]);
    return place;
  };
  std::vector<int> layer_place = permutation(parts.layers.size()),
                   place = permutation(parts.parameters.size());
  Parts result = parts;
  for (size_t i = 0; i < parts.layers.size(); ++i) {
    Layer layer = parts.layers[i];
    for (int& input : layer.inputs) input = layer_place[static_cast<size_t>(input)];
    for (int* role : {&layer.kernel, &layer.bias, &layer.scale, &layer.shift, &layer.thresholds}) {
      if (*role >= 0) *role = place[static_cast<size_t>(*role)];
    }
    result.layers[static_cast<size_t>(layer_place[i])] = layer;
  }
  for (size_t i = 0; i < parts.parameters.size(); ++i)
    result.parameters[static_cast<size_t>(place[i])] = parts.parameters[i];
  return result;
}

/// Three branches of an image that meet again: 13 layers, 6 parameters, some weights pruned.
inline Parts branched(uint64_t seed) {
  Random random(seed);
  Format half{6, 2, true}, byte{8, 0, true};
  return {
      {input_layer({4, 4, 2}, byte),
       conv_layer("a", 0, 0, 1,
                  {.height = 3, .width = 3, .pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1}),
       conv_layer("b", 0, 2, -1, {}), affine_layer("c", 0, 3, 4),
       activation_layer("ra", 1, ActivationFunction::relu, half),
       activation_layer("rb", 2, ActivationFunction::relu, half),
       activation_layer("rc", 3, ActivationFunction::hard_tanh, half),
       plain_layer(LayerKind::add, "sum", {4, 6}), plain_layer(LayerKind::concatenate, "join", {7, 5, 0}),
       activation_layer("narrow", 8, ActivationFunction::linear, half),
       conv_layer("last", 9, 5, -1, {.height = 4, .width = 4}), plain_layer(LayerKind::flatten, "flat", {10}),
       plain_layer(LayerKind::softmax, "probabilities", {11})},
      {random_parameter("ak", {2, 3, 3, 2}, Format{6, 0, true}, random, 30),
       random_parameter("ab", {2}, byte, random),
       random_parameter("bk", {2, 1, 1, 2}, Format{6, 0, true}, random),
       random_parameter("cs", {2}, Format{5, 1, true}, random),
       random_parameter("ct", {2}, Format{5, 1, true}, random),
       random_parameter("lk", {3, 4, 4, 6}, Format{4, 0, true}, random, 50)}};
}

/// Random input codes with labels (classification) or targets (else).
inline EvaluationSet random_set(const Model& model, int64_t count, uint64_t seed,
                                Task task = Task::classification) {
  Random random(seed);
  EvaluationSet set;
  set.task = task;
  set.count = count;
  set.sample_size = model.type(0).elements();
  for (int64_t i = 0; i < count * set.sample_size; ++i)
    set.codes.push_back(static_cast<int32_t>(random.between(model.type(0).low, model.type(0).high)));
  int64_t outputs = model.type(model.scored_layer()).elements();
  if (task == Task::classification) {
    for (int64_t i = 0; i < count; ++i)
      set.labels.push_back(static_cast<int32_t>(random.between(0, outputs - 1)));
  } else {
    set.num_targets = static_cast<int>(outputs);
    for (int64_t i = 0; i < count * outputs; ++i)
      set.targets.push_back(static_cast<float>(random.between(-64, 64)) / 16.0f);
  }
  return set;
}

}  // namespace netsurf::testing
