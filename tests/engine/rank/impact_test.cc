// How far flips move their layer's output, against flipping each bit and running the layer.
#include "engine/rank/impact.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/backend/plain_network.h"
#include "engine/rank/order.h"
#include "tests/engine/rank/models.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

using testing::affine_layer;
using testing::conv_layer;
using testing::dense_layer;
using testing::input_layer;
using testing::plain_layer;
using testing::random_parameter;
using testing::transposed_layer;

/// Image -> grouped convolution -> affine -> activation -> transposed convolution -> flatten -> dense.
Model make_images() {
  testing::Random random(5);
  Window strided;
  strided.height = 3, strided.width = 2, strided.stride_y = 2, strided.stride_x = 1, strided.dilation_y = 2;
  strided.pad_top = 1, strided.pad_left = 1, strided.pad_bottom = 2, strided.pad_right = 0;
  Window spread;
  spread.height = 2, spread.width = 3, spread.stride_y = 2, spread.stride_x = 2;
  spread.pad_top = 1, spread.pad_left = 1, spread.pad_bottom = 0, spread.pad_right = 1;
  std::vector<Parameter> parameters = {
      random_parameter("conv/kernel", {4, 3, 2, 1}, Format{4, 1, true}, random, 20),
      random_parameter("conv/bias", {4}, Format{6, 2, true}, random),
      random_parameter("scale", {4}, Format{4, 1, false}, random),
      random_parameter("shift", {4}, Format{5, 1, true}, random),
      random_parameter("wide/kernel", {3, 2, 3, 4}, Format{3, 0, true}, random),
      random_parameter("wide/bias", {3}, Format{5, 1, true}, random),
  };
  std::vector<Layer> layers = {
      input_layer({6, 5, 2}, Format{4, 1, true}),
      conv_layer("conv", 0, 0, 1, strided, 2),
      affine_layer("scaled", 1, 2, 3),
      testing::activation_layer("relu", 2, ActivationFunction::relu, Format{6, 3, false}),
      transposed_layer("wide", 3, 4, 5, spread),
      testing::activation_layer("tanh", 4, ActivationFunction::linear, Format{6, 3, true}),
      plain_layer(LayerKind::flatten, "flat", {5}),
  };
  Model body = Model::build("body", layers, parameters);
  auto size = static_cast<int>(body.type(body.output()).elements());
  parameters.push_back(random_parameter("out/kernel", {2, size}, Format{4, 0, true}, random, 30));
  layers.push_back(dense_layer("out", 6, 6));
  return Model::build("images", layers, parameters);
}

/// [samples][elements] output values of a layer with these operands.
std::vector<std::vector<double>> outputs(const Model& model, int layer, const ParameterOperands& operands,
                                         const EvaluationSet& set) {
  PlainNetwork network(model);
  Workspace workspace = network.make_workspace();
  std::vector<std::vector<double>> values(static_cast<size_t>(set.count));
  for (int64_t n = 0; n < set.count; ++n) {
    for (int64_t i = 0; i < set.sample_size; ++i)
      workspace.activations.narrow[0][i * cpu::kTile] =
          set.codes[static_cast<size_t>(n * set.sample_size + i)];
    network.run(operands, workspace.activations);
    auto buffer = static_cast<size_t>(network.buffer_of(layer));
    for (int64_t i = 0; i < model.type(layer).elements(); ++i) {
      double code = workspace.activations.wide[buffer] != nullptr
                        ? static_cast<double>(workspace.activations.wide[buffer][i * cpu::kTile])
                        : workspace.activations.narrow[buffer][i * cpu::kTile];
      values[static_cast<size_t>(n)].push_back(std::ldexp(code, -model.type(layer).frac_bits));
    }
  }
  return values;
}

int layer_of(const Model& model, int parameter) {
  for (size_t l = 0; l < model.layers().size(); ++l) {
    const Layer& layer = model.layers()[l];
    for (int p : {layer.kernel, layer.bias, layer.scale, layer.shift}) {
      if (p == parameter) return static_cast<int>(l);
    }
  }
  return -1;
}

