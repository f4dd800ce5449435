// Pools over windows and over everything.
#include "engine/base/error.h"
#include "models/keras/activations.h"
#include "models/keras/layers.h"

namespace netsurf::keras {
namespace {

using foreign::Op;

Tensor max_pool(LayerCall& call, size_t rank) {
  const Tensor& in = call.input();
  check_image(call, in, rank);
  foreign::Node node = node_of(Op::max_pool);
  node.window = read_window(call, in, "pool_size", 0);
  std::vector<int> sizes = window_output(call, in, node.window, in.sizes.back());
  return call.append({in}, std::move(node), "pool", sizes);
}

void refuse_average_quantizer(const LayerCall& call) {
  if (call.config.find("average_quantizer") != nullptr) {
    call.fail("average_quantizer",
              "is given: a quantized factor in the place of 1 / area, which NetSurf does not take");
  }
}

Tensor average_pool(LayerCall& call, size_t rank) {
  const Tensor& in = call.padded_input();
  check_image(call, in, rank);
  refuse_average_quantizer(call);
  foreign::Node node = node_of(Op::average_pool);
  node.window = read_window(call, in, "pool_size", 0);
  // The zeros of a padding layer are values like any other; those of "same" are not counted.
  node.counts_padding = !in.padded_by.empty();
  if (node.counts_padding && call.config.text("padding", "valid") != "valid") {
    call.fail("padding",
              "is same on zeros put there by " + quote(in.padded_by) + "; NetSurf takes one of the two");
  }
  if (node.counts_padding) {
    call.builder.graph.folded.push_back("zeros of " + in.padded_by + " into the window of " + call.name());
  }
  std::vector<int> sizes = window_output(call, in, node.window, in.sizes.back());
  Tensor out = call.append({in}, std::move(node), "pool", sizes);
  return apply_activation(call, out, "activation", Dialect::qkeras);
}

/// [1, 1, channels] where the layer keeps the axes it pooled over.
Tensor keep_axes(LayerCall& call, const Tensor& tensor, size_t rank) {
  if (!call.config.flag("keepdims", false)) return tensor;
  std::vector<int> sizes(rank, 1);
  sizes.back() = tensor.sizes.back();
  foreign::Node node = node_of(Op::reshape);
  node.shape = engine_shape(sizes, call.where());
  return call.append({tensor}, std::move(node), "reshape", sizes);
}

Tensor global_average_pool(LayerCall& call, size_t rank) {
  const Tensor& in = call.input();
  check_image(call, in, rank);
  refuse_average_quantizer(call);
  Tensor out = call.append({in}, node_of(Op::global_average_pool), "pool", {in.sizes.back()});
  return apply_activation(call, keep_axes(call, out, rank), "activation", Dialect::qkeras);
}

Tensor global_max_pool(LayerCall& call, size_t rank) {
  const Tensor& in = call.input();
  check_image(call, in, rank);
  foreign::Node node = node_of(Op::max_pool);
  auto [height, width] = image_size(in);
  node.window.height = height;
  node.window.width = width;
  std::vector<int> sizes = window_output(call, in, node.window, in.sizes.back());
  Tensor out = call.append({in}, std::move(node), "pool", sizes);
  out = call.append({out}, node_of(Op::flatten), "flatten", {in.sizes.back()});
  return keep_axes(call, out, rank);
}

constexpr LayerRow kRows[] = {
    {"MaxPooling1D", [](LayerCall& call) { return max_pool(call, 2); }},
    {"MaxPooling2D", [](LayerCall& call) { return max_pool(call, 3); }},
    {"AveragePooling1D", [](LayerCall& call) { return average_pool(call, 2); }},
    {"AveragePooling2D", [](LayerCall& call) { return average_pool(call, 3); }},
    {"QAveragePooling2D", [](LayerCall& call) { return average_pool(call, 3); }},
    {"GlobalAveragePooling1D", [](LayerCall& call) { return global_average_pool(call, 2); }},
    {"GlobalAveragePooling2D", [](LayerCall& call) { return global_average_pool(call, 3); }},
    {"QGlobalAveragePooling2D", [](LayerCall& call) { return global_average_pool(call, 3); }},
    {"GlobalMaxPooling1D", [](LayerCall& call) { return global_max_pool(call, 2); }},
    {"GlobalMaxPooling2D", [](LayerCall& call) { return global_max_pool(call, 3); }},
};

}  // namespace

std::span<const LayerRow> pooling_layers() { return kRows; }

}  // namespace netsurf::keras
