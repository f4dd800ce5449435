#include "models/qonnx/reader_learned.h"

#include <algorithm>

namespace netsurf::qonnx {
namespace {

using foreign::Op;

bool is_affine(Op op) {
  return op == Op::add_constant || op == Op::multiply_constant || op == Op::divide_constant;
}
bool has_weights(Op op) { return op == Op::dense || op == Op::conv2d || op == Op::conv2d_transpose; }

bool adds_something(const foreign::Node& node) {
  if (node.op != Op::add_constant) return false;
  const auto& values = node.constant->values;
  return values.empty() || std::any_of(values.begin(), values.end(), [](float value) { return value != 0; });
}

}  // namespace

void mark_learned(foreign::Graph& graph) {
  size_t count = graph.nodes.size();
  std::vector<bool> follows_weights(count, false);
  std::vector<size_t> first_of_run(count);
  std::vector<bool> run_adds(count, false);  // by the run's first node
  for (size_t i = 0; i < count; ++i) {
    const foreign::Node& node = graph.nodes[i];
    first_of_run[i] = i;
    follows_weights[i] = has_weights(node.op);
    for (int input : node.inputs)
      follows_weights[i] = follows_weights[i] || follows_weights[static_cast<size_t>(input)];
    if (!is_affine(node.op)) continue;
    auto before = static_cast<size_t>(node.inputs[0]);
    if (is_affine(graph.nodes[before].op)) first_of_run[i] = first_of_run[before];
    if (adds_something(node) && follows_weights[i]) run_adds[first_of_run[i]] = true;
  }
  for (size_t i = 0; i < count; ++i) {
    if (is_affine(graph.nodes[i].op) && run_adds[first_of_run[i]]) graph.nodes[i].is_learned = true;
  }
}

}  // namespace netsurf::qonnx
