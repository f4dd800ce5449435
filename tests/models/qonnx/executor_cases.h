// Saved models with inputs, run by an executor that knows ONNX and QONNX but not NetSurf, and what the naive
// reference says of them.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "engine/base/file.h"
#include "engine/model/dataset.h"
#include "models/qonnx/onnx_export.h"
#include "models/qonnx/onnx_proto.h"
#include "tests/reference/naive_inference.h"
#include "tests/support/random_model.h"
#include "tests/support/temp_dir.h"

namespace netsurf {

struct ExecutorCase {
  onnx::ModelProto proto;
  std::vector<float> inputs;
  std::vector<double> expected;  // of all samples
};

/// The model without its softmax, so that what comes out are exact values.
inline onnx::ModelProto without_softmax(const Model& model) {
  onnx::ModelProto proto;
  EXPECT_TRUE(proto.ParseFromString(model_to_onnx(model)));
  if (model.layers().back().kind != LayerKind::softmax) return proto;
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

/// Samples at codes, at ties and at quarters between them, inside the input's range and a little outside.
inline std::vector<float> random_inputs(const Model& model, testing::Random& random, int64_t count) {
  std::vector<float> values;
  double step = model.input().format.step() * static_cast<double>(model.input().unit);
  for (int32_t code : testing::random_evaluation_set(model, random, count).codes)
    values.push_back(static_cast<float>((code + random.pick(-4, 4) / 4.0) * step));
  return values;
}

/// The scored values for `inputs`: code x 2^-F x unit, the product rounded to float32 when `in_float32`.
inline std::vector<double> naive_outputs(const Model& model, const std::vector<float>& inputs,
                                         bool in_float32) {
  Samples samples;
  samples.shape = model.input().shape;
  samples.values = inputs;
  samples.count = static_cast<int64_t>(inputs.size()) / num_elements(samples.shape);
  EvaluationSet set = encode(model, samples, Task::comparison);
  std::vector<std::vector<int32_t>> parameters;
  for (const Parameter& parameter : model.parameters()) parameters.push_back(parameter.codes);
  std::vector<double> values;
  for (int64_t i = 0; i < set.count; ++i) {
    std::span<const int32_t> sample(set.codes.data() + i * set.sample_size,
                                    static_cast<size_t>(set.sample_size));
    naive::Tensor scored = naive::scored(naive::infer(model, parameters, sample));
    for (naive::Wide code : scored.codes) {
      long double value = std::ldexp(static_cast<long double>(code), -scored.frac_bits);
      float unit = model.layers().back().unit;
      values.push_back(in_float32 ? static_cast<double>(static_cast<float>(value) * unit)
                                  : static_cast<double>(value * static_cast<long double>(unit)));
    }
  }
  return values;
}

inline ExecutorCase executor_case(const Model& model, testing::Random& random, int64_t count,
                                  bool in_float32) {
  ExecutorCase made{without_softmax(model), random_inputs(model, random, count), {}};
  made.expected = naive_outputs(model, made.inputs, in_float32);
  return made;
}

/// Runs `python script FOLDER` over all cases; outputs per case, empty for a case that it did not run.
inline std::vector<std::vector<double>> run_executor(const std::string& python, const std::string& script,
                                                     const std::vector<ExecutorCase>& cases) {
  TempDir folder;
  auto name = [](size_t i) { return std::to_string(100000 + i); };
  for (size_t i = 0; i < cases.size(); ++i) {
    folder.write(name(i) + ".onnx", cases[i].proto.SerializeAsString());
    folder.write(name(i) + ".inputs", {reinterpret_cast<const char*>(cases[i].inputs.data()),
                                       cases[i].inputs.size() * sizeof(float)});
  }
  std::string command = "'" + python + "' -B '" + std::string(NETSURF_SOURCE_DIR) + "/" + script + "' '" +
                        folder.path().string() + "'";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  std::vector<std::vector<double>> outputs(cases.size());
  for (size_t i = 0; i < cases.size(); ++i) {
    std::filesystem::path path = folder.path() / (name(i) + ".outputs");
    if (!std::filesystem::exists(path)) continue;
    std::string bytes = read_file(path, 1 << 28);
    outputs[i].resize(bytes.size() / sizeof(double));
    std::memcpy(outputs[i].data(), bytes.data(), bytes.size());
  }
  return outputs;
}

/// How many values differ; all of them when the numbers of values do.
inline int64_t num_differing(const std::vector<double>& found, const std::vector<double>& expected) {
  if (found.size() != expected.size()) return static_cast<int64_t>(expected.size());
  int64_t count = 0;
  for (size_t i = 0; i < found.size(); ++i) count += found[i] == expected[i] ? 0 : 1;
  return count;
}

}  // namespace netsurf
