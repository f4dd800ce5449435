// The Keras files of the shared folder: their graphs as text, and what can be checked without a data set.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <map>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "models/keras/keras_reader.h"
#include "tests/models/expect_error.h"
#include "tests/models/keras/interpreter.h"

namespace netsurf::keras {
namespace {

using foreign::Graph;
using foreign::Node;
using foreign::Op;
using foreign::Quantizer;

const std::filesystem::path kModels = std::filesystem::path(NETSURF_SHARED_DIR) / "models";

#define SKIP_WITHOUT(folder)                                                    \
  if (!std::filesystem::exists(kModels / (folder))) {                           \
    GTEST_SKIP() << "no shared/models/" << (folder) << " beside this checkout"; \
  }

std::string text_of(const Quantizer& quantizer) {
  std::ostringstream out;
  out << " <" << quantizer.bits << (quantizer.is_signed ? "" : "u") << ", step " << quantizer.scale[0];
  if (quantizer.scale.size() > 1) out << " and " << quantizer.scale.size() - 1 << " more";
  out << ", " << quantizer.low << ".." << quantizer.high << ">";
  return out.str();
}

/// One line a node: "fc1 = dense(fc1_input) 64x16 <6, step 0.03125, -32..31>".
std::vector<std::string> lines_of(const Graph& graph) {
  static const std::map<Op, std::string> names = {{Op::input, "input"},
                                                  {Op::quantize, "quantize"},
                                                  {Op::dense, "dense"},
                                                  {Op::conv2d, "conv2d"},
                                                  {Op::conv2d_transpose, "transpose"},
                                                  {Op::add_constant, "plus"},
                                                  {Op::multiply_constant, "times"},
                                                  {Op::relu, "relu"},
                                                  {Op::sigmoid, "sigmoid"},
                                                  {Op::max_pool, "max_pool"},
                                                  {Op::flatten, "flatten"},
                                                  {Op::reshape, "reshape"},
                                                  {Op::softmax, "softmax"},
                                                  {Op::identity, "identity"}};
  std::vector<std::string> lines;
  for (const Node& node : graph.nodes) {
    std::string line = node.name + " = " + names.at(node.op);
    for (int input : node.inputs) line += " " + graph.nodes[static_cast<size_t>(input)].name;
    if (!node.shape.empty()) line += " to " + shape_text(node.shape);
    if (node.constant) line += " by " + shape_text(node.constant->shape);
    if (node.constant && node.constant->quantizer) line += text_of(*node.constant->quantizer);
    if (node.quantizer) line += text_of(*node.quantizer);
    if (node.window.stride_y > 1) line += " stride " + std::to_string(node.window.stride_y);
    if (node.window.pad_top + node.window.pad_bottom > 0) {
      line += " pads " + std::to_string(node.window.pad_top) + "," + std::to_string(node.window.pad_bottom);
    }
    lines.push_back(line);
  }
  return lines;
}

using Lines = std::vector<std::string>;

const Lines kJets = {
    "fc1_input = input to 16",
    "fc1 = dense fc1_input by 64x16 <6, step 0.03125, -32..31>",
    "fc1/bias = plus fc1 by 64 <6, step 0.03125, -32..31>",
    "relu1 = relu fc1/bias",
    "relu1/quantize = quantize relu1 <6u, step 0.015625, 0..63>",
    "fc2 = dense relu1/quantize by 32x64 <6, step 0.03125, -32..31>",
    "fc2/bias = plus fc2 by 32 <6, step 0.03125, -32..31>",
    "relu2 = relu fc2/bias",
    "relu2/quantize = quantize relu2 <6u, step 0.015625, 0..63>",
    "fc3 = dense relu2/quantize by 32x32 <6, step 0.03125, -32..31>",
    "fc3/bias = plus fc3 by 32 <6, step 0.03125, -32..31>",
    "relu3 = relu fc3/bias",
    "relu3/quantize = quantize relu3 <6u, step 0.015625, 0..63>",
    "output = dense relu3/quantize by 5x32 <6, step 0.03125, -32..31>",
    "output/bias = plus output by 5 <6, step 0.03125, -32..31>",
    "softmax = softmax output/bias",
};

TEST(SharedKerasModels, JetsAreTheSameFromJsonAndFromTheKeras3Zip) {
  SKIP_WITHOUT("qkeras_jets_3layer");
  std::filesystem::path folder = kModels / "qkeras_jets_3layer";
  Graph old = read_json(folder / "qkeras_3layer.json", folder / "qkeras_3layer_weights.h5");
  Graph zip = read_keras_zip(folder / "qkeras-v3_3layer.keras");
  EXPECT_EQ(lines_of(old), kJets);
  EXPECT_EQ(lines_of(zip), kJets);
  for (size_t i = 0; i < old.nodes.size(); ++i) {
    if (!old.nodes[i].constant) continue;
    EXPECT_EQ(old.nodes[i].constant->values, zip.nodes[i].constant->values) << i;
  }
}

TEST(SharedKerasModels, MnistCnn) {
  SKIP_WITHOUT("qkeras_mnist_cnn");
  std::filesystem::path folder = kModels / "qkeras_mnist_cnn";
  EXPECT_EQ(
      lines_of(read_json(folder / "qkeras_mnist_cnn.json", folder / "qkeras_mnist_cnn_weights.h5")),
      (Lines{
          "input_1 = input to 28x28x1", "q_conv2d = conv2d input_1 by 16x3x3x1 <6, step 0.03125, -32..31>",
          "q_conv2d/bias = plus q_conv2d by 16 <6, step 0.03125, -32..31>",
          "q_conv2d/relu = relu q_conv2d/bias", "q_activation = relu q_conv2d/relu",
          "q_activation/quantize = quantize q_activation <6u, step 0.015625, 0..63>",
          "max_pooling2d = max_pool q_activation/quantize stride 2",
          "q_conv2d_1 = conv2d max_pooling2d by 16x3x3x16 <6, step 0.03125, -32..31>",
          "q_conv2d_1/bias = plus q_conv2d_1 by 16 <6, step 0.03125, -32..31>",
          "q_conv2d_1/relu = relu q_conv2d_1/bias", "q_activation_1 = relu q_conv2d_1/relu",
          "q_activation_1/quantize = quantize q_activation_1 <6u, step 0.015625, 0..63>",
          "max_pooling2d_1 = max_pool q_activation_1/quantize stride 2", "flatten = flatten max_pooling2d_1",
          "dropout = identity flatten", "q_dense = dense dropout by 10x400 <6, step 0.03125, -32..31>",
          "q_dense/bias = plus q_dense by 10 <6, step 0.03125, -32..31>", "softmax = softmax q_dense/bias"}));
}

const Lines kEncoder = {
    "input_1 = input to 8x8x1",
    "input_qa = quantize input_1 <11, step 0.0078125, -1024..1023>",
    "conv2d_0_m = conv2d input_qa by 8x3x3x1 <6, step 0.0625, -32..31> stride 2 pads 0,1",
    "conv2d_0_m/bias = plus conv2d_0_m by 8 <6, step 0.0625, -32..31>",
    "accum1_qa = relu conv2d_0_m/bias",
    "accum1_qa/quantize = quantize accum1_qa <12u, step 0.00195312, 0..4095>",
    "flatten = flatten accum1_qa/quantize",
    "encoded_vector = dense flatten by 16x128 <6, step 0.0625, -32..31>",
    "encoded_vector/bias = plus encoded_vector by 16 <6, step 0.0625, -32..31>",
    "encod_qa = relu encoded_vector/bias",
    "encod_qa/quantize = quantize encod_qa <9u, step 0.00390625, 0..511>",
};

/// The numbers of an .npy file of one kind, without looking at its header.
template <typename Number>
std::vector<double> numbers_of(const std::filesystem::path& file, size_t count) {
  std::string bytes = read_file(file, 1 << 20);
  std::vector<Number> numbers(count);
  if (bytes.size() < count * sizeof(Number)) return {};
  std::memcpy(numbers.data(), bytes.data() + bytes.size() - count * sizeof(Number), count * sizeof(Number));
  return {numbers.begin(), numbers.end()};
}

TEST(SharedKerasModels, TheEconTEncoderGivesItsTestVectorExactly) {
  SKIP_WITHOUT("econt_baseline_6bit");
  std::filesystem::path folder = kModels / "econt_baseline_6bit";
  Graph graph = read_h5(folder / "hgcal_encoder.h5");
  EXPECT_EQ(lines_of(graph), kEncoder);
  EXPECT_EQ(lines_of(read_json(folder / "encoder_8x8_c8_S2_tele_qK_6bit.json",
                               folder / "encoder_8x8_c8_S2_tele_qK_6bit.hdf5")),
            kEncoder);
  std::vector<double> in = numbers_of<double>(folder / "testvec_input_10x8x8x1.npy", 640);
  std::vector<double> out = numbers_of<float>(folder / "testvec_encoder_output_10x16.npy", 160);
  ASSERT_EQ(in.size(), 640u);
  for (size_t sample = 0; sample < 10; ++sample) {
    std::vector<double> image(in.begin() + 64 * static_cast<long>(sample),
                              in.begin() + 64 * static_cast<long>(sample + 1));
    std::vector<Image> all = interpret(graph, image);
    for (size_t i = 0; i < 16; ++i)
      EXPECT_EQ(all.back().values[i], out[16 * sample + i]) << sample << " " << i;
  }
}

TEST(SharedKerasModels, TheEconTAutoencoderIsTwoModelsInOne) {
  SKIP_WITHOUT("econt_baseline_6bit");
  std::filesystem::path folder = kModels / "econt_baseline_6bit";
  Lines lines = lines_of(read_h5(folder / "hgcal_autoencoder.h5"));
  EXPECT_EQ(lines, lines_of(read_json(folder / "8x8_c8_S2_tele_qK_6bit.json",
                                      folder / "8x8_c8_S2_tele_qK_6bit.hdf5")));
  ASSERT_EQ(lines.size(), 21u);
  EXPECT_EQ(
      lines[2],
      "encoder/conv2d_0_m = conv2d encoder/input_qa by 8x3x3x1 <6, step 0.0625, -32..31> stride 2 pads 0,1");
  EXPECT_EQ(Lines(lines.begin() + 11, lines.end()),
            (Lines{"decoder/de_dense_final = dense encoder/encod_qa/quantize by 128x16",
                   "decoder/de_dense_final/bias = plus decoder/de_dense_final by 128",
                   "decoder/de_dense_final/relu = relu decoder/de_dense_final/bias",
                   "decoder/de_reshape = reshape decoder/de_dense_final/relu to 4x4x8",
                   "decoder/conv2D_t_0 = transpose decoder/de_reshape by 8x3x3x8 stride 2 pads 0,1",
                   "decoder/conv2D_t_0/bias = plus decoder/conv2D_t_0 by 8",
                   "decoder/conv2D_t_0/relu = relu decoder/conv2D_t_0/bias",
                   "decoder/conv2d_t_final = transpose decoder/conv2D_t_0/relu by 1x3x3x8 pads 1,1",
                   "decoder/conv2d_t_final/bias = plus decoder/conv2d_t_final by 1",
                   "decoder/decoder_output = sigmoid decoder/conv2d_t_final/bias"}));
  EXPECT_EQ(lines_of(read_json(folder / "decoder_8x8_c8_S2_tele_qK_6bit.json",
                               folder / "decoder_8x8_c8_S2_tele_qK_6bit.hdf5"))
                .size(),
            11u);
}

TEST(SharedKerasModels, SmartPixel) {
  SKIP_WITHOUT("smartpixel_d64w5a10");
  Graph graph = read_h5(kModels / "smartpixel_d64w5a10/keras_model.h5");
  EXPECT_EQ(
      lines_of(graph),
      (Lines{"input_1 = input to 16", "dense1 = dense input_1 by 64x16 <5, step 0.0625, -16..15>",
             "dense1/bias = plus dense1 by 64 <5, step 0.0625, -16..15>", "relu1 = relu dense1/bias",
             "relu1/quantize = quantize relu1 <10u, step 0.000976562, 0..1023>",
             "dense2 = dense relu1/quantize by 3x64 <5, step 0.0625, -16..15>",
             "dense2/bias = plus dense2 by 3 <5, step 0.0625, -16..15>", "softmax = softmax dense2/bias"}));
  EXPECT_EQ(graph.folded, Lines{"batch norm inside dense1 into its kernel and bias, then quantized"});
}

TEST(SharedKerasModels, ImageClassifierRn06) {
  SKIP_WITHOUT("mlperf_ic_rn06");
  Graph graph = read_h5(kModels / "mlperf_ic_rn06/model_best.h5");
  Lines lines = lines_of(graph);
  ASSERT_EQ(lines.size(), 17u);
  EXPECT_EQ(graph.folded.size(), 3u);
  EXPECT_EQ(lines[1],
            "q_conv2d_batchnorm = conv2d input_1 by 32x3x3x3 <8, step 0.03125, -128..127> stride 4");
  EXPECT_EQ(lines[5],
            "q_conv2d_batchnorm_1 = conv2d q_activation/quantize by 32x3x3x32 <8, step 0.03125, -128..127> "
            "pads 1,1");
  EXPECT_EQ(lines[8], "q_activation_1/quantize = quantize q_activation_1 <8u, step 0.015625, 0..255>");
  EXPECT_EQ(lines[14], "q_dense = dense flatten by 10x2048 <8, step 0.03125, -128..127>");
}

TEST(SharedKerasModels, AnomalyDetectorAd03) {
  SKIP_WITHOUT("mlperf_ad_ad03");
  Lines lines = lines_of(read_h5(kModels / "mlperf_ad_ad03/model_ToyCar.h5"));
  ASSERT_EQ(lines.size(), 21u);
  EXPECT_EQ(lines[1], "q_dense = dense input_1 by 64x128 <10, step 0.00195312, -512..511>");
  EXPECT_EQ(lines[3], "batch_normalization = times q_dense/bias by 64");
  EXPECT_EQ(lines[4], "batch_normalization/shift = plus batch_normalization by 64");
  EXPECT_EQ(lines[6], "q_activation/quantize = quantize q_activation <10u, step 0.03125, 0..1023>");
  EXPECT_EQ(lines[19], "q_dense_3 = dense q_activation_2/quantize by 128x64 <10, step 2, -512..511>");
}

TEST(SharedKerasModels, PrunedSvhnCnn) {
  SKIP_WITHOUT("svhn_qcnn_6bit");
  Graph graph = read_h5(kModels / "svhn_qcnn_6bit/quantized_pruned_cnn_model.h5");
  Lines lines = lines_of(graph);
  ASSERT_EQ(lines.size(), 30u);
  EXPECT_EQ(graph.folded.size(), 3u);
  EXPECT_EQ(lines[1], "fused_convbn_0 = conv2d input_2 by 16x3x3x3 <6, step 0.03125, -32..31>");
  EXPECT_EQ(lines[17], "dense_0 = dense flatten_1 by 42x96 <6, step 0.03125, -32..31>");
  EXPECT_EQ(lines[27], "output_dense = dense dense_act_1/quantize by 10x64");
}

TEST(SharedKerasModels, TernaryJets) {
  SKIP_WITHOUT("keras_ternary_jets");
  std::filesystem::path folder = kModels / "keras_ternary_jets";
  Graph graph =
      read_json(folder / "KERAS_3layer_ternary_small.json", folder / "KERAS_3layer_ternary_small_weights.h5");
  Lines lines = lines_of(graph);
  ASSERT_EQ(lines.size(), 16u);
  EXPECT_EQ(lines[1], "fc1 = dense fc1_input by 64x16 <2, step 1, -1..1>");
  EXPECT_EQ(lines[4], "act1 = quantize bn1/shift <2, step 1, -1..1>");
  EXPECT_EQ(graph.nodes[4].quantizer->rounding, core::Rounding::half_down);
  EXPECT_EQ(graph.assumptions.size(), 7u);
}

TEST(SharedKerasModels, FormatsPerElementAreRefusedByName) {
  SKIP_WITHOUT("hgq_mnist");
  expect_error<FormatError>(
      [] { read_h5(kModels / "hgq_mnist/hgq_mnist_heterogeneous.h5"); },
      {"hgq_mnist_heterogeneous.h5", "h_quantize_quantizer", "FixedPointQuantizer", "element to element"});
}

}  // namespace
}  // namespace netsurf::keras
