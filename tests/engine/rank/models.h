// Small networks for ranking tests.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "engine/faults/bit_space.h"
#include "engine/model/dataset.h"
#include "engine/model/model.h"

namespace netsurf::test {

/// Codes anywhere in the format's range; every `prune_every`-th is pruned (0: none).
inline Parameter make_parameter(std::string name, Shape shape, Format format, std::mt19937& random,
                                int prune_every = 0) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.shape = std::move(shape);
  parameter.format = format;
  std::uniform_int_distribution<int64_t> code(format.min_code(), format.max_code());
  auto count = static_cast<size_t>(num_elements(parameter.shape));
  for (size_t i = 0; i < count; ++i) parameter.codes.push_back(static_cast<int32_t>(code(random)));
  if (prune_every > 0) {
    parameter.pruned.resize(count);
    for (size_t i = 0; i < count; i += static_cast<size_t>(prune_every)) {
      parameter.pruned[i] = 1;
      parameter.codes[i] = 0;
    }
  }
  return parameter;
}

/// 6 -> dense 5 -> affine -> relu -> dense 3, with four formats whose planes overlap, some weights pruned.
inline Model make_network(unsigned seed = 1) {
  std::mt19937 random(seed);
  std::vector<Parameter> parameters = {
      make_parameter("first/kernel", {5, 6}, Format{6, 0, true}, random, 4),
      make_parameter("first/bias", {5}, Format{9, 2, true}, random),
      make_parameter("first/scale", {5}, Format{4, 1, false}, random),
      make_parameter("first/shift", {5}, Format{7, 1, true}, random),
      make_parameter("second/kernel", {3, 5}, Format{6, 2, true}, random),
      make_parameter("second/bias", {3}, Format{8, 0, true}, random),
  };
  std::vector<Layer> layers(5);
  layers[0].name = "input";
  layers[0].kind = LayerKind::input;
  layers[0].format = Format{4, 0, true};
  layers[0].shape = {6};
  layers[1].name = "first";
  layers[1].kind = LayerKind::dense;
  layers[1].inputs = {0};
  layers[1].kernel = 0;
  layers[1].bias = 1;
  layers[2].name = "scaled";
  layers[2].kind = LayerKind::affine;
  layers[2].inputs = {1};
  layers[2].scale = 2;
  layers[2].shift = 3;
  layers[3].name = "relu";
  layers[3].kind = LayerKind::activation;
  layers[3].inputs = {2};
  layers[3].function = ActivationFunction::relu;
  layers[3].format = Format{6, 2, false};
  layers[4].name = "second";
  layers[4].kind = LayerKind::dense;
  layers[4].inputs = {3};
  layers[4].kernel = 4;
  layers[4].bias = 5;
  return Model::build("small", std::move(layers), std::move(parameters));
}

/// in -> dense out, one kernel of the format and nothing else.
inline Model make_dense(int out, int in, Format format, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::vector<Layer> layers(2);
  layers[0].name = "input";
  layers[0].kind = LayerKind::input;
  layers[0].format = Format{1, 0, true};
  layers[0].shape = {in};
  layers[1].name = "dense";
  layers[1].kind = LayerKind::dense;
  layers[1].inputs = {0};
  layers[1].kernel = 0;
  return Model::build("dense", std::move(layers),
                      {make_parameter("dense/kernel", {out, in}, format, random)});
}

/// Samples for a classifier: codes anywhere in the input's format, labels anywhere among the outputs.
inline EvaluationSet make_data(const Model& model, int64_t count = 40, unsigned seed = 11) {
  std::mt19937 random(seed);
  EvaluationSet set;
  set.task = Task::classification;
  set.count = count;
  set.sample_size = model.type(0).elements();
  const Format& format = model.input().format;
  for (int64_t i = 0; i < count * set.sample_size; ++i) {
    auto span = static_cast<uint64_t>(format.max_code() - format.min_code() + 1);
    set.codes.push_back(static_cast<int32_t>(format.min_code() + static_cast<int64_t>(random() % span)));
  }
  auto outputs = static_cast<unsigned>(model.type(model.scored_layer()).elements());
  for (int64_t i = 0; i < count; ++i) set.labels.push_back(static_cast<int32_t>(random() % outputs));
  set.digest = "data " + std::to_string(seed);
  return set;
}

/// The exponent the bit stands for, from the definition.
inline int exponent(const Model& model, const BitSpace& space, BitId id) {
  BitAddress at = space.address(id);
  const Format& format = model.parameters()[static_cast<size_t>(at.parameter)].format;
  return at.bit - (format.bits - format.integer_bits - (format.is_signed ? 1 : 0));
}

}  // namespace netsurf::test
