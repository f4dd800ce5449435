// Each layer class against a plain loop over Keras's own layout.
#include <gtest/gtest.h>

#include <cmath>

#include "models/keras/keras_reader.h"
#include "tests/models/keras/interpreter.h"
#include "tests/models/keras/keras_files.h"

namespace netsurf::keras {
namespace {

using foreign::Graph;
using foreign::Op;
using nlohmann::json;

Graph graph_of(const std::vector<json>& layers, const LayerTensors& tensors) {
  return graph_from_h5(whole_file(sequential(layers), tensors), "net.h5");
}

std::vector<double> wide(const std::vector<float>& values) { return {values.begin(), values.end()}; }

/// The output for one input, on a grid fine enough that all sums are exact.
std::vector<double> run(const Graph& graph, const std::vector<float>& input) {
  return interpret(graph, wide(input))[static_cast<size_t>(graph.output)].values;
}

json without_bias(json config) {
  config["use_bias"] = false;
  return config;
}

TEST(KerasLayers, DenseKernelsAreTransposed) {
  std::vector<float> kernel = some_numbers(6), bias = {1, -2, 0.5}, x = {0.75, -1.5};
  Graph graph = graph_of({input("in", {2}), layer("Dense", "fc", {{"units", 3}})},
                         {{"fc", {{"fc/kernel:0", {2, 3}, kernel}, {"fc/bias:0", {3}, bias}}}});
  std::vector<double> y = run(graph, x);
  for (size_t o = 0; o < 3; ++o) EXPECT_EQ(y[o], x[0] * kernel[o] + x[1] * kernel[3 + o] + bias[o]);
  ASSERT_EQ(graph.nodes.size(), 3u);
  EXPECT_EQ(graph.nodes[1].name, "fc");
  EXPECT_EQ(graph.nodes[2].name, "fc/bias");
  EXPECT_TRUE(graph.nodes[2].is_learned);
  EXPECT_EQ(graph.nodes[1].constant->name, "fc/kernel");
  EXPECT_FALSE(graph.nodes[1].constant->quantizer);
}

TEST(KerasLayers, DenseOnAnImageActsOnEveryPixel) {
  std::vector<float> kernel = some_numbers(6), x = some_numbers(8, 3);
  Graph graph = graph_of({input("in", {2, 2, 2}), layer("Dense", "fc", without_bias({{"units", 3}}))},
                         {{"fc", {{"kernel:0", {2, 3}, kernel}}}});
  std::vector<double> y = run(graph, x);
  for (size_t pixel = 0; pixel < 4; ++pixel) {
    for (size_t o = 0; o < 3; ++o) {
      EXPECT_EQ(y[3 * pixel + o], x[2 * pixel] * kernel[o] + x[2 * pixel + 1] * kernel[3 + o]);
    }
  }
}

TEST(KerasLayers, ConvolutionWithSamePaddingPutsTheOddRowBelow) {
  std::vector<float> kernel = some_numbers(3 * 3 * 2 * 4), x = some_numbers(4 * 4 * 2, 7);
  Graph graph =
      graph_of({input("in", {4, 4, 2}), layer("QConv2D", "conv",
                                              without_bias({{"filters", 4},
                                                            {"kernel_size", {3, 3}},
                                                            {"strides", {2, 2}},
                                                            {"padding", "same"},
                                                            {"kernel_quantizer", quantized_bits(8, 3)}}))},
               {{"conv", {{"conv/kernel:0", {3, 3, 2, 4}, kernel}}}});
  std::vector<double> y = run(graph, x);
  ASSERT_EQ(y.size(), 2u * 2 * 4);
  for (int row = 0; row < 2; ++row) {
    for (int column = 0; column < 2; ++column) {
      for (int o = 0; o < 4; ++o) {
        double sum = 0;
        for (int i = 0; i < 3; ++i) {
          for (int j = 0; j < 3; ++j) {
            if (2 * row + i > 3 || 2 * column + j > 3) continue;
            for (int c = 0; c < 2; ++c) {
              sum += kernel[static_cast<size_t>(((i * 3 + j) * 2 + c) * 4 + o)] *
                     x[static_cast<size_t>(((2 * row + i) * 4 + 2 * column + j) * 2 + c)];
            }
          }
        }
        EXPECT_EQ(y[static_cast<size_t>((row * 2 + column) * 4 + o)], sum);
      }
    }
  }
}

TEST(KerasLayers, CausalPaddingStandsBeforeTheFirstStepOnly) {
  nlohmann::json config = without_bias({{"filters", 3},
                                        {"kernel_size", {3}},
                                        {"strides", {1}},
                                        {"dilation_rate", {2}},
                                        {"padding", "causal"}});
  Graph graph = graph_of({input("in", {5, 2}), layer("QConv1D", "conv", config)},
                         {{"conv", {{"kernel:0", {3, 2, 3}, some_numbers(3 * 2 * 3)}}}});
  EXPECT_EQ(graph.nodes[1].window.pad_left, 4);
  EXPECT_EQ(graph.nodes[1].window.pad_right, 0);
}

TEST(KerasLayers, OneDimensionalConvolutionsBecomeImagesOfHeightOne) {
  std::vector<float> kernel = some_numbers(2 * 2 * 3), x = some_numbers(5 * 2, 5);
  Graph graph = graph_of(
      {input("in", {5, 2}),
       layer("QConv1D", "conv",
             without_bias({{"filters", 3}, {"kernel_size", {2}}, {"strides", {1}}, {"padding", "valid"}}))},
      {{"conv", {{"kernel:0", {2, 2, 3}, kernel}}}});
  EXPECT_EQ(graph.nodes[0].shape, (Shape{1, 5, 2}));
  EXPECT_EQ(graph.nodes[1].constant->shape, (Shape{3, 1, 2, 2}));
  std::vector<double> y = run(graph, x);
  for (size_t step = 0; step < 4; ++step) {
    for (size_t o = 0; o < 3; ++o) {
      double sum = 0;
      for (size_t j = 0; j < 2; ++j) {
        for (size_t c = 0; c < 2; ++c) sum += kernel[(j * 2 + c) * 3 + o] * x[(step + j) * 2 + c];
      }
      EXPECT_EQ(y[step * 3 + o], sum);
    }
  }
}

TEST(KerasLayers, DepthwiseChannelsAreOrderedByInputThenMultiplier) {
  std::vector<float> kernel = some_numbers(2 * 2 * 2 * 3), x = some_numbers(2 * 2 * 2, 5);
  Graph graph = graph_of(
      {input("in", {2, 2, 2}),
       layer("QDepthwiseConv2D", "dw", without_bias({{"kernel_size", {2, 2}}, {"depth_multiplier", 3}}))},
      {{"dw", {{"dw/depthwise_kernel:0", {2, 2, 2, 3}, kernel}}}});
  EXPECT_EQ(graph.nodes[1].groups, 2);
  std::vector<double> y = run(graph, x);
  ASSERT_EQ(y.size(), 6u);
  for (size_t c = 0; c < 2; ++c) {
    for (size_t m = 0; m < 3; ++m) {
      double sum = 0;
      for (size_t pixel = 0; pixel < 4; ++pixel) sum += kernel[(pixel * 2 + c) * 3 + m] * x[pixel * 2 + c];
      EXPECT_EQ(y[c * 3 + m], sum);
    }
  }
}

TEST(KerasLayers, SeparableConvolutionsAreTwo) {
  std::vector<float> depthwise = some_numbers(4), pointwise = some_numbers(6, 9), x = some_numbers(8, 5);
  Graph graph =
      graph_of({input("in", {2, 2, 2}),
                layer("QSeparableConv2D", "sep", without_bias({{"filters", 3}, {"kernel_size", {1, 2}}}))},
               {{"sep",
                 {{"sep/depthwise_kernel:0", {1, 2, 2, 1}, depthwise},
                  {"sep/pointwise_kernel:0", {1, 1, 2, 3}, pointwise}}}});
  ASSERT_EQ(graph.nodes.size(), 3u);
  EXPECT_EQ(graph.nodes[2].name, "sep/pointwise");
  std::vector<double> y = run(graph, x);
  for (size_t row = 0; row < 2; ++row) {
    for (size_t o = 0; o < 3; ++o) {
      double sum = 0;
      for (size_t c = 0; c < 2; ++c) {
        sum += (depthwise[c] * x[row * 4 + c] + depthwise[2 + c] * x[row * 4 + 2 + c]) * pointwise[c * 3 + o];
      }
      EXPECT_EQ(y[row * 3 + o], sum);
    }
  }
}

/// One input pixel of a transposed convolution shows the kernel itself: where it lands and what is cut off.
TEST(KerasLayers, TransposedConvolutionLaysTheKernelAroundThePixel) {
  std::vector<float> kernel = some_numbers(9);
  Graph graph = graph_of(
      {input("in", {2, 2, 1}),
       layer("Conv2DTranspose", "up",
             without_bias(
                 {{"filters", 1}, {"kernel_size", {3, 3}}, {"strides", {2, 2}}, {"padding", "same"}}))},
      {{"up", {{"up/kernel:0", {3, 3, 1, 1}, kernel}}}});
  std::vector<double> y = run(graph, {0, 0, 0, 1});
  ASSERT_EQ(y.size(), 16u);
  for (size_t row = 0; row < 4; ++row) {
    for (size_t column = 0; column < 4; ++column) {
      double expected = row >= 2 && column >= 2 ? kernel[(row - 2) * 3 + column - 2] : 0;
      EXPECT_EQ(y[row * 4 + column], expected);
    }
  }
}

TEST(KerasLayers, TransposedConvolutionReachesAsFarAsItsStrideWhenTheKernelIsSmaller) {
  Graph graph =
      graph_of({input("in", {2, 1, 1}),
                layer("Conv2DTranspose", "up",
                      without_bias({{"filters", 2}, {"kernel_size", {1, 1}}, {"strides", {3, 1}}}))},
               {{"up", {{"up/kernel:0", {1, 1, 2, 1}, {2, 5}}}}});
  EXPECT_EQ(run(graph, {1, 3}), (std::vector<double>{2, 5, 0, 0, 0, 0, 6, 15, 0, 0, 0, 0}));
}

TEST(KerasLayers, ZerosAroundAnImageGoIntoTheWindowAfterThem) {
  Graph graph =
      graph_of({input("in", {2, 2, 1}), layer("ZeroPadding2D", "pad", {{"padding", {{1, 0}, {0, 1}}}}),
                layer("Conv2D", "conv", without_bias({{"filters", 1}, {"kernel_size", {2, 2}}}))},
               {{"pad", {}}, {"conv", {{"kernel:0", {2, 2, 1, 1}, {1, 10, 100, 1000}}}}});
  EXPECT_EQ(run(graph, {1, 2, 3, 4}), (std::vector<double>{2100, 200, 4321, 402}));
  ASSERT_EQ(graph.folded.size(), 1u);
  EXPECT_NE(graph.folded[0].find("pad"), std::string::npos);
}

TEST(KerasLayers, AveragesCountTheZerosOfAPaddingLayerButNotThoseOfSame) {
  json pool = {{"pool_size", {2, 2}}, {"strides", {1, 1}}};
  Graph padded =
      graph_of({input("in", {1, 1, 1}), layer("ZeroPadding2D", "pad", {{"padding", {{0, 1}, {0, 1}}}}),
                layer("AveragePooling2D", "pool", pool)},
               {});
  EXPECT_EQ(run(padded, {8}), std::vector<double>{2});
  pool["padding"] = "same";
  Graph same = graph_of({input("in", {1, 1, 1}), layer("AveragePooling2D", "pool", pool)}, {});
  EXPECT_EQ(run(same, {8}), std::vector<double>{8});
}

TEST(KerasLayers, PoolsAndUpsamplingKeepChannelsApart) {
  Graph graph = graph_of(
      {input("in", {2, 2, 2}), layer("MaxPooling2D", "max", {{"pool_size", {2, 2}}, {"strides", nullptr}}),
       layer("UpSampling2D", "up", {{"size", {1, 2}}}), layer("GlobalAveragePooling2D", "mean")},
      {});
  std::vector<Image> all = interpret(graph, {1, -1, 2, -2, 3, -3, 4, -4});
  EXPECT_EQ(all[1].values, (std::vector<double>{4, -1}));
  EXPECT_EQ(all[2].values, (std::vector<double>{4, -1, 4, -1}));
  EXPECT_EQ(all[3].values, (std::vector<double>{4, -1}));
}

TEST(KerasLayers, BatchNormIsAFactorAndAShiftInTensorFlowsOrder) {
  LayerTensors tensors = {{"bn",
                           {{"bn/gamma:0", {2}, {2, 3}},
                            {"bn/beta:0", {2}, {0.5, -1}},
                            {"bn/moving_mean:0", {2}, {4, 8}},
                            {"bn/moving_variance:0", {2}, {3, 15}}}}};
  json norm = layer("BatchNormalization", "bn", {{"epsilon", 1.0}, {"axis", {1}}});
  Graph vector = graph_of({input("in", {2}), norm}, tensors);
  ASSERT_EQ(vector.nodes.size(), 3u);
  EXPECT_EQ(vector.nodes[1].op, Op::multiply_constant);
  EXPECT_EQ(vector.nodes[1].constant->values, (std::vector<float>{1, 0.75}));
  EXPECT_EQ(vector.nodes[2].constant->values, (std::vector<float>{0.5f - 4, -1 - 8 * 0.75f}));
  norm["config"]["axis"] = {3};
  Graph image = graph_of({input("in", {1, 1, 2}), norm}, tensors);
  ASSERT_EQ(image.nodes.size(), 4u);
  EXPECT_EQ(image.nodes[1].constant->values, (std::vector<float>{-4, -8}));
  EXPECT_EQ(image.nodes[2].constant->values, (std::vector<float>{1, 0.75}));
  EXPECT_EQ(image.nodes[3].constant->values, (std::vector<float>{0.5, -1}));
  for (size_t i = 1; i < 4; ++i) EXPECT_TRUE(image.nodes[i].is_learned);
}

TEST(KerasLayers, BatchNormInsideALayerIsFoldedBeforeTheQuantizer) {
  Graph graph = graph_of({input("in", {1}), layer("QDenseBatchnorm", "fc",
                                                  {{"units", 2},
                                                   {"epsilon", 1.0},
                                                   {"kernel_quantizer", quantized_bits(6, 2)},
                                                   {"bias_quantizer", quantized_bits(6, 2)}})},
                         {{"fc",
                           {{"fc/kernel:0", {1, 2}, {1, 1}},
                            {"fc/bias:0", {2}, {1, 0}},
                            {"fc/bn/gamma:0", {2}, {1, 3}},
                            {"fc/bn/beta:0", {2}, {0.25, 0}},
                            {"fc/iteration:0", {}, {7}},
                            {"fc/bn/moving_mean:0", {2}, {3, 1}},
                            {"fc/bn/moving_variance:0", {2}, {3, 3}}}}});
  // Factors are 1/2 and 3/2; the biases (1 - 3)/2 + 1/4 and (0 - 1) 3/2; the step is 1/8.
  EXPECT_EQ(foreign::quantized_codes(*graph.nodes[1].constant), (std::vector<int32_t>{4, 12}));
  EXPECT_EQ(foreign::quantized_codes(*graph.nodes[2].constant), (std::vector<int32_t>{-6, -12}));
  ASSERT_EQ(graph.folded.size(), 1u);
  EXPECT_NE(graph.folded[0].find("fc"), std::string::npos);
}

TEST(KerasLayers, TernaryAndBinaryDenseDecideAsTheirSourceDoes) {
  std::vector<float> kernel = {0.5f, 0.51f, -0.5f, -0.49f, 0, 1e-9f};
  auto codes_of = [&](const std::string& class_name, double scale) {
    Graph graph =
        graph_of({input("in", {1}), layer(class_name, "fc", without_bias({{"units", 6}, {"H", scale}}))},
                 {{"fc", {{"fc/kernel:0", {1, 6}, kernel}}}});
    EXPECT_EQ(graph.assumptions.size(), 1u);
    EXPECT_EQ(graph.nodes[1].constant->quantizer->scale[0], static_cast<float>(scale));
    return foreign::quantized_codes(*graph.nodes[1].constant);
  };
  EXPECT_EQ(codes_of("TernaryDense", 1), (std::vector<int32_t>{0, 1, -1, 0, 0, 0}));
  EXPECT_EQ(codes_of("TernaryDense", 0.5), (std::vector<int32_t>{1, 1, -1, -1, 0, 0}));
  EXPECT_EQ(codes_of("BinaryDense", 1), (std::vector<int32_t>{1, 1, 0, 0, 0, 1}));
}

TEST(KerasLayers, ReluHasItsBoundsAndSlopes) {
  auto op_of = [](json config, const std::string& class_name = "ReLU") {
    Graph graph = graph_of({input("in", {1}), layer(class_name, "act", config)}, {});
    return graph.nodes[1];
  };
  EXPECT_EQ(op_of(json::object()).op, Op::relu);
  EXPECT_EQ(op_of({{"max_value", 6.0}}).op, Op::clip);
  EXPECT_EQ(op_of({{"max_value", 6.0}}).maximum, 6);
  EXPECT_EQ(op_of({{"negative_slope", 0.25}}).alpha, 0.25);
  EXPECT_EQ(op_of({{"alpha", 0.125}}, "LeakyReLU").alpha, 0.125);
  EXPECT_EQ(op_of({{"rate", 0.5}}, "Dropout").op, Op::identity);
}

TEST(KerasLayers, BranchesJoinAndReshape) {
  json model =
      functional("net",
                 {reading(layer("Concatenate", "cat", {{"axis", -1}}), {"a", "sum"}), input("in", {2}),
                  reading(layer("Reshape", "a", {{"target_shape", {1, -1, 1}}}), {"in"}),
                  reading(layer("Add", "sum"), {"a", "b"}),
                  reading(layer("Activation", "b", {{"activation", "relu"}}), {"a"})},
                 {"in"}, "cat");
  Graph graph = graph_from_h5(whole_file(model, {}), "net.h5");
  EXPECT_EQ(run(graph, {-1, 2}), (std::vector<double>{-1, -1, 2, 4}));
}

}  // namespace
}  // namespace netsurf::keras
