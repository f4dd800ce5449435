// Random foreign networks, lowered and run by the naive reference, against the same networks in float32.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "engine/model/dataset.h"
#include "models/foreign/lower.h"
#include "tests/models/foreign/random_graph.h"
#include "tests/reference/naive_inference.h"
#include "tests/support/float_network.h"

namespace netsurf::foreign::testing {
namespace {

using netsurf::testing::Random;

std::string description(const Graph& graph) {
  std::string text;
  for (const Node& n : graph.nodes) {
    text += n.name + " op " + std::to_string(static_cast<int>(n.op)) + " reads";
    for (int input : n.inputs) text += " " + std::to_string(input);
    if (n.constant) text += " constant " + shape_text(n.constant->shape);
    for (const auto& q : {n.quantizer, n.constant ? n.constant->quantizer : std::nullopt}) {
      if (!q) continue;
      text += " q" + std::to_string(q->bits) + (q->is_signed ? "s" : "u") + (q->bipolar ? " bipolar" : "") +
              " scale " + std::to_string(q->scale[0]) + " x" + std::to_string(q->scale.size()) + " zero " +
              std::to_string(q->zero_point[0]) + " " + std::string(name_of(q->rounding));
    }
    text += "\n";
  }
  return text;
}

struct Agreement {
  int64_t outputs = 0, differing = 0;
  double largest = 0;  // in output steps
};

/// Runs random samples through both; the outputs before a softmax are compared.
void compare_on_samples(const Graph& graph, const Lowered& lowered, Random& random, int samples,
                        Agreement& found) {
  const Model& model = lowered.model;
  std::vector<std::vector<int32_t>> codes;
  for (const Parameter& p : model.parameters()) codes.push_back(p.codes);
  const Layer& input = model.input();
  int scored = graph.output;
  if (graph.nodes[static_cast<size_t>(scored)].op == Op::softmax)
    scored = graph.nodes[static_cast<size_t>(scored)].inputs[0];
  for (int s = 0; s < samples; ++s) {
    FloatTensor sample{input.shape, {}};
    std::vector<int32_t> sample_codes;
    for (int64_t i = 0; i < num_elements(input.shape); ++i) {
      auto x = static_cast<float>(random.between(-1 << 16, 1 << 16)) / (1 << 15);
      sample.values.push_back(x);
      sample_codes.push_back(quantize(x, input));
    }
    FloatTensor theirs = run_floats(graph, sample)[static_cast<size_t>(scored)];
    const auto tensors = naive::infer(model, codes, sample_codes);
    const naive::Tensor& ours = naive::scored(tensors);
    double step = std::ldexp(static_cast<double>(model.layers().back().unit), -ours.frac_bits);
    ASSERT_EQ(ours.codes.size(), theirs.values.size());
    for (size_t i = 0; i < ours.codes.size(); ++i) {
      double distance =
          std::abs(static_cast<double>(ours.codes[i]) * step - static_cast<double>(theirs.values[i]));
      double tolerance = 1e-5 * std::max(1.0, std::abs(static_cast<double>(theirs.values[i])));
      found.outputs += 1;
      found.differing += distance > tolerance ? 1 : 0;
      found.largest = std::max(found.largest, distance);
    }
  }
}

TEST(RandomForeignGraphs, DyadicNetworksAreExact) {
  uint64_t seed = netsurf::testing::test_seed();
  Random random(seed);
  Agreement all;
  for (int i = 0; i < 150; ++i) {
    Graph graph = random_graph(random, {.is_dyadic = true});
    SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed) + " graph " + std::to_string(i) + "\n" +
                 description(graph));
    Agreement one;
    compare_on_samples(graph, lower(graph, {}), random, 4, one);
    EXPECT_EQ(one.differing, 0) << "largest " << one.largest;
    all.outputs += one.outputs;
  }
  EXPECT_GT(all.outputs, 1000);
}

TEST(RandomForeignGraphs, OtherScalesDifferRarely) {
  uint64_t seed = netsurf::testing::test_seed();
  Random random(seed);
  Agreement all;
  int refused = 0;
  for (int i = 0; i < 150; ++i) {
    Graph graph = random_graph(random, {.is_dyadic = false});
    SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed) + " graph " + std::to_string(i));
    try {
      compare_on_samples(graph, lower(graph, {}), random, 4, all);
    } catch (const InputError& error) {
      ASSERT_THAT(error.what(), ::testing::ContainsRegex("more than (31|62) bits"));
      ++refused;
    }
  }
  EXPECT_LT(refused, 15);
  EXPECT_GT(all.outputs, 1000);
  // A code that differs in one layer may change several outputs; the layers' own counts are far lower.
  EXPECT_LT(static_cast<double>(all.differing), 0.02 * static_cast<double>(all.outputs));
}

}  // namespace
}  // namespace netsurf::foreign::testing
