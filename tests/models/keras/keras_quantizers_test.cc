// Quantizers: their spellings, the codes they make of weights, and what they do to activations.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "models/keras/keras_reader.h"
#include "models/keras/quantized_constant.h"
#include "tests/models/expect_error.h"
#include "tests/models/keras/interpreter.h"
#include "tests/models/keras/keras_files.h"

namespace netsurf::keras {
namespace {

using foreign::Graph;
using foreign::Quantizer;
using nlohmann::json;

QuantizedTensor quantize(const json& spelling, const StoredTensor& tensor,
                         WeightRole role = WeightRole::kernel) {
  return quantize_weights(QuantizerSpec::read(spelling, "kernel_quantizer"), tensor, role);
}

/// What a QActivation of this spelling makes of x.
std::vector<double> activate(const json& spelling, const std::vector<double>& x) {
  json model = sequential(
      {input("in", {static_cast<int>(x.size())}), layer("QActivation", "act", {{"activation", spelling}})});
  Graph graph = graph_from_h5(whole_file(model, {}), "net.h5");
  return interpret(graph, x)[static_cast<size_t>(graph.output)].values;
}

TEST(KerasQuantizers, AllSpellingsMeanTheSame) {
  json with_module = quantized_bits(6, 1);
  with_module["module"] = "qkeras.quantizers";
  with_module["registered_name"] = "qkeras>quantized_bits";
  with_module["config"]["post_training_scale"] = nullptr;
  for (const json& spelling : std::vector<json>{
           quantized_bits(6, 1), with_module, "quantized_bits(6, 1, 0, True, 1)",
           "quantized_bits(bits=6,integer=1,alpha=1.0)", " quantized_bits( 6 ,1, alpha = 1 ) "}) {
    Quantizer quantizer = *quantize(spelling, {{1}, {0.5}}).quantizer;
    EXPECT_EQ(quantizer.bits, 6) << spelling;
    EXPECT_EQ(quantizer.scale, std::vector<float>{0.0625}) << spelling;
    EXPECT_EQ(quantizer.low, -32) << spelling;
    EXPECT_EQ(quantizer.high, 31) << spelling;
    EXPECT_TRUE(quantizer.is_signed) << spelling;
  }
  EXPECT_EQ(activate("quantized_relu", {0.123}), activate("quantized_relu(8, 0)", {0.123}));
  EXPECT_EQ(activate({{"class_name", "function"}, {"config", "relu"}}, {-1, 2}), (std::vector<double>{0, 2}));
  EXPECT_EQ(activate(quantizer("qkeras>binary", {{"alpha", 0.5}}), {-1, 0}),
            (std::vector<double>{-0.5, 0.5}));
}

TEST(KerasQuantizers, SymmetricAndUnsignedFormatsHaveTheirRanges) {
  Quantizer symmetric = *quantize("quantized_bits(4,0,1,alpha=1)", {{1}, {0}}).quantizer;
  EXPECT_EQ(symmetric.low, -7);
  Quantizer positive = *quantize("quantized_bits(4,1,keep_negative=False,alpha=1)", {{1}, {0}}).quantizer;
  EXPECT_FALSE(positive.is_signed);
  EXPECT_EQ(positive.high, 15);
  EXPECT_EQ(positive.scale[0], 0.125f);
  Quantizer linear = *quantize("quantized_linear(4,0,alpha=0.5)", {{1}, {0}}).quantizer;
  EXPECT_EQ(linear.low, -7) << "quantized_linear is symmetric by default";
  EXPECT_EQ(linear.scale[0], 0.0625f);
}

TEST(KerasQuantizers, OneBitIsASignAndZeroCountsAsPlus) {
  QuantizedTensor tensor = quantize("quantized_bits(1,3,alpha=2)", {{3}, {-0.1f, 0, 5}});
  EXPECT_TRUE(tensor.quantizer->bipolar);
  EXPECT_EQ(tensor.quantizer->scale[0], 2);
  EXPECT_EQ(tensor.codes, (std::vector<int32_t>{0, 1, 1}));
  EXPECT_EQ(activate("quantized_bits(1,0)", {-0.1, 0, 5}), (std::vector<double>{-1, 1, 1}));
}

TEST(KerasQuantizers, ANumberAsAlphaMultipliesCodesThatWereNotDividedByIt) {
  QuantizedTensor tensor = quantize("quantized_bits(4,0,alpha=0.75)", {{2}, {0.5, 2}});
  EXPECT_EQ(tensor.codes, (std::vector<int32_t>{4, 7}));
  EXPECT_EQ(tensor.quantizer->scale[0], 0.75f / 8);
  EXPECT_EQ(activate("quantized_bits(4,0,alpha=0.75)", {0.5, 2}), (std::vector<double>{0.375, 0.75 * 7 / 8}));
}

TEST(KerasQuantizers, AutomaticScaleFitsTheLargestWeightOfEachChannel) {
  // 3 bits: codes -3..3; channel 0 has a step of 6/3, channel 1 of 0.75/3. Halves go away from zero.
  QuantizedTensor tensor =
      quantize("quantized_bits(3,0,alpha='auto')", {{3, 2}, {6, 0.75, -3, 0.125, 1, -0.375}});
  EXPECT_EQ(tensor.quantizer->scale, (std::vector<float>{2, 0.25}));
  EXPECT_EQ(tensor.codes, (std::vector<int32_t>{3, 3, -2, 1, 1, -2}));
  EXPECT_EQ(tensor.quantizer->low, -3);
  ASSERT_EQ(tensor.assumptions.size(), 1u);
}

TEST(KerasQuantizers, AMissingAlphaIsAutoPo2OnKernelsAndOneOnBiases) {
  StoredTensor tensor{{2, 1}, {3, 1.5}};
  QuantizedTensor kernel = quantize("quantized_bits(3,0)", tensor);
  EXPECT_EQ(kernel.quantizer->scale, std::vector<float>{1});
  EXPECT_EQ(kernel.codes, (std::vector<int32_t>{3, 2}));
  ASSERT_EQ(kernel.assumptions.size(), 1u);
  EXPECT_NE(kernel.assumptions[0].find("None"), std::string::npos);
  QuantizedTensor same = quantize("quantized_bits(3,0,alpha='auto_po2')", tensor);
  EXPECT_EQ(same.codes, kernel.codes);
  EXPECT_EQ(same.quantizer->scale, kernel.quantizer->scale);
  QuantizedTensor bias = quantize("quantized_bits(3,0)", {{2}, {3, 1.5}}, WeightRole::bias);
  EXPECT_TRUE(bias.codes.empty());
  EXPECT_EQ(bias.quantizer->scale, std::vector<float>{0.25});
}

TEST(KerasQuantizers, ChannelsOfZerosGetAScaleThatIsNotZero) {
  QuantizedTensor tensor = quantize("quantized_bits(3,0,alpha='auto')", {{2, 2}, {0, 3, 0, -3}});
  EXPECT_GT(tensor.quantizer->scale[0], 0);
  EXPECT_EQ(tensor.codes, (std::vector<int32_t>{0, 3, 0, -3}));
}

TEST(KerasQuantizers, WeightsBeyondFloat32AreRefused) {
  auto refused = [](const char* spelling, std::vector<float> values) {
    int64_t count = static_cast<int64_t>(values.size());
    expect_error<FormatError>([&] { quantize(spelling, {{count, 1}, values}); }, {"alpha"});
  };
  refused("quantized_bits(4,-62,alpha='auto_po2')", {1e30f, 1});
  refused("quantized_bits(4,-62,alpha='auto')", {1e30f, 1});
  refused("binary(alpha='auto')", {0, 0});
}

TEST(KerasQuantizers, TernaryAndBinaryWeightsHaveScalesOfLeastSquares) {
  QuantizedTensor fixed = quantize("ternary(alpha=0.5,threshold=0.25)", {{3}, {0.25, -0.2f, -9}});
  EXPECT_EQ(fixed.codes, (std::vector<int32_t>{1, 0, -1}));
  EXPECT_EQ(fixed.quantizer->scale, std::vector<float>{0.5});
  QuantizedTensor automatic = quantize("ternary(alpha='auto')", {{4, 1}, {2, -2, 0.25, 0}});
  EXPECT_EQ(automatic.codes, (std::vector<int32_t>{1, -1, 0, 0}));
  EXPECT_NEAR(automatic.quantizer->scale[0], 2, 1e-5);
  QuantizedTensor binary = quantize("binary(alpha='auto')", {{4, 1}, {1, -2, 3, -2}});
  EXPECT_EQ(binary.codes, (std::vector<int32_t>{1, 0, 1, 0}));
  EXPECT_NEAR(binary.quantizer->scale[0], 2, 1e-5);
  EXPECT_TRUE(binary.quantizer->bipolar);
  QuantizedTensor zero_one = quantize("binary(use_01=True,alpha=1)", {{2}, {-1, 0}});
  EXPECT_FALSE(zero_one.quantizer->bipolar);
  EXPECT_EQ(zero_one.codes, (std::vector<int32_t>{0, 1}));
}

TEST(KerasQuantizers, ReluRoundsHalfToEvenAndSaturates) {
  EXPECT_EQ(activate("quantized_relu(2,1)", {-1, 0.25, 0.75, 1.25, 9}),
            (std::vector<double>{0, 0, 1, 1, 1.5}));
}

TEST(KerasQuantizers, TheNegativePartOfASlopedReluIsRoundedAndClippedOnItsOwn) {
  // 4 bits with sign, integer 1: a step of 1/4; below zero the slope is 1/2 and the least value -1.
  EXPECT_EQ(activate("quantized_relu(4,1,negative_slope=0.5)", {-0.5, -0.75, -9, 0.375, 9}),
            (std::vector<double>{-0.25, -0.5, -1, 0.5, 1.75}));
}

TEST(KerasQuantizers, AnUpperBoundActsOnlyWithoutQuantizedClipping) {
  EXPECT_EQ(activate("quantized_relu(4,3,relu_upper_bound=6)", {7.5}), std::vector<double>{7.5});
  EXPECT_EQ(activate("quantized_relu(4,3,relu_upper_bound=6,is_quantized_clip=False)", {7.5}),
            std::vector<double>{6});
}

TEST(KerasQuantizers, TanhAndSigmoidAreHardUnlessTheySayReal) {
  EXPECT_EQ(activate("quantized_tanh(3)", {0.5, 2, -2}), (std::vector<double>{0.5, 0.75, -1}));
  EXPECT_EQ(activate("quantized_tanh(3,symmetric=True)", {-2}), std::vector<double>{-0.75});
  EXPECT_EQ(activate("quantized_tanh(8,use_real_tanh=True)", {0.5}),
            std::vector<double>{std::nearbyint(std::tanh(0.5) * 128) / 128});
  EXPECT_EQ(activate("quantized_sigmoid(3)", {0, 0.5, -9}), (std::vector<double>{0.5, 0.75, 0}));
  EXPECT_EQ(activate("quantized_sigmoid(3,True)", {-9}), std::vector<double>{0.125});
}

TEST(KerasQuantizers, ThresholdsSitOnTheExactFloat) {
  double third = 0.33f;
  EXPECT_EQ(activate("ternary", {-third, std::nextafter(-0.33f, 0.0f), third, std::nextafter(0.33f, 0.0f)}),
            (std::vector<double>{-1, 0, 1, 0}));
  EXPECT_EQ(activate("binary_tanh", {0, 1e-3, -1}), (std::vector<double>{-1, 1, -1}))
      << "ties go to even, which is -1";
  EXPECT_EQ(activate("binary_sigmoid", {0, 1e-3, -1}), (std::vector<double>{0, 1, 0}));
  EXPECT_EQ(activate("ternary_tanh", {0.5, 0.75, -0.5, -0.25}), (std::vector<double>{0, 1, -1, 0}));
}

TEST(KerasQuantizers, UnknownAndRandomQuantizersAreRefusedByName) {
  auto refused = [](const json& spelling, std::initializer_list<std::string_view> pieces) {
    expect_error<FormatError>([&] { quantize(spelling, {{2, 1}, {1, 2}}); }, pieces);
  };
  refused("bernoulli()", {"kernel_quantizer", "bernoulli", "random"});
  refused("quantized_po2(4)", {"quantized_po2", "exponents"});
  refused("stochastic_ternary(alpha='auto')", {"stochastic_ternary", "random"});
  refused("my_quantizer(3)", {"kernel_quantizer", "my_quantizer"});
  refused("quantized_relu(4)", {"quantized_relu", "no quantizer of weights"});
  refused("quantized_bits(4,0,alpha=-1)", {"alpha", "above 0"});
  refused("quantized_bits(4,0,alpha='other')", {"alpha", "other"});
  refused("quantized_bits(99)", {"bits", "99"});
  refused("quantized_bits(1)", {"bits", "divides by zero"});
  refused("quantized_bits(4,0,qnoise_factor=0.5,alpha=1)", {"qnoise_factor"});
  refused("quantized_bits(4,0,wings=2)", {"wings"});
  refused(quantizer("quantized_bits", {{"bits", 4}, {"alpha", {1, 2}}}), {"alpha", "a list of 2"});
  refused(quantizer("quantized_bits", {{"bits", 4}, {"post_training_scale", 0.5}}), {"post_training_scale"});
  for (const char* broken : {"", "(", "quantized_bits(", "quantized_bits(4", "quantized_bits(4,,)",
                             "quantized_bits(4 5)", "quantized_bits(bits=4,bits=4)",
                             "quantized_bits(integer=1, 4)", "quantized_bits(__import__('os'))"}) {
    refused(broken, {"kernel_quantizer"});
  }
  refused(7, {"kernel_quantizer", "expected a quantizer"});
}

TEST(KerasQuantizers, ActivationsThatNeedTheDataOrOtherFunctionsAreRefused) {
  auto refused = [](const json& spelling, std::initializer_list<std::string_view> pieces) {
    expect_error<FormatError>([&] { activate(spelling, {1}); }, pieces);
  };
  refused("quantized_bits(4,0,alpha='auto')", {"net.h5", "\"act\"", "QActivation", "alpha", "auto"});
  refused("quantized_relu(4,0,1)", {"use_sigmoid"});
  refused("quantized_relu(4,0,negative_slope=0.3)", {"negative_slope", "power of two"});
  refused("quantized_relu_po2(4)", {"quantized_relu_po2", "exponents"});
  refused("smooth_sigmoid", {"smooth_sigmoid"});
  refused("swish", {"swish"});
  refused("frobnicate", {"frobnicate", "no quantizer or activation"});
}

}  // namespace
}  // namespace netsurf::keras