/// The impact as defined, from what the flip did to the layer's outputs.
double measured(const Model& model, int layer, int parameter, const std::vector<std::vector<double>>& before,
                const std::vector<std::vector<double>>& after) {
  const Layer& of = model.layers()[static_cast<size_t>(layer)];
  bool is_added = parameter == of.bias || parameter == of.shift;
  double sum = 0, count = static_cast<double>(before.size());
  for (size_t n = 0; n < before.size(); ++n) {
    double change = 0, size = 0, squares = 0, largest = 0;
    for (size_t i = 0; i < before[n].size(); ++i) {
      double d = after[n][i] - before[n][i];
      change += d;
      size += std::fabs(d);
      squares += d * d;
      largest = std::max(largest, std::fabs(d));
    }
    if (is_added) {
      sum += largest;
    } else if (of.kind == LayerKind::dense) {
      sum += change;
    } else if (of.kind == LayerKind::affine) {
      const Shape& shape = model.type(layer).shape;
      sum += size * shape.back() / static_cast<double>(num_elements(shape));
    } else {
      sum += std::sqrt(squares);
    }
  }
  return std::fabs(sum / count);
}

class Impact : public ::testing::TestWithParam<bool> {};

TEST_P(Impact, IsWhatAFlipDoesToTheLayersOutput) {
  Model model = make_images();
  BitSpace space(model);
  EvaluationSet data = test::make_data(model, 37);
  ParameterOperands base = PlainNetwork(model).clean_parameters();
  if (GetParam()) {
    for (BitId id = 0; id < space.size(); ++id) {
      BitAddress at = space.address(id);
      const Parameter& parameter = model.parameters()[static_cast<size_t>(at.parameter)];
      int32_t& operand = base[static_cast<size_t>(at.parameter)][static_cast<size_t>(at.element)];
      operand = core::flip_operand(operand, at.bit, parameter.storage());
    }
  }
  RankRequest request{model, space};
  request.data = &data;
  std::vector<double> impact = bit_impacts(request, flip_table(model, space), GetParam());
  std::map<int, std::vector<std::vector<double>>> before;
  for (BitId id = 0; id < space.size(); id += 3) {
    BitAddress at = space.address(id);
    int layer = layer_of(model, at.parameter);
    if (!before.contains(layer)) before[layer] = outputs(model, layer, base, data);
    ParameterOperands flipped = base;
    int32_t& operand = flipped[static_cast<size_t>(at.parameter)][static_cast<size_t>(at.element)];
    operand =
        core::flip_operand(operand, at.bit, model.parameters()[static_cast<size_t>(at.parameter)].storage());
    double expected =
        measured(model, layer, at.parameter, before[layer], outputs(model, layer, flipped, data));
    ASSERT_TRUE(std::isfinite(impact[id]));
    ASSERT_NEAR(impact[id], expected, 1e-12 * (1 + expected))
        << model.parameters()[static_cast<size_t>(at.parameter)].name << " element " << at.element << " bit "
        << at.bit;
  }
}

INSTANTIATE_TEST_SUITE_P(Inputs, Impact, ::testing::Bool(),
                         [](const auto& inputs) { return inputs.param ? "Corrupted" : "Clean"; });

TEST(Qpolar, IsTheImpactAndQpolargradTimesTheGradient) {
  Model model = make_images();
  BitSpace space(model);
  EvaluationSet data = test::make_data(model, 20);
  RankRequest request{model, space};
  request.data = &data;
  FlipTable flips = flip_table(model, space);
  EXPECT_EQ(rank("qpolar", request).score, bit_impacts(request, flips, true));
  std::vector<double> gradient = rank("grad", request).score;
  std::vector<double> product = rank("qpolargrad", request).score;
  request.settings = RankerSettings("qpolar", find_ranker("qpolar").options, {{"inputs", "clean"}});
  EXPECT_EQ(rank("qpolar", request).score, bit_impacts(request, flips, false));
  std::vector<double> corrupted = bit_impacts(request, flips, true);
  for (size_t id = 0; id < product.size(); ++id) EXPECT_EQ(product[id], corrupted[id] * gradient[id]);
}

}  // namespace
}  // namespace netsurf
