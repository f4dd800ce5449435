// Files that are broken or hostile: one clear line naming node and attribute.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "engine/base/error.h"
#include "models/qonnx/reader_source.h"
#include "tests/models/expect_error.h"
#include "tests/models/qonnx/reader_file.h"

namespace netsurf::qonnx {
namespace {

TestFile relu() {
  TestFile file;
  file.input("x", {1, 4}).output("y");
  file.node("Relu", {"x"}, {"y"});
  return file;
}

void refused(const TestFile& file, std::initializer_list<std::string_view> pieces) {
  expect_error<FormatError>([&] { file.read(); }, pieces);
}

TEST(ReaderUntrusted, ASoundFileIsRead) { EXPECT_EQ(relu().read().nodes.size(), 2U); }

TEST(ReaderUntrusted, BytesThatAreNoModel) {
  for (const std::string& bytes : {std::string(), std::string("no model"), relu().bytes().substr(0, 20)})
    expect_error<FormatError>([&] { graph_from_onnx(bytes, "a.onnx"); }, {"a.onnx"});
}

TEST(ReaderUntrusted, OperatorSetsOutsideTheKnownOnes) {
  for (int64_t version : {0, 6, 28}) {
    TestFile file = relu();
    file.model.mutable_opset_import(0)->set_version(version);
    refused(file, {"version " + std::to_string(version) + " of the ONNX operators", "7 to 27"});
  }
}

TEST(ReaderUntrusted, FunctionsAndSubgraphs) {
  TestFile with_function = relu();
  with_function.model.add_functions()->set_name("f");
  refused(with_function, {"functions of its own"});
  TestFile with_graph = relu();
  auto* attribute = with_graph.graph->mutable_node(0)->add_attribute();
  attribute->set_name("then_branch");
  attribute->set_type(onnx::AttributeProto::GRAPH);
  attribute->mutable_g()->set_name("inner");
  refused(with_graph, {"y_node", "graph inside", "then_branch"});
}

TEST(ReaderUntrusted, UnknownOperatorsAttributesAndDomains) {
  TestFile file;
  file.input("x", {1, 4}).output("y");
  file.node("Einsum", {"x"}, {"y"});
  refused(file, {"node \"y_node\" (Einsum)", "not supported"});
  file.graph->mutable_node(0)->set_op_type("Rulu");
  refused(file, {"did you mean Relu"});
  file.graph->mutable_node(0)->set_op_type("Relu");
  file.graph->mutable_node(0)->set_domain("com.example");
  refused(file, {"of domain \"com.example\""});
  file.graph->mutable_node(0)->clear_domain();
  TestFile::set(*file.graph->mutable_node(0), "slope", 2);
  refused(file, {"y_node", "attribute \"slope\"", "not understood"});
}

TEST(ReaderUntrusted, CyclesMissingTensorsAndDoubledNames) {
  TestFile cycle;
  cycle.input("x", {1, 4}).output("y");
  cycle.node("Add", {"x", "y"}, {"a"});
  cycle.node("Relu", {"a"}, {"y"});
  refused(cycle, {"_node", "cycle"});
  TestFile missing = relu();
  missing.graph->mutable_node(0)->set_input(0, "nowhere");
  refused(missing, {"y_node", "reads tensor \"nowhere\""});
  TestFile twice = relu();
  twice.node("Neg", {"x"}, {"y"});
  refused(twice, {"y_node", "\"y\", which exists already"});
  TestFile no_output = relu();
  no_output.graph->mutable_output(0)->set_name("z");
  refused(no_output, {"output \"z\""});
  TestFile two_inputs = relu();
  two_inputs.input("x2", {1, 4});
  refused(two_inputs, {"2 inputs", "x2"});
  TestFile two_initializers = relu();
  two_initializers.filled("w", {1});
  two_initializers.filled("w", {1});
  refused(two_initializers, {"two initializers called \"w\""});
}

TEST(ReaderUntrusted, AVeryLongChainNeedsNoStack) {
  TestFile file;
  file.input("x", {1, 4}).output("t60000");
  for (int i = 60000; i >= 1; --i)
    file.node("Relu", {i == 1 ? "x" : "t" + std::to_string(i - 1)}, {"t" + std::to_string(i)});
  EXPECT_EQ(file.read().nodes.size(), 60001U) << "in an order of its own: the file has them backwards";
}

TEST(ReaderUntrusted, TooManyNodesAndTooDeepNesting) {
  TestFile file = relu();
  for (int i = 0; i < kMaxNodes; ++i) file.graph->add_node();
  refused(file, {"nodes, expected at most"});
  std::string nested = relu().bytes();
  TestFile deep = relu();
  onnx::GraphProto* inner = deep.graph;
  for (int i = 0; i < 40; ++i) {
    auto* attribute = inner->add_node()->add_attribute();
    attribute->set_type(onnx::AttributeProto::GRAPH);
    inner = attribute->mutable_g();
  }
  refused(deep, {"nested deeper than"});
}

TEST(ReaderUntrusted, AbsurdSizes) {
  TestFile input;
  input.input("x", {1, 1 << 20, 1 << 20, 3}).output("y");
  input.node("Relu", {"x"}, {"y"});
  refused(input, {"input \"x\"", "too large"});
  TestFile no_size;
  no_size.input("x", {1, 0}).output("y");
  no_size.node("Relu", {"x"}, {"y"});
  refused(no_size, {"without a size for dimension 1"});
  TestFile constant = relu();
  constant.graph->mutable_node(0)->set_op_type("Add");
  constant.graph->mutable_node(0)->add_input("c");
  constant.filled("c", {1});
  constant.graph->mutable_initializer(0)->set_dims(0, int64_t{1} << 40);
  refused(constant, {"y_node", "constant \"c\"", "sizes [1099511627776]"});
  constant.graph->mutable_initializer(0)->set_dims(0, 1 << 27);
  refused(constant, {"constant \"c\"", "does not hold the 134217728 numbers"});
  constant.graph->mutable_initializer(0)->set_dims(0, -1);
  refused(constant, {"sizes [-1]"});
  constant.graph->mutable_initializer(0)->set_data_type(onnx::TensorProto::STRING);
  constant.graph->mutable_initializer(0)->set_dims(0, 1);
  refused(constant, {"element type 8"});
}

TEST(ReaderUntrusted, AConstantPerPixelOfAHugeImageAsksForNoMemory) {
  TestFile file;
  file.input("x", {1, 1, 16000, 16000}).output("y");
  file.node("Flatten", {"x"}, {"f"});
  file.integers("target", {1, 16000, 16000});
  file.node("Reshape", {"f", "target"}, {"r"});
  file.filled("c", {16000, 1});
  file.node("Mul", {"r", "c"}, {"y"});
  refused(file, {"y_node", "too large"});
}

TEST(ReaderUntrusted, QuantizersThatSayTooLittleOrNonsense) {
  auto with = [](const std::function<void(TestFile&, onnx::NodeProto&)>& change) {
    TestFile file;
    file.input("x", {1, 4}).output("y");
    change(file, file.quant("x", "y", 0.5F, 0, 4));
    return file;
  };
  refused(with([](TestFile&, onnx::NodeProto& q) { q.mutable_attribute(2)->set_s("STOCHASTIC_ROUND"); }),
          {"y_node", "rounding_mode \"STOCHASTIC_ROUND\"", "HALF_EVEN"});
  refused(with([](TestFile&, onnx::NodeProto& q) { q.mutable_attribute()->DeleteSubrange(0, 1); }),
          {"y_node", "no attribute \"signed\""});
  refused(with([](TestFile&, onnx::NodeProto& q) { q.mutable_attribute()->DeleteSubrange(1, 1); }),
          {"y_node", "no attribute \"narrow\""});
  refused(with([](TestFile& f, onnx::NodeProto&) { f.graph->mutable_initializer(0)->set_float_data(0, -1); }),
          {"y_node", "scale of -1"});
  refused(
      with([](TestFile& f, onnx::NodeProto&) { f.graph->mutable_initializer(1)->set_float_data(0, 0.5F); }),
      {"y_node", "zero point of 0.5"});
  refused(
      with([](TestFile& f, onnx::NodeProto&) { f.graph->mutable_initializer(2)->set_float_data(0, 2.5F); }),
      {"y_node", "bitwidth of 2.5"});
  refused(with([](TestFile& f, onnx::NodeProto&) { f.graph->mutable_initializer(2)->set_float_data(0, 33); }),
          {"y_node", "bitwidth of 33"});
  refused(with([](TestFile&, onnx::NodeProto& q) { q.set_input(1, "x"); }),
          {"y_node", "scale that is computed"});
  refused(with([](TestFile&, onnx::NodeProto& q) { q.mutable_attribute(0)->set_i(2); }),
          {"signed 2, expected 0 or 1"});
  refused(with([](TestFile&, onnx::NodeProto& q) { q.set_op_type("FloatQuant"); }),
          {"(FloatQuant)", "not supported"});
}

TEST(ReaderUntrusted, ATextInANameIsMadeFitForALine) {
  TestFile file = relu();
  file.graph->mutable_node(0)->set_name(std::string("a\nb\x1b") + std::string(200, 'c'));
  file.graph->mutable_node(0)->set_op_type("X\nY");
  refused(file, {"a?b?ccc", "..."});
}

class ReaderExternal : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("netsurf-external-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_ / "model" / "data");
    std::ofstream(folder_ / "secret", std::ios::binary) << std::string(16, 'x');
    Floats values = {1, 2, 3, 4};
    std::ofstream(folder_ / "model" / "data" / "w.bin", std::ios::binary)
        .write(reinterpret_cast<const char*>(values.data()), 16);
    file_.input("x", {1, 4}).output("y");
    file_.node("Add", {"x", "w"}, {"y"});
    tensor_ = &file_.filled("w", {4});
    tensor_->clear_float_data();
    tensor_->set_data_location(onnx::TensorProto::EXTERNAL);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  foreign::Graph read(const std::string& location, const std::string& offset = "0",
                      const std::string& length = "16") {
    tensor_->clear_external_data();
    auto add = [&](const char* key, const std::string& value) {
      auto* entry = tensor_->add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    };
    add("location", location);
    add("offset", offset);
    add("length", length);
    std::ofstream(folder_ / "model" / "m.onnx", std::ios::binary) << file_.bytes();
    return read_onnx(folder_ / "model" / "m.onnx");
  }
  void refused(const std::string& location, std::string_view piece, const std::string& offset = "0",
               const std::string& length = "16") {
    expect_error<FormatError>([&] { read(location, offset, length); }, {"m.onnx", "y_node", "\"w\"", piece});
  }

  std::filesystem::path folder_;
  TestFile file_;
  onnx::TensorProto* tensor_ = nullptr;
};

TEST_F(ReaderExternal, DataInTheModelsOwnFolderIsRead) {
  EXPECT_EQ(only(read("data/w.bin"), foreign::Op::add_constant).constant->values, (Floats{1, 2, 3, 4}));
}

TEST_F(ReaderExternal, PathsThatLeaveTheFolderAreRefused) {
  refused("../secret", "leaves the folder");
  refused("data/../../secret", "leaves the folder");
  refused((folder_ / "secret").string(), "leaves the folder");
  std::filesystem::create_symlink(folder_ / "secret", folder_ / "model" / "link");
  refused("link", "leaves the folder");
  std::filesystem::create_directory_symlink(folder_, folder_ / "model" / "up");
  refused("up/secret", "leaves the folder");
  refused("", "without a location");
  refused(".", "not a file beside the model");
}

TEST_F(ReaderExternal, RangesOutsideOfTheDataAreRefused) {
  refused("nothing.bin", "not a file beside the model");
  refused("data", "not a file beside the model");
  refused("data/w.bin", "needs 16 bytes from byte 4", "4");
  refused("data/w.bin", "needs 16 bytes", "18446744073709551615");
  refused("data/w.bin", "said to have 12", "0", "12");
  refused("data/w.bin", "offset \"-1\"", "-1");
}

TEST_F(ReaderExternal, BytesAloneMayNotNameFiles) {
  read("data/w.bin");
  expect_error<FormatError>([&] { file_.read(); }, {"y_node", "kept in another file"});
}

}  // namespace
}  // namespace netsurf::qonnx
