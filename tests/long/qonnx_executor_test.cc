// Saved models in the executor of the qonnx package, which computes in float32: wherever that holds every
// sum, it puts out what NetSurf computes, to the last bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "engine/base/error.h"
#include "models/import.h"
#include "tests/models/qonnx/executor_cases.h"

namespace netsurf {
namespace {

const std::string kScript = "tests/long/qonnx_executor.py";

/// What one layer needs of float32, in units of the finest step on the way: below 2^24 every number is exact.
double float32_need(const Model& model, int index) {
  const Layer& layer = model.layers()[static_cast<size_t>(index)];
  const TensorType& type = model.type(index);
  auto need = static_cast<double>(type.bound);
  if (layer.inputs.empty()) return need;
  const TensorType& in = model.type(layer.inputs[0]);
  double magnitude = static_cast<double>(std::max(in.high, -in.low));
  if (layer.kind == LayerKind::average_pool) return magnitude * layer.window.height * layer.window.width;
  if (layer.kind == LayerKind::global_average_pool) return magnitude * in.shape[0] * in.shape[1];
  if (layer.kind != LayerKind::activation) return need;
  int frac_bits = in.frac_bits;
  if (layer.function == ActivationFunction::hard_sigmoid) {
    magnitude += std::ldexp(1.0, in.frac_bits);
    ++frac_bits;
  }
  if (layer.function == ActivationFunction::leaky_relu) {
    magnitude *= std::max(std::ldexp(1.0, layer.slope_shift), static_cast<double>(layer.slope));
    frac_bits += layer.slope_shift;
  }
  // Ways to round that add half a step first.
  bool adds_half = layer.rounding == core::Rounding::half_away ||
                   layer.rounding == core::Rounding::half_to_zero ||
                   layer.rounding == core::Rounding::half_up || layer.rounding == core::Rounding::half_down;
  if (adds_half) magnitude += std::ldexp(1.0, frac_bits - layer.format.frac_bits() - 1);
  return std::max(need, magnitude);
}

/// onnxruntime, which qonnx runs ONNX's own operators in, takes no pool with padding as large as its kernel.
bool is_refused_by_onnxruntime(const Layer& layer) {
  bool is_pool = layer.kind == LayerKind::max_pool || layer.kind == LayerKind::average_pool;
  const Window& w = layer.window;
  return is_pool &&
         (std::max(w.pad_top, w.pad_bottom) >= w.height || std::max(w.pad_left, w.pad_right) >= w.width);
}

/// Whether float32 holds everything the graph computes, and the graph says everything.
bool fits_float32(const Model& model) {
  const Layer& input = model.input();
  // A quotient that is no multiple of a power of two takes all of float32: adding half a step to it rounds.
  bool may_round = input.unit != 1 && input.rounding >= core::Rounding::half_away &&
                   input.rounding <= core::Rounding::half_down;
  if (may_round) return false;
  for (int i = 0; i <= model.output(); ++i) {
    const Layer& layer = model.layers()[static_cast<size_t>(i)];
    bool divides = layer.kind == LayerKind::average_pool || layer.kind == LayerKind::global_average_pool;
    // An average must keep its distance from a tie, two bits of it.
    if (float32_need(model, i) >= (divides ? 1 << 22 : 1 << 24)) return false;
    if (layer.wraps || is_refused_by_onnxruntime(layer)) return false;
  }
  return true;
}

/// Runs the cases and expects every value that they expect.
void expect_same_values(const std::string& python, const std::vector<ExecutorCase>& cases,
                        const std::vector<std::string>& names) {
  std::vector<std::vector<double>> found = run_executor(python, kScript, cases);
  for (size_t i = 0; i < cases.size(); ++i) {
    ASSERT_EQ(num_differing(found[i], cases[i].expected), 0)
        << names[i] << ", " << found[i].size() << " values, expected " << cases[i].expected.size();
  }
}

/// The Python of NETSURF_QONNX_PYTHON, or null.
const char* qonnx_python() { return std::getenv("NETSURF_QONNX_PYTHON"); }

constexpr const char* kNoPython =
    "NETSURF_QONNX_PYTHON does not name a Python with the qonnx package; the files that NetSurf writes are "
    "not "
    "compared with its executor";

TEST(QonnxExecutor, RandomModelsBelow24BitsComputeTheSame) {
  if (qonnx_python() == nullptr) GTEST_SKIP() << kNoPython;
  constexpr int kModels = 200, kSamples = 4;
  uint64_t seed = testing::test_seed();
  testing::Random random(seed);
  std::vector<ExecutorCase> cases;
  std::vector<std::string> names;
  std::map<LayerKind, int> seen;
  int64_t refused = 0, drawn = 0, values = 0;
  while (cases.size() < kModels) {
    Model model = testing::random_model(random, refused);
    ++drawn;
    if (!fits_float32(model)) continue;
    for (const Layer& layer : model.layers()) ++seen[layer.kind];
    names.push_back("model " + std::to_string(cases.size()) +
                    " of NETSURF_TEST_SEED=" + std::to_string(seed));
    cases.push_back(executor_case(model, random, kSamples, true));
    values += static_cast<int64_t>(cases.back().expected.size());
  }
  expect_same_values(qonnx_python(), cases, names);
  EXPECT_EQ(seen.size(), kLayerKinds.size()) << "the generator must meet every kind";
  RecordProperty("values", std::to_string(values) + " of " + std::to_string(drawn) + " models drawn");
}

TEST(QonnxExecutor, ImportedNetworksBelow24BitsComputeTheSame) {
  if (qonnx_python() == nullptr) GTEST_SKIP() << kNoPython;
  std::filesystem::path folder = NETSURF_SHARED_DIR "/models";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << folder << " does not exist";
  constexpr int64_t kMaxMacs = 150'000'000;  // of all samples: the reference takes its time
  testing::Random random(1);
  std::vector<ExecutorCase> cases;
  std::vector<std::string> names;
  std::string compared;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    std::string kind = entry.path().extension().string();
    if (kind != ".onnx" && kind != ".h5" && kind != ".keras") continue;
    std::optional<Model> model;
    try {
      model = foreign::import_network(entry.path(), std::nullopt, {}).model;
    } catch (const InputError&) {
      continue;  // why not everything imports is for other tests to say
    } catch (const FormatError&) {
      continue;
    }
    if (!fits_float32(*model)) continue;
    int64_t samples =
        std::min<int64_t>(testing::kMaxRandomSamples, kMaxMacs / std::max<int64_t>(1, model->num_macs()));
    if (samples == 0) continue;
    names.push_back(entry.path().string());
    cases.push_back(executor_case(*model, random, samples, true));
    compared += entry.path().filename().string() + " ";
  }
  expect_same_values(qonnx_python(), cases, names);
  EXPECT_GT(cases.size(), 3u);
  RecordProperty("compared", compared);
}

}  // namespace
}  // namespace netsurf
