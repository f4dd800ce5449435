// What each operator becomes, and what its numbers are.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"
#include "tests/models/qonnx/reader_file.h"
#include "tests/support/float_network.h"

namespace netsurf::qonnx {
namespace {

using foreign::Op;

TEST(ReaderNodes, AFlattenedImagePermutesTheColumnsOfTheNextMatrix) {
  TestFile file;
  file.input("x", {1, 2, 1, 2}).output("y");
  file.floats("k", {1, 2, 1, 1}, {1, 1});
  TestFile::set(file.node("AveragePool", {"x"}, {"p"}), "kernel_shape", std::vector<int64_t>{1, 1});
  file.node("Flatten", {"p"}, {"f"});
  file.floats("w", {4, 1}, {1, 10, 100, 1000});  // for c0 x0, c0 x1, c1 x0, c1 x1
  file.node("MatMul", {"f", "w"}, {"y"});
  foreign::Graph graph = file.read();
  EXPECT_EQ(only(graph, Op::dense).constant->values, (Floats{1, 100, 10, 1000}));
  // Channels last: (x0 c0), (x0 c1), (x1 c0), (x1 c1).
  EXPECT_EQ(foreign::testing::output_of(graph, {1, 2, 3, 4}), (Floats{1 + 200 + 30 + 4000}));
}

TEST(ReaderNodes, TheSameNetworkInTwoLayoutsIsTheSameGraph) {
  auto make = [](bool channels_last) {
    TestFile file;
    file.input("x", channels_last ? std::vector<int64_t>{1, 4, 5, 2} : std::vector<int64_t>{1, 2, 4, 5})
        .output("y");
    std::string image = "x";
    if (channels_last) {
      TestFile::set(file.node("Transpose", {"x"}, {"t"}), "perm", std::vector<int64_t>{0, 3, 1, 2});
      image = "t";
    }
    file.filled("w", {3, 2, 3, 3});
    file.node("Conv", {image, "w"}, {"c"});
    file.node("Relu", {"c"}, {"y"});
    return file.read();
  };
  foreign::Graph first = make(false), last = make(true);
  EXPECT_EQ(ops(first), ops(last));
  EXPECT_EQ(first.nodes[0].shape, (Shape{4, 5, 2}));
  EXPECT_EQ(last.nodes[0].shape, (Shape{4, 5, 2}));
  EXPECT_EQ(first.nodes[1].constant->values, last.nodes[1].constant->values);
}

TEST(ReaderNodes, TheOrderOfNodesInTheFileDoesNotMatter) {
  auto make = [](bool is_swapped) {
    TestFile file;
    file.input("x", {1, 4}).output("y");
    auto left = [&] { file.node("Relu", {"x"}, {"a"}); };
    auto right = [&] { file.node("Tanh", {"x"}, {"b"}); };
    is_swapped ? (right(), left()) : (left(), right());
    file.node("Add", {"a", "b"}, {"y"});
    return file.read();
  };
  foreign::Graph one = make(false), two = make(true);
  ASSERT_EQ(ops(one), ops(two));
  for (size_t i = 0; i < one.nodes.size(); ++i) EXPECT_EQ(one.nodes[i].name, two.nodes[i].name);
}

TEST(ReaderNodes, NodesThatNoOutputNeedsAreLeftOut) {
  TestFile file = single("Relu", {1, 4});
  file.node("Einsum", {"x"}, {"unused"});
  EXPECT_EQ(file.read().nodes.size(), 2U);
}

TEST(ReaderNodes, ChannelsLastConvolutionsReadTheirKernelsAsTheyAre) {
  TestFile file;
  file.input("x", {1, 3, 3, 2}).output("y");
  file.filled("w", {2, 2, 2, 1});
  onnx::NodeProto& conv = file.node("qonnx.custom_op.channels_last:Conv", {"x", "w"}, {"y"});
  TestFile::set(conv, "group", 2);
  const foreign::Graph graph = file.read();
  const foreign::Node& node = only(graph, Op::conv2d);
  EXPECT_EQ(node.constant->shape, (Shape{2, 2, 2, 1}));
  EXPECT_EQ(node.groups, 2);
  EXPECT_EQ(node.constant->values[1], 0.5F);
  EXPECT_EQ(graph.nodes[0].shape, (Shape{3, 3, 2}));
}

TEST(ReaderNodes, ABiasIsANodeOfItsOwn) {
  TestFile file;
  file.input("x", {1, 2}).output("y");
  file.filled("w", {2, 3});
  file.floats("b", {3}, {1, 2, 3});
  file.quant("b", "q", 0.25F, 0, 8);
  onnx::NodeProto& gemm = file.node("Gemm", {"x", "w", "q"}, {"y"});
  gemm.set_name("fc");
  foreign::Graph graph = file.read();
  EXPECT_EQ(ops(graph), (std::vector<Op>{Op::input, Op::dense, Op::add_constant}));
  EXPECT_EQ(graph.nodes[1].name, "fc");
  EXPECT_EQ(graph.nodes[2].name, "fc/bias");
  EXPECT_TRUE(graph.nodes[2].is_learned);
  EXPECT_EQ(graph.nodes[2].constant->quantizer->bits, 8);
  EXPECT_EQ(graph.nodes[2].constant->name, "b");
  EXPECT_EQ(graph.output, 2);
}

TEST(ReaderNodes, GemmMultipliesByAlphaAndItsBiasByBeta) {
  TestFile file;
  file.input("x", {1, 1}).output("y");
  file.floats("w", {1, 1}, {3});
  file.floats("b", {1}, {5});
  onnx::NodeProto& gemm = file.node("Gemm", {"x", "w", "b"}, {"y"});
  TestFile::set(gemm, "alpha", 0.5F);
  TestFile::set(gemm, "beta", 2.0F);
  EXPECT_EQ(computed(file, {4}), (Floats{16}));
}

TEST(ReaderNodes, AConstantMayMultiplyFromTheLeft) {
  TestFile file;
  file.input("x", {1, 2}).output("y");
  file.floats("w", {1, 2}, {3, 5});
  file.node("Transpose", {"x"}, {"t"});
  file.node("MatMul", {"w", "t"}, {"y"});
  EXPECT_EQ(computed(file, {1, 10}), (Floats{53}));
}

TEST(ReaderNodes, BatchNormsKeepTheOrderOfOnnxAndSaySo) {
  TestFile file;
  file.input("x", {1, 2}).output("y");
  file.floats("g", {2}, {0.3F, 2});
  file.floats("b", {2}, {0.7F, 1});
  file.floats("m", {2}, {0.1F, 0.2F});
  file.floats("v", {2}, {0.9F, 4});
  TestFile::set(file.node("BatchNormalization", {"x", "g", "b", "m", "v"}, {"y"}), "epsilon", 0.001F);
  foreign::Graph graph = file.read();
  EXPECT_EQ(ops(graph), (std::vector<Op>{Op::input, Op::add_constant, Op::multiply_constant,
                                         Op::divide_constant, Op::add_constant}));
  for (size_t i = 1; i < 5; ++i) EXPECT_TRUE(graph.nodes[i].is_learned);
  EXPECT_EQ(graph.nodes[4].name, "y_node");
  ASSERT_EQ(graph.assumptions.size(), 1U);
  EXPECT_NE(graph.assumptions[0].find("float32"), std::string::npos);
  float x = 1.7F, expected = 0.3F * (x - 0.1F) / std::sqrt(0.9F + 0.001F) + 0.7F;
  EXPECT_EQ(foreign::testing::output_of(graph, {x, 0})[0], expected);
}

TEST(ReaderNodes, WindowsTakePaddingFromAutoPadAndCeilMode) {
  auto pool = [](const std::string& padding, int ceil) {
    TestFile file = single("MaxPool", {1, 1, 5, 6});
    onnx::NodeProto& node = *file.graph->mutable_node(0);
    TestFile::set(node, "kernel_shape", std::vector<int64_t>{2, 3});
    TestFile::set(node, "strides", std::vector<int64_t>{2, 2});
    if (!padding.empty()) TestFile::set(node, "auto_pad", padding);
    if (ceil != 0) TestFile::set(node, "ceil_mode", ceil);
    return only(file.read(), Op::max_pool).window;
  };
  Window upper = pool("SAME_UPPER", 0), lower = pool("SAME_LOWER", 0), ceiling = pool("", 1);
  EXPECT_EQ(upper.pad_top, 0);
  EXPECT_EQ(upper.pad_bottom, 1);
  EXPECT_EQ(upper.pad_right, 1);
  EXPECT_EQ(lower.pad_top, 1);
  EXPECT_EQ(lower.pad_left, 1);
  EXPECT_EQ(ceiling.out_height(5), 3);
  EXPECT_EQ(ceiling.out_width(6), 3);
}

TEST(ReaderNodes, SequencesAreImagesOneRowHigh) {
  TestFile file;
  file.input("x", {1, 1, 4}).output("y");
  file.floats("w", {1, 1, 2}, {1, 10});
  file.node("Conv", {"x", "w"}, {"y"});
  foreign::Graph graph = file.read();
  EXPECT_EQ(graph.nodes[0].shape, (Shape{1, 4, 1}));
  EXPECT_EQ(foreign::testing::output_of(graph, {1, 2, 3, 4}), (Floats{21, 32, 43}));
}

TEST(ReaderNodes, TransposedConvolutionsTurnOutputPaddingIntoNegativePadding) {
  TestFile file;
  file.input("x", {1, 1, 2, 2}).output("y");
  file.floats("w", {1, 1, 2, 2}, {1, 2, 3, 4});
  onnx::NodeProto& node = file.node("ConvTranspose", {"x", "w"}, {"y"});
  TestFile::set(node, "strides", std::vector<int64_t>{3, 2});
  TestFile::set(node, "output_padding", std::vector<int64_t>{1, 0});
  foreign::Graph graph = file.read();
  EXPECT_EQ(only(graph, Op::conv2d_transpose).window.pad_bottom, -1);
  EXPECT_EQ(foreign::testing::output_of(graph, {1, 0, 0, 0}).size(), 24U);
  TestFile::set(node, "output_shape", std::vector<int64_t>{6, 4});
  expect_error<FormatError>([&] { file.read(); }, {"y_node", "output_shape"});
}

TEST(ReaderNodes, ResizeRepeatsPixelsOrIsRefused) {
  auto resize = [](const std::string& mode, const std::string& nearest, const Floats& scales) {
    TestFile file;
    file.input("x", {1, 1, 1, 2}).output("y");
    file.floats("s", {4}, scales);
    onnx::NodeProto& node = file.node("Resize", {"x", "", "s"}, {"y"});
    TestFile::set(node, "mode", std::string("nearest"));
    TestFile::set(node, "coordinate_transformation_mode", mode);
    TestFile::set(node, "nearest_mode", nearest);
    return file;
  };
  EXPECT_EQ(computed(resize("asymmetric", "floor", {1, 1, 1, 2}), {7, 9}), (Floats{7, 7, 9, 9}));
  EXPECT_EQ(computed(resize("half_pixel", "round_prefer_floor", {1, 1, 1, 3}), {7, 9}),
            (Floats{7, 7, 7, 9, 9, 9}));
  expect_error<FormatError>(
      [&] {
        resize("asymmetric", "ceil", {1, 1, 1, 2}).read();
      },
      {"y_node", "nearest_mode"});
  expect_error<FormatError>([&] { resize("asymmetric", "floor", {1, 1, 1, 1.5F}).read(); }, {"scale of 1.5"});
  expect_error<FormatError>([&] { resize("asymmetric", "floor", {1, 2, 1, 2}).read(); }, {"channels"});
}

TEST(ReaderNodes, ActivationsThatEqualOursAreOurs) {
  TestFile hard = single("HardSigmoid", {1, 2});
  TestFile::set(*hard.graph->mutable_node(0), "alpha", 0.5F);
  EXPECT_EQ(ops(hard.read()), (std::vector<Op>{Op::input, Op::hard_sigmoid}));
  EXPECT_EQ(ops(single("HardSigmoid", {1, 2}).read()),
            (std::vector<Op>{Op::input, Op::multiply_constant, Op::add_constant, Op::clip}));
  auto clip = [](float low, float high) {
    TestFile file = single("Clip", {1, 2}, 9);
    TestFile::set(*file.graph->mutable_node(0), "min", low);
    if (high < 100) TestFile::set(*file.graph->mutable_node(0), "max", high);
    return file.read().nodes[1].op;
  };
  EXPECT_EQ(clip(-1, 1), Op::hard_tanh);
  EXPECT_EQ(clip(0, 100), Op::relu);
  EXPECT_EQ(clip(0, 6), Op::clip);
  TestFile leaky = single("LeakyRelu", {1, 2});
  TestFile::set(*leaky.graph->mutable_node(0), "alpha", 0.125F);
  EXPECT_EQ(leaky.read().nodes[1].alpha, 0.125);
}

TEST(ReaderNodes, DifferencesAndQuotientsWithAConstant) {
  TestFile file;
  file.input("x", {1, 2}).output("y");
  file.floats("c", {2}, {10, 20});
  file.node("Sub", {"c", "x"}, {"a"});
  file.node("Div", {"a", "c"}, {"b"});
  file.node("Sub", {"b", "c"}, {"y"});
  EXPECT_EQ(computed(file, {5, 10}), (Floats{-9.5F, -19.5F}));
  TestFile reciprocal;
  reciprocal.input("x", {1, 2}).output("y");
  reciprocal.floats("c", {2}, {10, 20});
  reciprocal.node("Div", {"c", "x"}, {"y"});
  expect_error<FormatError>([&] { reciprocal.read(); },
                            {"y_node", "divides a constant by a computed tensor"});
  TestFile product;
  product.input("x", {1, 2}).output("y");
  product.node("Mul", {"x", "x"}, {"y"});
  expect_error<FormatError>([&] { product.read(); }, {"y_node", "two computed tensors"});
}

TEST(ReaderNodes, WrittenOutBatchNormsAreLearnedAndScalesAreNot) {
  TestFile file;
  file.input("x", {1, 2}).output("y");
  file.floats("c", {}, {2});
  file.filled("w", {2, 2});
  file.node("Mul", {"x", "c"}, {"a"});
  file.node("Sub", {"a", "c"}, {"b"});
  file.node("MatMul", {"b", "w"}, {"d"});
  file.node("Mul", {"d", "c"}, {"e"});
  file.node("Relu", {"e"}, {"f"});
  file.node("MatMul", {"f", "w"}, {"g"});
  file.node("Div", {"g", "c"}, {"h"});
  file.node("Add", {"h", "c"}, {"y"});
  std::vector<bool> learned;
  foreign::Graph graph = file.read();
  for (const foreign::Node& node : graph.nodes) {
    if (node.constant.has_value() && node.op != Op::dense) learned.push_back(node.is_learned);
  }
  EXPECT_EQ(learned, (std::vector<bool>{false, false, false, true, true}));
  EXPECT_EQ(graph.nodes[3].constant->name, graph.nodes[6].constant->name) << "shared weights keep their name";
}

TEST(ReaderNodes, PredictionsStandLast) {
  TestFile file(11);
  file.input("x", {1, 3}).output("i");
  file.integers("k", {1});
  file.node("TopK", {"x", "k"}, {"v", "i"});
  foreign::Graph graph = file.read();
  EXPECT_EQ(ops(graph), (std::vector<Op>{Op::input, Op::argmax}));
  file.node("Relu", {"v"}, {"r"});
  file.graph->mutable_output(0)->set_name("r");
  expect_error<FormatError>([&] { file.read(); }, {"r_node", "may only stand last"});
  TestFile two(11);
  two.input("x", {1, 3}).output("v");
  two.integers("k", {2});
  two.node("TopK", {"x", "k"}, {"v", "i"});
  expect_error<FormatError>([&] { two.read(); }, {"v_node", "k 2"});
}

TEST(ReaderNodes, BranchesJoinAlongChannels) {
  TestFile file;
  file.input("x", {1, 2, 1, 2}).output("y");
  file.node("Relu", {"x"}, {"a"});
  file.node("Neg", {"x"}, {"b"});
  TestFile::set(file.node("Concat", {"a", "b"}, {"y"}), "axis", 1);
  EXPECT_EQ(computed(file, {1, -2, 3, -4}), (Floats{1, 0, -1, 2, 3, 0, -3, 4}));
  file.graph->mutable_node(2)->mutable_attribute(0)->set_i(2);
  expect_error<FormatError>([&] { file.read(); }, {"y_node", "another order"});
}

TEST(ReaderNodes, AnImageThatWouldHaveToBeMovedIsRefused) {
  TestFile file;
  file.input("x", {1, 12}).output("y");
  file.integers("target", {1, 3, 2, 2});
  file.node("Reshape", {"x", "target"}, {"i"});
  file.node("GlobalAveragePool", {"i"}, {"y"});
  expect_error<FormatError>([&] { file.read(); }, {"y_node", "another order than height, width, channels"});
}

TEST(ReaderNodes, ABatchOfAnySizeIsReadAsOne) {
  TestFile file;
  file.input("x", {0, 3}).output("y");
  file.node("Relu", {"x"}, {"y"});
  foreign::Graph graph = file.read();
  ASSERT_EQ(graph.assumptions.size(), 1U);
  EXPECT_NE(graph.assumptions[0].find("any size"), std::string::npos);
}

TEST(ReaderNodes, NamesThatRepeatAreNumbered) {
  TestFile file;
  file.input("x", {1, 3}).output("y");
  file.node("Relu", {"x"}, {"a"}).set_name("same");
  file.node("Relu", {"a"}, {"y"}).set_name("same");
  foreign::Graph graph = file.read();
  EXPECT_EQ(graph.nodes[1].name, "same");
  EXPECT_EQ(graph.nodes[2].name, "same_2");
}

}  // namespace
}  // namespace netsurf::qonnx
