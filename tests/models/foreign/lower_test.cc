#include "models/foreign/lower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "engine/faults/bit_space.h"
#include "tests/models/foreign/graphs.h"
#include "tests/reference/naive_inference.h"

namespace netsurf::foreign::testing {
namespace {

using ::testing::HasSubstr;

std::vector<LayerKind> kinds(const Model& model) {
  std::vector<LayerKind> all;
  for (const Layer& layer : model.layers()) all.push_back(layer.kind);
  return all;
}

const Layer& first_of(const Model& model, LayerKind kind) {
  for (const Layer& layer : model.layers()) {
    if (layer.kind == kind) return layer;
  }
  throw std::runtime_error("no layer of that kind");
}

const Parameter& parameter_of(const Model& model, int index) {
  return model.parameters()[static_cast<size_t>(index)];
}

std::string refusal(const Graph& graph, const LowerOptions& options = {}) {
  try {
    lower(graph, options);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

/// input q<8,3,1> -> dense [1, 2] with a scale -> whatever the test adds.
Chain dense_chain(Quantizer kernel) {
  Chain chain({2});
  chain.quantize("in", quantizer(0.0625f, 8, true));
  chain.constant("fc", Op::dense, stored("w", {1, 2}, {3, -2}, std::move(kernel)));
  return chain;
}

TEST(Lower, QuantizerAtTheInputBecomesTheEncodingOfTheData) {
  Chain chain = dense_chain(quantizer(0.25f, 4, true));
  Lowered lowered = lower(chain.graph, {});
  EXPECT_EQ(lowered.model.input().format, (Format{8, 3, true}));
  EXPECT_EQ(kinds(lowered.model), (std::vector{LayerKind::input, LayerKind::dense}));
  EXPECT_THAT(lowered.folded[0], HasSubstr("\"in\""));
}

TEST(Lower, GivenInputFormatKeepsTheQuantizerAsALayer) {
  Chain chain = dense_chain(quantizer(0.25f, 4, true));
  Lowered lowered = lower(chain.graph, {.input_format = Format{8, 8, false}, .input_unit = 0.5f});
  EXPECT_EQ(lowered.model.input().unit, 0.5f);
  EXPECT_EQ(kinds(lowered.model), (std::vector{LayerKind::input, LayerKind::activation, LayerKind::dense}));
}

TEST(Lower, DyadicQuantizerIsOneActivation) {
  Chain chain = dense_chain(quantizer(0.25f, 4, true));
  chain.add("relu", Op::relu).quantize("act", quantizer(0.125f, 5, false));
  Model model = lower(chain.graph, {}).model;
  const Layer& act = first_of(model, LayerKind::activation);
  EXPECT_EQ(act.function, ActivationFunction::relu);
  EXPECT_EQ(act.format, (Format{5, 2, false}));
  EXPECT_EQ(model.layers().back().unit, 1.0f);
}

TEST(Lower, ZeroPointMovesTheRangeAndKeepsZeroAtZero) {
  Chain chain = dense_chain(quantizer(0.25f, 4, true));
  Quantizer q = quantizer(0.125f, 8, true);
  q.zero_point = {-100};
  chain.quantize("act", q);
  const Model model = lower(chain.graph, {}).model;
  const Layer& act = first_of(model, LayerKind::activation);
  EXPECT_EQ(act.low_code(), -28);
  EXPECT_EQ(act.high_code(), 227);
}

TEST(Lower, BatchNormBeforeFewLevelsBecomesStoredThresholds) {
  Chain chain = dense_chain(quantizer(0.25f, 4, true));
  chain.constant("scale", Op::multiply_constant, floats({-0.37f}));
  chain.constant("shift", Op::add_constant, floats({0.11f}));
  chain.quantize("act", quantizer(1, 2, true, true));
  Lowered lowered = lower(chain.graph, {});
  const Layer& act = first_of(lowered.model, LayerKind::threshold);
  const Parameter& thresholds = parameter_of(lowered.model, act.thresholds);
  EXPECT_EQ(thresholds.shape, (Shape{1, 2}));
  EXPECT_FALSE(thresholds.constant);
  // -0.37 x acc / 64 + 0.11 reaches -0.5 and 0.5 falling: mirrored, from acc' = -105.5... and 67.4... up.
  EXPECT_EQ(thresholds.codes, (std::vector<int32_t>{-105, 68}));
  EXPECT_TRUE(lowered.differences.empty());
}

TEST(Lower, BatchNormBeforeManyLevelsBecomesAnAffineLayerAndIsCompared) {
  Chain chain = dense_chain(quantizer(0.25f, 4, true));
  chain.constant("scale", Op::multiply_constant, floats({0.37f}));
  chain.quantize("act", quantizer(0.01f, 8, true));
  Lowered lowered = lower(chain.graph, {.affine_bits = 18});
  const Layer& affine = first_of(lowered.model, LayerKind::affine);
  EXPECT_EQ(parameter_of(lowered.model, affine.scale).format.bits, 18);
  EXPECT_FALSE(parameter_of(lowered.model, affine.scale).constant);
  ASSERT_EQ(lowered.differences.size(), 1u);
  EXPECT_EQ(lowered.differences[0].node, "act");
  EXPECT_GT(lowered.differences[0].checked, 100);
  EXPECT_NEAR(static_cast<double>(lowered.model.layers().back().unit) / 128, 0.01, 1e-9);
}

TEST(Lower, CoarseAffineLayersAreSeenToDiffer) {
  Chain chain = dense_chain(quantizer(0.25f, 4, true));
  chain.constant("scale", Op::multiply_constant, floats({0.37f}));
  chain.quantize("act", quantizer(0.01f, 8, true));
  Lowered lowered = lower(chain.graph, {.affine_bits = 4});
  EXPECT_GT(lowered.differences[0].differing, 0);
}

TEST(Lower, ScalePerChannelIsAConstantWithoutBits) {
  Chain chain({2});
  chain.quantize("in", quantizer(0.0625f, 8, true));
  Quantizer kernel = quantizer(0.25f, 4, true);
  kernel.scale = {0.25f, 0.3f};
  chain.constant("fc", Op::dense, stored("w", {2, 2}, {3, -2, 1, 0}, kernel));
  chain.quantize("act", quantizer(0.125f, 8, true));
  Model model = lower(chain.graph, {}).model;
  EXPECT_TRUE(parameter_of(model, first_of(model, LayerKind::affine).scale).constant);
  EXPECT_EQ(BitSpace(model).size(), 4u * 4u);  // the codes of the kernel alone
}

TEST(Lower, BiasInStepsOfTheSumsStaysAStoredBias) {
  Chain chain = dense_chain(quantizer(0.3f, 4, true));
  chain.constant("bias", Op::add_constant, stored("b", {1}, {77}, quantizer(0.3f * 0.0625f, 16, true)));
  Model model = lower(chain.graph, {}).model;
  const Parameter& bias = parameter_of(model, first_of(model, LayerKind::dense).bias);
  EXPECT_EQ(bias.codes[0], 77);
  EXPECT_EQ(bias.format.bits, 16);
}

TEST(Lower, BiasWithAStepOfItsOwnIsAddedAfterTheScales) {
  Chain chain = dense_chain(quantizer(0.3f, 4, true));
  chain.constant("bias", Op::add_constant, stored("b", {1}, {77}, quantizer(0.0625f, 16, true)));
  chain.quantize("act", quantizer(0.125f, 8, true));
  Model model = lower(chain.graph, {}).model;
  const Layer& affine = first_of(model, LayerKind::affine);
  EXPECT_EQ(parameter_of(model, affine.shift).codes[0], 77);
  EXPECT_FALSE(parameter_of(model, affine.shift).constant);
}

TEST(Lower, ScaleBeforeAStoredBiasIsCompared) {
  auto differences = [](float scale) {
    Chain chain = dense_chain(quantizer(scale, 4, true));
    chain.constant("bias", Op::add_constant, stored("b", {1}, {5}, quantizer(0.0625f, 8, true)));
    chain.quantize("act", quantizer(0.125f, 8, true));
    return lower(chain.graph, {}).differences;
  };
  ASSERT_EQ(differences(0.3f).size(), 1u);
  EXPECT_GT(differences(0.3f)[0].checked, 100);
  EXPECT_TRUE(differences(0.25f).empty());
}

TEST(Lower, FloatBiasIsRoundedAloud) {
  Chain chain = dense_chain(quantizer(0.25f, 4, true));
  chain.constant("bias", Op::add_constant, floats({0.3f}));
  Lowered lowered = lower(chain.graph, {.bias_bits = 10});
  EXPECT_EQ(parameter_of(lowered.model, first_of(lowered.model, LayerKind::dense).bias).format.bits, 10);
  EXPECT_THAT(lowered.assumptions.back(), HasSubstr("float bias of \"bias\""));
}

TEST(Lower, TanhBecomesAConstantTable) {
  Chain chain = dense_chain(quantizer(0.25f, 4, true));
  chain.add("tanh", Op::tanh).quantize("act", quantizer(0.0078125f, 8, true));
  Model model = lower(chain.graph, {}).model;
  const Parameter& table = parameter_of(model, first_of(model, LayerKind::threshold).thresholds);
  EXPECT_EQ(table.shape, (Shape{1, 255}));
  EXPECT_TRUE(table.constant);
}

TEST(Lower, MultiThresholdKeepsItsThresholdsAndTheirOrder) {
  Chain chain = dense_chain(quantizer(0.25f, 4, true));
  Node node;
  Constant thresholds = floats({0.5f, -1.0f});
  thresholds.shape = {1, 2};
  node.constant = thresholds;
  node.out_scale = 0.5f;
  node.out_bias = -0.5f;
  chain.add("mt", Op::multi_threshold, node);
  Model model = lower(chain.graph, {}).model;
  const Layer& layer = first_of(model, LayerKind::threshold);
  EXPECT_EQ(parameter_of(model, layer.thresholds).codes, (std::vector<int32_t>{32, -64}));
  EXPECT_EQ(layer.low, -1);
  EXPECT_EQ(layer.high, 1);
}

TEST(Lower, SharedKernelIsStoredOnce) {
  Chain chain({2});
  chain.quantize("in", quantizer(0.0625f, 8, true));
  Constant shared = stored("w", {2, 2}, {1, 2, -1, 0}, quantizer(0.25f, 4, true));
  chain.constant("fc1", Op::dense, shared).quantize("a", quantizer(0.0625f, 8, true));
  chain.constant("fc2", Op::dense, shared);
  Model model = lower(chain.graph, {}).model;
  EXPECT_EQ(model.parameters().size(), 1u);
}

TEST(Lower, FloatWeightsAreRefusedWithTheWaysOut) {
  Chain chain({2});
  chain.quantize("in", quantizer(0.0625f, 8, true));
  Constant w = floats({0.1f, 0.2f});
  w.shape = {1, 2};
  chain.constant("decoder", Op::dense, w);
  std::string message = refusal(chain.graph);
  EXPECT_THAT(message, HasSubstr("\"decoder\""));
  EXPECT_THAT(message, HasSubstr("--float_format"));
  EXPECT_THAT(message, HasSubstr("--end_at"));
  EXPECT_EQ(refusal(chain.graph, {.float_format = Format{6, 0, true}}), "");
}

TEST(Lower, SumsWithoutAQuantizerAreRefusedUnlessAFormatIsGiven) {
  Chain chain = dense_chain(quantizer(0.25f, 8, true));
  chain.add("relu", Op::relu);
  chain.constant("fc2", Op::dense, stored("w2", {1, 1}, {3}, quantizer(0.25f, 4, true)));
  EXPECT_THAT(refusal(chain.graph), HasSubstr("no quantizer rounds"));
  EXPECT_EQ(refusal(chain.graph, {.float_format = Format{8, 3, true}}), "");
}

TEST(Lower, OutputCutsTheNetworkAtANamedNode) {
  Chain chain = dense_chain(quantizer(0.25f, 4, true));
  chain.quantize("model/act", quantizer(0.125f, 8, true));
  chain.constant("fc2", Op::dense, stored("w2", {1, 1}, {3}, quantizer(0.25f, 4, true)));
  EXPECT_EQ(lower(chain.graph, {.output = "act"}).model.layers().size(), 3u);
  EXPECT_EQ(lower(chain.graph, {.output = "model/act"}).model.layers().size(), 3u);
  EXPECT_THAT(refusal(chain.graph, {.output = "actual"}), HasSubstr("names 0 nodes"));
}

TEST(Lower, BadQuantizersAreRefusedByName) {
  for (float scale : {0.0f, -1.0f, std::numeric_limits<float>::infinity(), std::nanf("")}) {
    Chain chain = dense_chain(quantizer(0.25f, 4, true));
    chain.quantize("act", quantizer(scale, 8, true));
    EXPECT_THAT(refusal(chain.graph), HasSubstr("\"act\": its quantizer has scale"));
  }
  Chain chain = dense_chain(quantizer(0.25f, 4, true));
  Quantizer per_channel = quantizer(0.25f, 8, true);
  per_channel.scale = {0.25f, 0.5f};
  chain.quantize("act", per_channel);
  EXPECT_THAT(refusal(chain.graph), HasSubstr("2 scales"));
}

TEST(Lower, WeightsOfPlusAndMinusOneAreReadAsBits) {
  Chain chain({2});
  chain.quantize("in", bipolar(1));
  Constant w = floats({1, -1});
  w.shape = {1, 2};
  chain.constant("fc", Op::dense, w);
  Lowered lowered = lower(chain.graph, {});
  EXPECT_TRUE(lowered.model.parameters()[0].bipolar || lowered.model.parameters()[1].bipolar);
  EXPECT_THAT(lowered.assumptions, ::testing::Contains(HasSubstr("one bipolar bit")));
}

TEST(Lower, ArgmaxAtTheEndIsTheScore) {
  Chain chain = dense_chain(quantizer(0.25f, 4, true));
  chain.add("top", Op::argmax);
  EXPECT_EQ(lower(chain.graph, {}).model.layers().back().kind, LayerKind::softmax);
}

TEST(Lower, SoftmaxInTheMiddleIsRefused) {
  Chain chain = dense_chain(quantizer(0.25f, 4, true));
  chain.add("softmax", Op::softmax).quantize("act", quantizer(0.125f, 8, true));
  EXPECT_THAT(refusal(chain.graph), HasSubstr("\"softmax\""));
}

}  // namespace
}  // namespace netsurf::foreign::testing
