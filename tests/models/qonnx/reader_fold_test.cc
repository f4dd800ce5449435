#include "models/qonnx/reader_fold.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"
#include "tests/models/qonnx/reader_file.h"

namespace netsurf::qonnx {
namespace {

using foreign::Op;

/// A network that multiplies by a constant which nodes before it compute.
foreign::Graph read_factor(TestFile& file) {
  file.input("x", {1, 2}).output("y");
  file.node("Mul", {"x", "factor"}, {"y"});
  return file.read();
}

TEST(ReaderFold, ArithmeticOnConstantsIsFloat32) {
  TestFile file;
  file.floats("a", {2}, {0.1F, 3});
  file.floats("b", {}, {0.7F});
  file.floats("half", {}, {0.5F});
  file.node("Add", {"a", "b"}, {"s"});
  file.node("Pow", {"s", "half"}, {"p"});
  file.node("Div", {"a", "p"}, {"d"});
  file.node("Sub", {"d", "b"}, {"m"});
  file.node("Mul", {"m", "m"}, {"q"});
  file.node("Sqrt", {"q"}, {"factor"});
  foreign::Graph graph = read_factor(file);
  const auto& values = only(graph, Op::multiply_constant).constant->values;
  for (size_t i = 0; i < 2; ++i) {
    float a = i == 0 ? 0.1F : 3.0F, m = a / std::sqrt(a + 0.7F) - 0.7F;
    EXPECT_EQ(values[i], std::sqrt(m * m));
  }
  EXPECT_EQ(graph.folded.size(), 1U);
  EXPECT_EQ(ops(graph), (std::vector<Op>{Op::input, Op::multiply_constant}));
}

TEST(ReaderFold, ShapeChainsOfOldExportersBecomeConstants) {
  TestFile file(9);
  file.input("x", {1, 2, 3, 4}).output("y");
  file.integers("first", {0}).clear_dims();
  file.integers("rest", {-1});
  file.node("Shape", {"x"}, {"shape"});
  file.node("Gather", {"shape", "first"}, {"batch"});
  TestFile::set(file.node("Unsqueeze", {"batch"}, {"row"}), "axes", std::vector<int64_t>{0});
  TestFile::set(file.node("Concat", {"row", "rest"}, {"target"}), "axis", 0);
  file.node("Reshape", {"x", "target"}, {"y"});
  foreign::Graph graph = file.read();
  EXPECT_EQ(ops(graph), (std::vector<Op>{Op::input, Op::flatten}));
  EXPECT_EQ(graph.nodes[0].shape, (Shape{3, 4, 2})) << "channels last";
}

TEST(ReaderFold, SliceSqueezeAndCastOfShapes) {
  TestFile file;
  file.input("x", {1, 6}).output("y");
  file.integers("from", {1});
  file.integers("to", {INT64_MAX});
  file.node("Shape", {"x"}, {"shape"});
  file.node("Slice", {"shape", "from", "to"}, {"features"});
  TestFile::set(file.node("Cast", {"features"}, {"real"}), "to", int64_t{onnx::TensorProto::FLOAT});
  file.node("Squeeze", {"real"}, {"factor"});
  file.node("Mul", {"x", "factor"}, {"y"});
  EXPECT_EQ(only(file.read(), Op::multiply_constant).constant->values, (Floats{6}));
}

TEST(ReaderFold, QuantizedWeightsKeepTheFilesFloatsAndTheirScales) {
  TestFile file;
  file.input("x", {1, 3}).output("y");
  file.floats("w", {2, 3}, {0.3F, -0.2F, 5, 1, 2, 3});
  file.floats("s", {2, 1}, {0.1F, 0.25F});
  file.floats("z", {}, {0});
  file.floats("b", {}, {4});
  onnx::NodeProto& quant = file.node("onnx.brevitas:Quant", {"w", "s", "z", "b"}, {"q"});
  TestFile::set(quant, "signed", 1);
  TestFile::set(quant, "narrow", 1);
  file.node("Transpose", {"q"}, {"t"});
  file.node("MatMul", {"x", "t"}, {"y"});
  foreign::Constant constant = *only(file.read(), Op::dense).constant;
  EXPECT_EQ(constant.shape, (Shape{2, 3}));
  EXPECT_EQ(constant.values, (Floats{0.3F, -0.2F, 5, 1, 2, 3}));
  EXPECT_EQ(constant.name, "w");
  ASSERT_TRUE(constant.quantizer.has_value());
  EXPECT_EQ(constant.quantizer->scale, (Floats{0.1F, 0.25F})) << "one per output, after the transpose";
  EXPECT_EQ(constant.quantizer->low, -7);
  EXPECT_EQ(constant.quantizer->high, 7);
  EXPECT_EQ(foreign::quantized_codes(constant), (std::vector<int32_t>{3, -2, 7, 4, 7, 7}));
}

TEST(ReaderFold, DequantizedWeightsKeepTheFilesIntegers) {
  TestFile file;
  file.input("x", {1, 2}).output("y");
  file.codes("w", {2, 2}, onnx::TensorProto::INT8, {1, -128, 3, 127});
  file.floats("s", {2}, {0.5F, 0.3F});
  file.codes("z", {2}, onnx::TensorProto::INT8, {0, 4});
  TestFile::set(file.node("DequantizeLinear", {"w", "s", "z"}, {"q"}), "axis", 1);
  file.node("MatMul", {"x", "q"}, {"y"});
  foreign::Constant constant = *only(file.read(), Op::dense).constant;
  EXPECT_EQ(constant.codes, (std::vector<int32_t>{1, 3, -128, 127}));
  EXPECT_TRUE(constant.values.empty());
  EXPECT_EQ(constant.quantizer->scale, (Floats{0.5F, 0.3F}));
  EXPECT_EQ(constant.quantizer->zero_point, (std::vector<int64_t>{0, 4}));
  EXPECT_EQ(constant.quantizer->bits, 8);
}

TEST(ReaderFold, AClipBetweenQuantizeAndDequantizeNarrowsTheBits) {
  TestFile file;
  file.input("x", {1, 2}).output("y");
  file.floats("w", {2, 1}, {9, -0.5F});
  file.floats("s", {}, {0.5F});
  file.codes("z", {}, onnx::TensorProto::INT8, {0});
  file.codes("low", {}, onnx::TensorProto::INT8, {-8});
  file.codes("high", {}, onnx::TensorProto::INT8, {7});
  file.node("QuantizeLinear", {"w", "s", "z"}, {"q"});
  file.node("Clip", {"q", "low", "high"}, {"c"});
  file.node("DequantizeLinear", {"c", "s", "z"}, {"d"});
  file.node("MatMul", {"x", "d"}, {"y"});
  foreign::Constant constant = *only(file.read(), Op::dense).constant;
  EXPECT_EQ(constant.codes, (std::vector<int32_t>{7, -1}));
  EXPECT_EQ(constant.quantizer->bits, 4);
  EXPECT_EQ(constant.quantizer->low, -8);
}

TEST(ReaderFold, ReshapingAConstantWithAScalePerChannelSpreadsTheScale) {
  TestFile file;
  file.input("x", {1, 2}).output("y");
  file.floats("w", {2, 2}, {1, 2, 3, 4});
  file.floats("s", {2, 1}, {1, 2});
  file.floats("z", {}, {0});
  file.floats("b", {}, {8});
  onnx::NodeProto& quant = file.node("onnx.brevitas:Quant", {"w", "s", "z", "b"}, {"q"});
  TestFile::set(quant, "signed", 1);
  TestFile::set(quant, "narrow", 0);
  file.integers("four", {4, 1});
  file.integers("two", {2, 2});
  file.node("Reshape", {"q", "four"}, {"r"});
  file.node("Reshape", {"r", "two"}, {"v"});
  TestFile::set(file.node("Gemm", {"x", "v"}, {"y"}), "transB", 1);
  EXPECT_EQ(only(file.read(), Op::dense).constant->quantizer->scale, (Floats{1, 2}));
}

TEST(ReaderFold, AScaleAlongInputsIsRefused) {
  TestFile file;
  file.input("x", {1, 2}).output("y");
  file.floats("w", {2, 2}, {1, 2, 3, 4});
  file.floats("s", {2, 1}, {1, 2});
  file.node("qonnx.custom_op.general:BipolarQuant", {"w", "s"}, {"q"});
  file.node("MatMul", {"x", "q"}, {"y"});
  expect_error<FormatError>([&] { file.read(); }, {"test.onnx", "y_node", "varies within an output channel"});
}

TEST(ReaderFold, AConstantThatDoublesItselfRunsIntoTheBudget) {
  TestFile file;
  file.filled("c0", {64});
  for (int i = 0; i < 40; ++i) {
    std::string from = "c" + std::to_string(i);
    TestFile::set(file.node("Concat", {from, from}, {"c" + std::to_string(i + 1)}), "axis", 0);
  }
  file.input("x", {1, 2}).output("y");
  file.node("Mul", {"x", "c40"}, {"y"});
  expect_error<FormatError>([&] { file.read(); }, {"Concat", "too large"});
}

TEST(ReaderFold, AnOperatorThatIsNotComputedOnConstantsIsNamed) {
  TestFile file;
  file.filled("a", {1, 2});
  file.node("Relu", {"a"}, {"factor"});
  expect_error<FormatError>([&] { read_factor(file); }, {"factor_node", "Relu", "constants alone"});
}

}  // namespace
}  // namespace netsurf::qonnx
