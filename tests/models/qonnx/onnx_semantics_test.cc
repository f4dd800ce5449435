// What a saved file means to others: it is run by tests/models/qonnx/onnx_executor.py, which knows ONNX and
// QONNX but not NetSurf.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/models/qonnx/executor_cases.h"
#include "tests/models/qonnx/onnx_models.h"

namespace netsurf {
namespace {

const std::string kPython = "/usr/bin/python3";
const std::string kScript = "tests/models/qonnx/onnx_executor.py";

bool has_onnx_for_python() {
  return std::system((kPython + " -c 'import onnx, numpy' > /dev/null 2>&1").c_str()) == 0;
}

/// Two samples of input codes spread over 0 to 255.
std::vector<float> two_inputs(const Model& model) {
  auto count = static_cast<size_t>(2 * num_elements(model.input().shape));
  std::vector<float> values;
  for (size_t i = 0; i < count; ++i) values.push_back(static_cast<float>((i * i * 37 + i * 11) % 256) / 256);
  return values;
}

// Codes of the scores of two_inputs(), from tests/reference/naive_inference.cc.
const std::vector<double> kScores = {16274962241, -433551092626, -367296323011,
                                     14310105559, -434253763312, -361408725497};
constexpr double kScoreStep = 1.0 / (1 << 14);

/// Only a property says that an activation wraps; to others it saturates.
bool has_wraps(const Model& model) {
  return std::any_of(model.layers().begin(), model.layers().end(),
                     [](const Layer& layer) { return layer.wraps; });
}

TEST(OnnxSemantics, TheFileIsValidAndMeansTheSameToOthers) {
  if (!has_onnx_for_python()) GTEST_SKIP() << "python3-onnx or numpy is not installed for " << kPython;
  Model model = model_of_every_kind();
  std::vector<double> found =
      run_executor(kPython, kScript, {{without_softmax(model), two_inputs(model), {}}})[0];
  ASSERT_EQ(found.size(), kScores.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i], kScores[i] * kScoreStep) << i;
}

TEST(OnnxSemantics, RandomModelsComputeTheReferencesValues) {
  if (!has_onnx_for_python()) GTEST_SKIP() << "python3-onnx or numpy is not installed for " << kPython;
  constexpr int kModels = 60, kSamples = 3;
  uint64_t seed = testing::test_seed();
  testing::Random random(seed);
  std::vector<ExecutorCase> cases;
  std::map<LayerKind, int> seen;
  int64_t refused = 0;
  // On until every kind has been met, which takes a few more than kModels for one seed in a hundred.
  while (cases.size() < kModels || (seen.size() < kLayerKinds.size() && cases.size() < 5 * kModels)) {
    Model model = testing::random_model(random, refused);
    if (has_wraps(model)) continue;
    for (const Layer& layer : model.layers()) ++seen[layer.kind];
    cases.push_back(executor_case(model, random, kSamples, false));
  }
  std::vector<std::vector<double>> found = run_executor(kPython, kScript, cases);
  for (size_t i = 0; i < cases.size(); ++i) {
    ASSERT_EQ(num_differing(found[i], cases[i].expected), 0)
        << "model " << i << " of NETSURF_TEST_SEED=" << seed << ", " << found[i].size()
        << " values, expected " << cases[i].expected.size();
  }
  EXPECT_EQ(seen.size(), kLayerKinds.size()) << "the generator must meet every kind";
}

TEST(OnnxSemantics, TheComparisonNoticesAnotherFile) {
  if (!has_onnx_for_python()) GTEST_SKIP() << "python3-onnx or numpy is not installed for " << kPython;
  Model model = model_of_every_kind();
  onnx::ModelProto proto = without_softmax(model);
  // One pad of the first convolution moves from the bottom to the top: all shapes stay as they were.
  for (auto& node : *proto.mutable_graph()->mutable_node()) {
    if (node.op_type() != "Conv" || node.output(0) != "conv") continue;
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.name() == "pads") attribute.mutable_ints()->SwapElements(0, 2);
    }
  }
  std::vector<double> found = run_executor(kPython, kScript, {{proto, two_inputs(model), {}}})[0];
  ASSERT_EQ(found.size(), kScores.size());
  EXPECT_NE(found[0], kScores[0] * kScoreStep);
}

}  // namespace
}  // namespace netsurf
