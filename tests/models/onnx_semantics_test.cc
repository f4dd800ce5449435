// What a saved file means to others: it is run by tests/models/onnx_executor.py, which knows ONNX and QONNX
// but not NetSurf.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include "engine/base/file.h"
#include "models/onnx_export.h"
#include "models/onnx_proto.h"
#include "tests/models/onnx_models.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

bool has_onnx_for_python() {
  return std::system("/usr/bin/python3 -c 'import onnx, numpy' > /dev/null 2>&1") == 0;
}

/// The model without its softmax, so that what comes out are exact values.
onnx::ModelProto without_softmax(const Model& model) {
  onnx::ModelProto proto;
  EXPECT_TRUE(proto.ParseFromString(model_to_onnx(model)));
  onnx::GraphProto& graph = *proto.mutable_graph();
  std::string scores = graph.node().rbegin()->input(0);
  graph.mutable_node()->RemoveLast();
  for (int i = 0; i < graph.value_info_size(); ++i) {
    if (graph.value_info(i).name() != scores) continue;
    *graph.mutable_output(0) = graph.value_info(i);
    graph.mutable_value_info()->DeleteSubrange(i, 1);
    break;
  }
  return proto;
}

/// Two samples of input codes spread over 0 to 255.
std::string two_inputs(const Model& model) {
  auto count = static_cast<size_t>(2 * num_elements(model.input().shape));
  std::string bytes(count * sizeof(double), '\0');
  for (size_t i = 0; i < count; ++i) {
    double value = static_cast<double>((i * i * 37 + i * 11) % 256) / 256;
    std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
  }
  return bytes;
}

/// What the executor makes of a file; empty when it refuses it.
std::vector<double> outputs(const onnx::ModelProto& proto, const std::string& inputs,
                            const std::string& name) {
  fs::path folder = fs::path(testing::TempDir()) / ("netsurf_onnx_" + name);
  write_file(folder / "model.onnx", proto.SerializeAsString());
  write_file(folder / "inputs", inputs);
  std::string command = "/usr/bin/python3 -B '" NETSURF_SOURCE_DIR "/tests/models/onnx_executor.py' '" +
                        folder.string() + "/model.onnx' '" + folder.string() + "/inputs' '" +
                        folder.string() + "/outputs'";
  std::vector<double> result;
  if (std::system(command.c_str()) == 0) {
    std::string bytes = read_file(folder / "outputs", 1 << 20);
    result.resize(bytes.size() / sizeof(double));
    std::memcpy(result.data(), bytes.data(), bytes.size());
  }
  fs::remove_all(folder);
  return result;
}

// Codes of the scores of two_inputs(), from tests/reference/naive_inference.cc.
const std::vector<double> kScores = {16274962241, -433551092626, -367296323011,
                                     14310105559, -434253763312, -361408725497};
constexpr double kScoreStep = 1.0 / (1 << 14);

TEST(OnnxSemantics, TheFileIsValidAndMeansTheSameToOthers) {
  if (!has_onnx_for_python()) GTEST_SKIP() << "python3-onnx or numpy is not installed for /usr/bin/python3";
  Model model = model_of_every_kind();
  std::vector<double> found = outputs(without_softmax(model), two_inputs(model), "same");
  ASSERT_EQ(found.size(), kScores.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i], kScores[i] * kScoreStep) << i;
}

TEST(OnnxSemantics, TheComparisonNoticesAnotherFile) {
  if (!has_onnx_for_python()) GTEST_SKIP() << "python3-onnx or numpy is not installed for /usr/bin/python3";
  Model model = model_of_every_kind();
  onnx::ModelProto proto = without_softmax(model);
  // One pad of the first convolution moves from the bottom to the top: all shapes stay as they were.
  for (auto& node : *proto.mutable_graph()->mutable_node()) {
    if (node.op_type() != "Conv" || node.output(0) != "conv") continue;
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.name() == "pads") attribute.mutable_ints()->SwapElements(0, 2);
    }
  }
  std::vector<double> found = outputs(proto, two_inputs(model), "other");
  ASSERT_EQ(found.size(), kScores.size());
  EXPECT_NE(found[0], kScores[0] * kScoreStep);
}

}  // namespace
}  // namespace netsurf
