#include "tests/models/keras/interpreter.h"

#include "tests/support/float_network.h"

namespace netsurf::keras {

std::vector<Image> interpret(const foreign::Graph& graph, const std::vector<double>& input) {
  foreign::testing::FloatTensor sample{graph.nodes[0].shape, {}};
  for (double value : input) sample.values.push_back(static_cast<float>(value));
  std::vector<Image> all;
  for (const auto& tensor : foreign::testing::run_floats(graph, sample))
    all.push_back({tensor.shape, {tensor.values.begin(), tensor.values.end()}});
  return all;
}

}  // namespace netsurf::keras
