#include "models/qonnx/onnx_window.h"

namespace netsurf {
namespace {

constexpr int64_t kMaxWindow = 4096;

/// An attribute of as many numbers as its default has.
std::vector<int> numbers(const OnnxGraph& graph, const onnx::NodeProto& node, const char* name,
                         const std::vector<int64_t>& fallback, int64_t low) {
  std::vector<int64_t> found = graph.integers(node, name, fallback);
  if (found.size() != fallback.size()) {
    graph.refuse(node, "has " + std::to_string(found.size()) + " " + name + ", expected " +
                           std::to_string(fallback.size()) + " (2-D only)");
  }
  std::vector<int> result;
  for (int64_t number : found) result.push_back(graph.in_range(node, name, number, low, kMaxWindow));
  return result;
}

}  // namespace

Window read_window(const OnnxGraph& graph, const onnx::NodeProto& node, int height, int width) {
  if (graph.text(node, "auto_pad", "NOTSET") != "NOTSET")
    graph.refuse(node, "has auto_pad, expected explicit pads");
  std::vector<int> size = numbers(graph, node, "kernel_shape", {height, width}, 1);
  std::vector<int> stride = numbers(graph, node, "strides", {1, 1}, 1);
  std::vector<int> dilation = numbers(graph, node, "dilations", {1, 1}, 1);
  std::vector<int> pad = numbers(graph, node, "pads", {0, 0, 0, 0}, 0);
  return Window{size[0],     size[1], stride[0], stride[1], dilation[0],
                dilation[1], pad[0],  pad[1],    pad[2],    pad[3]};
}

}  // namespace netsurf
