// What quantizers, thresholds and their scales become.
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"
#include "tests/models/qonnx/reader_file.h"

namespace netsurf::qonnx {
namespace {

using foreign::Op;

TEST(ReaderQuantizers, ThresholdsCountPerChannel) {
  TestFile file;
  file.input("x", {1, 2, 1, 2}).output("y");
  file.floats("t", {2, 2}, {0, 1, 10, 20});
  onnx::NodeProto& node = file.node("finn.custom_op.general:MultiThreshold", {"x", "t"}, {"y"});
  TestFile::set(node, "out_scale", 2.0F);
  TestFile::set(node, "out_bias", -1.0F);
  TestFile::set(node, "out_dtype", std::string("INT4"));
  EXPECT_EQ(computed(file, {0.5F, 15, 1, 20}), (Floats{1, 1, 3, 3}));
}

TEST(ReaderQuantizers, QuantizersOfDataPerChannelAndWithZeroPoints) {
  TestFile file;
  file.input("x", {1, 2, 1, 1}).output("y");
  file.floats("s", {1, 2, 1, 1}, {0.5F, 2});
  file.floats("z", {}, {3});
  file.floats("b", {}, {4});
  onnx::NodeProto& node = file.node("qonnx.custom_op.general:IntQuant", {"x", "s", "z", "b"}, {"y"});
  TestFile::set(node, "signed", 0);
  TestFile::set(node, "narrow", 1);
  TestFile::set(node, "rounding_mode", std::string("half_even"));
  foreign::Quantizer q = *only(file.read(), Op::quantize).quantizer;
  EXPECT_EQ(q.scale, (Floats{0.5F, 2}));
  EXPECT_EQ(q.zero_point, (std::vector<int64_t>{3}));
  EXPECT_EQ(q.high, 14);
  EXPECT_TRUE(q.rounds_shifted);
  EXPECT_EQ(computed(file, {0.75F, 100}), (Floats{0.5F, 22})) << "1.5 + 3 = 4.5 is a tie that goes to 4";
}

TEST(ReaderQuantizers, OneSignedBitIsBipolar) {
  TestFile file;
  file.input("x", {1, 3}).output("y");
  file.quant("x", "y", 0.5F, 0, 1);
  EXPECT_TRUE(only(file.read(), Op::quantize).quantizer->bipolar);
  EXPECT_EQ(computed(file, {0, -0.1F, 3}), (Floats{0.5F, -0.5F, 0.5F}));
}

TEST(ReaderQuantizers, TruncDropsLowBits) {
  auto trunc = [](int version, float out_scale, const std::string& rounding = "FLOOR") {
    TestFile file;
    auto* opset = file.model.add_opset_import();
    opset->set_domain("qonnx.custom_op.general");
    opset->set_version(version);
    file.input("x", {1, 2}).output("y");
    file.quant("x", "q", 0.25F, 0, 6, false);
    for (auto& [name, value] : std::vector<std::pair<std::string, float>>{
             {"s", 0.25F}, {"z", 0}, {"i", 6}, {"o", 4}, {"so", out_scale}})
      file.floats(name, {}, {value});
    std::vector<std::string> inputs = {"q", "s", "z", "i", "o"};
    if (version == 2) inputs = {"q", "s", "z", "i", "so", "o"};
    onnx::NodeProto& node = file.node("qonnx.custom_op.general:Trunc", inputs, {"y"});
    TestFile::set(node, "rounding_mode", rounding);
    if (version == 2) TestFile::set(node, "signed", 0);
    return file;
  };
  // 7 / 0.25 = 28 steps = 7 steps of four; version 1 then counts them at the old scale.
  EXPECT_EQ(computed(trunc(1, 1), {7.5F, 15}), (Floats{7 * 0.25F, 15 * 0.25F}));
  EXPECT_EQ(computed(trunc(2, 1), {7.5F, 15}), (Floats{7, 15}));
  // 63 steps are 15.75 steps of four: version 1 rounds them up past its bits, version 2 saturates.
  EXPECT_EQ(computed(trunc(1, 1, "CEIL"), {7.5F, 15.75F}), (Floats{8 * 0.25F, 16 * 0.25F}));
  EXPECT_EQ(computed(trunc(2, 1, "CEIL"), {7.5F, 15.75F}), (Floats{8, 15}));
  expect_error<FormatError>([&] { trunc(2, 0.75F).read(); }, {"y_node", "power of two"});
}

TEST(ReaderQuantizers, QuantizeAndDequantizeAreOneNode) {
  TestFile file;
  file.input("x", {1, 3}).output("y");
  file.floats("s", {}, {0.5F});
  file.floats("s2", {}, {0.25F});
  file.codes("z", {}, onnx::TensorProto::UINT8, {10});
  file.codes("high", {}, onnx::TensorProto::UINT8, {31});
  file.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  file.node("Clip", {"q", "", "high"}, {"c"});
  onnx::NodeProto& last = file.node("DequantizeLinear", {"c", "s", "z"}, {"y"});
  foreign::Graph graph = file.read();
  EXPECT_EQ(ops(graph), (std::vector<Op>{Op::input, Op::quantize}));
  const foreign::Quantizer& q = *graph.nodes[1].quantizer;
  EXPECT_EQ(q.bits, 5);
  EXPECT_EQ(q.high, 31);
  EXPECT_FALSE(q.rounds_shifted) << "ONNX rounds before it adds the zero point";
  EXPECT_EQ(foreign::testing::output_of(graph, {1, -100, 100}), (Floats{1, -5, 10.5F}));
  last.set_input(1, "s2");
  expect_error<FormatError>([&] { file.read(); }, {"y_node", "another scale"});
  last.set_op_type("Relu");
  last.mutable_input()->DeleteSubrange(1, 2);
  expect_error<FormatError>([&] { file.read(); }, {"y_node", "codes of a QuantizeLinear"});
}

TEST(ReaderQuantizers, IntegersNotedByFinnAreQuantizedWeights) {
  TestFile file;
  file.input("x", {1, 2}).output("y");
  file.floats("w", {2, 1}, {1, -1});
  auto* note = file.graph->add_quantization_annotation();
  note->set_tensor_name("w");
  auto* entry = note->add_quant_parameter_tensor_names();
  entry->set_key("finn_datatype");
  entry->set_value("BIPOLAR");
  file.node("MatMul", {"x", "w"}, {"y"});
  EXPECT_TRUE(only(file.read(), Op::dense).constant->quantizer->bipolar);
  entry->set_value("UINT2");
  foreign::Graph graph = file.read();
  EXPECT_FALSE(only(graph, Op::dense).constant->quantizer.has_value()) << "-1 is no UINT2";
  EXPECT_EQ(graph.assumptions.size(), 1U);
}

}  // namespace
}  // namespace netsurf::qonnx
