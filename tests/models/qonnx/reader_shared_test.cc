// Real files by other people: each gives the nodes that its authors' tools show.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "tests/models/qonnx/reader_file.h"

namespace netsurf::qonnx {
namespace {

using foreign::Op;

foreign::Graph read(const std::string& name) {
  return read_onnx(std::filesystem::path(NETSURF_SHARED_DIR) / "models" / name);
}

std::map<Op, int> counts(const foreign::Graph& graph) {
  std::map<Op, int> result;
  for (const foreign::Node& node : graph.nodes) ++result[node.op];
  return result;
}

class ReaderShared : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(std::filesystem::path(NETSURF_SHARED_DIR) / "models"))
      GTEST_SKIP() << "no models by others at " << NETSURF_SHARED_DIR;
  }
};

TEST_F(ReaderShared, JetsOfQKeras) {
  foreign::Graph graph = read("qkeras_jets_3layer/qkeras_jettagging.onnx");
  std::vector<Op> expected = {Op::input};
  for (int layer = 1; layer <= 4; ++layer) {
    expected.push_back(Op::dense);
    expected.push_back(Op::add_constant);
    if (layer < 4) expected.push_back(Op::relu);
    expected.push_back(layer < 4 ? Op::quantize : Op::softmax);
  }
  EXPECT_EQ(ops(graph), expected);
  const foreign::Constant& kernel = *graph.nodes[1].constant;
  EXPECT_EQ(kernel.shape, (Shape{64, 16}));
  EXPECT_EQ(kernel.quantizer->scale, (Floats{0.03125F}));
  EXPECT_EQ(kernel.quantizer->bits, 6);
  EXPECT_EQ(graph.nodes[4].quantizer->high, 63);
  for (const foreign::Node& node : graph.nodes) {
    if (node.constant.has_value()) {
      EXPECT_EQ(foreign::quantized_codes(*node.constant).size(), node.constant->values.size());
    }
  }
}

TEST_F(ReaderShared, BinaryAndTwoBitTfc) {
  for (bool is_binary : {true, false}) {
    foreign::Graph graph = read(is_binary ? "qonnx_tfc/TFC_1W1A.onnx" : "qonnx_tfc/TFC_2W2A.onnx");
    std::map<Op, int> n = counts(graph);
    EXPECT_EQ(graph.nodes.size(), 28U);
    EXPECT_EQ(n[Op::dense], 4);
    EXPECT_EQ(n[Op::quantize], 4);
    EXPECT_EQ(graph.nodes[0].shape, (Shape{28, 28, 1}));
    EXPECT_EQ(graph.nodes[4].quantizer->bipolar, is_binary);
    EXPECT_EQ(graph.nodes[5].constant->shape, (Shape{64, 784}));
    EXPECT_EQ(graph.nodes[5].constant->quantizer->low, is_binary ? 0 : -1);
    EXPECT_FALSE(graph.nodes[2].is_learned) << "2 x - 1 prepares the data";
    EXPECT_TRUE(graph.nodes.back().is_learned) << "the last batch norm is written out";
  }
}

TEST_F(ReaderShared, FinnThresholdsAndPrediction) {
  foreign::Graph graph = read("finn_tfc/model.onnx");
  std::map<Op, int> n = counts(graph);
  EXPECT_EQ(n[Op::multi_threshold], 4);
  EXPECT_EQ(n[Op::dense], 4);
  EXPECT_EQ(n[Op::argmax], 1);
  EXPECT_EQ(graph.nodes.back().op, Op::argmax);
  EXPECT_EQ(graph.output, static_cast<int>(graph.nodes.size()) - 1);
  EXPECT_EQ(only(graph, Op::multi_threshold).out_scale, 2);
  EXPECT_TRUE(only(graph, Op::dense).constant->quantizer->bipolar);
}

TEST_F(ReaderShared, KeywordsMlpHasAScalePerOutput) {
  foreign::Graph graph = read("qonnx_kwsmlp/kwsmlp_w3a3.onnx");
  EXPECT_EQ(graph.nodes.size(), 25U);
  EXPECT_EQ(graph.nodes[0].shape, (Shape{10, 49, 1}));
  EXPECT_EQ(graph.nodes[3].constant->quantizer->scale.size(), 256U);
  EXPECT_EQ(graph.nodes.back().constant->quantizer->scale.size(), 1U);
}

TEST_F(ReaderShared, KeywordsWithQuantizeAndDequantize) {
  foreign::Graph graph = read("mlperf_kws_int8/kws_ref_model_qdq.onnx");
  std::map<Op, int> n = counts(graph);
  EXPECT_EQ(n[Op::conv2d], 9);
  EXPECT_EQ(n[Op::quantize], 12);
  EXPECT_EQ(n[Op::reshape], 1);
  EXPECT_EQ(n[Op::softmax], 1);
  const foreign::Node& first = graph.nodes[3];
  EXPECT_EQ(first.constant->shape, (Shape{64, 10, 4, 1}));
  EXPECT_EQ(first.constant->codes.size(), 2560U);
  EXPECT_EQ(first.constant->quantizer->scale.size(), 64U);
  EXPECT_EQ(first.window.pad_bottom, 5);
  EXPECT_EQ(graph.nodes[1].quantizer->zero_point, (std::vector<int64_t>{3}));
}

TEST_F(ReaderShared, ChannelsLastNetworks) {
  foreign::Graph separable = read("qonnx_small/separable_conv_model_ch_last.onnx");
  EXPECT_EQ(separable.nodes[0].shape, (Shape{512, 512, 3}));
  EXPECT_EQ(separable.nodes[2].groups, 3);
  EXPECT_EQ(only(separable, Op::leaky_relu).alpha, 0.1015625);
  foreign::Graph branched = read("qonnx_small/branched_model_ch_last.onnx");
  std::map<Op, int> n = counts(branched);
  EXPECT_EQ(n[Op::upsample], 1);
  EXPECT_EQ(n[Op::concatenate], 1);
  EXPECT_EQ(n[Op::max_pool], 1);
  foreign::Graph unet = read("qonnx_small/tiny_unet_ch_last.onnx");
  EXPECT_EQ(counts(unet)[Op::conv2d], 40);
  EXPECT_EQ(counts(unet)[Op::concatenate], 4);
  std::map<std::string, const foreign::Constant*> of_unet;
  for (const foreign::Node& node : unet.nodes) {
    if (node.constant.has_value()) of_unet[node.constant->name] = &*node.constant;
  }
  int shared = 0;
  for (const foreign::Node& node : branched.nodes) {
    if (!node.constant.has_value() || of_unet.count(node.constant->name) == 0) continue;
    shared += of_unet[node.constant->name]->values == node.constant->values ? 1 : 0;
  }
  EXPECT_GT(shared, 10) << "the two files share weights";
}

TEST_F(ReaderShared, OneBinaryLayer) {
  foreign::Graph graph = read("qonnx_small/bnn_model_fc_1layer.onnx");
  EXPECT_EQ(ops(graph),
            (std::vector<Op>{Op::input, Op::quantize, Op::dense, Op::add_constant, Op::quantize}));
  EXPECT_EQ(foreign::quantized_codes(*graph.nodes[3].constant).size(), 4U);
}

}  // namespace
}  // namespace netsurf::qonnx
