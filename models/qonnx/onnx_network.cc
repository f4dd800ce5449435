#include "models/qonnx/onnx_network.h"

#include <algorithm>

#include "models/qonnx/onnx_network_reader.h"
#include "models/qonnx/onnx_quant_node.h"

namespace netsurf {

OnnxNetwork OnnxNetworkReader::read() {
  read_input();
  for (const Node* node : graph_.nodes()) {
    if (!layers_.is_read(*node) && !parameters_.owns(*node)) read_node(*node);
  }
  layers_.check_last();
  check_averages();
  return {std::move(layers_.layers()), std::move(parameters_.parameters())};
}

/// Operators of ONNX itself that begin a pattern.
const std::vector<OnnxNetworkReader::OpRow>& OnnxNetworkReader::ops() {
  using Reader = OnnxNetworkReader;
  static const std::vector<OpRow> kOps = {
      {"Add", &Reader::read_add},
      {"AveragePool", &Reader::read_average_pool},
      {"Clip", &Reader::read_linear},
      {"Concat", &Reader::read_concat},
      {"Conv", &Reader::read_conv},
      {"ConvTranspose", &Reader::read_conv_transpose},
      {"Flatten", &Reader::read_flatten},
      {"GlobalAveragePool", &Reader::read_global_average_pool},
      {"LeakyRelu", &Reader::read_leaky_relu},
      {"MatMul", &Reader::read_matmul},
      {"MaxPool", &Reader::read_max_pool},
      {"Mul", &Reader::read_mul},
      {"Relu", &Reader::read_relu},
      {"Reshape", &Reader::read_reshape},
      {"Resize", &Reader::read_resize},
      {"Softmax", &Reader::read_softmax},
      {"Sum", &Reader::read_add},
      {"Transpose", &Reader::read_transpose},
  };
  return kOps;
}

void OnnxNetworkReader::read_node(const Node& node) {
  if (is_quant(node)) return read_linear(node);
  if (is_multi_threshold(node)) return read_multi_threshold(node);
  auto row = std::find_if(ops().begin(), ops().end(), [&](const OpRow& r) { return r.op == node.op_type(); });
  if (row == ops().end() || !is_op(node, row->op)) {
    std::string known = "Quant, MultiThreshold";
    for (const OpRow& each : ops()) known += ", " + std::string(each.op);
    std::string domain = node.domain().empty() ? "" : " of domain " + in_quotes(node.domain());
    graph_.refuse(node, "is an operator" + domain + " that is not supported; known: " + known);
  }
  (this->*row->read)(node);
}

Layer OnnxNetworkReader::layer_of(LayerKind kind, std::vector<int> inputs) {
  Layer layer;
  layer.kind = kind;
  layer.inputs = std::move(inputs);
  return layer;
}

/// The Mul that makes the last layer's codes real numbers; in front of a softmax, the softmax has the unit.
void OnnxNetworkReader::read_output_unit(const Node& mul) {
  LayerOutput x = layers_.output(mul, mul.input(0));
  float unit = read_unit(mul);
  if (mul.output(0) == graph_.output()) {
    layers_.layers()[static_cast<size_t>(x.layer)].unit = unit;
  } else {
    softmax_unit_ = unit;
  }
  layers_.add_alias(mul.output(0), x);
}

void OnnxNetworkReader::add_join(const Node& node, LayerKind kind) {
  graph_.expect_inputs(node, 2, 1024);
  Layer layer = layer_of(kind, {});
  LayerOutput first = layers_.output(node, node.input(0));
  int64_t channels = 0;
  for (const std::string& tensor : node.input()) {
    const LayerOutput& x = layers_.output(node, tensor);
    Shape expected = layers_.shape_of(first), found = layers_.shape_of(x);
    if (kind == LayerKind::concatenate && found.size() == expected.size()) expected.back() = found.back();
    if (x.order != first.order || found != expected) {
      graph_.refuse(node, "joins " + shape_text(layers_.shape_of(first)) + " and " + shape_text(found) +
                              ", expected like sizes and the same order of axes");
    }
    layer.inputs.push_back(x.layer);
    channels += found.back();
  }
  Numbers sizes(layers_.shape_of(first).begin(), layers_.shape_of(first).end());
  if (kind == LayerKind::concatenate) sizes.back() = channels;
  layers_.add(node, std::move(layer), sizes, first.order);
}

void OnnxNetworkReader::read_add(const Node& node) {
  graph_.expect_attributes(node, {});
  if (node.input_size() == 2 && is_constant(node.input(1))) return read_linear(node);
  for (const std::string& tensor : node.input()) {
    if (parameters_.holds(tensor)) {
      graph_.refuse(node, "adds stored tensor " + in_quotes(tensor) +
                              " to something that is not the product of a MatMul or Mul alone");
    }
  }
  add_join(node, LayerKind::add);
}

void OnnxNetworkReader::read_concat(const Node& node) {
  graph_.expect_attributes(node, {"axis"});
  graph_.expect_inputs(node, 2, 1024);
  const LayerOutput& first = layers_.output(node, node.input(0));
  auto rank = static_cast<int64_t>(layers_.shape_of(first).size()) + 1;
  int64_t axis = graph_.integer(node, "axis", std::nullopt);
  int64_t expected = first.order == AxisOrder::channels_first ? 1 : rank - 1;
  if (first.order == AxisOrder::one_pixel || (axis < 0 ? axis + rank : axis) != expected) {
    graph_.refuse(node, "joins along axis " + std::to_string(axis) + ", expected the channel axis " +
                            std::to_string(expected));
  }
  add_join(node, LayerKind::concatenate);
}

void OnnxNetworkReader::expect_flatten(const Node& node) const {
  graph_.expect_inputs(node, 1, 1);
  graph_.expect_attributes(node, {"axis"});
  int64_t axis = graph_.integer(node, "axis", 1);
  if (axis != 1) graph_.refuse(node, "flattens from axis " + std::to_string(axis) + ", expected 1");
}

void OnnxNetworkReader::read_flatten(const Node& node) {
  expect_flatten(node);
  LayerOutput x = layers_.output(node, node.input(0));
  if (x.order == AxisOrder::one_pixel) {
    layers_.add_alias(node.output(0), {x.layer, AxisOrder::channels_last});
    return;
  }
  x = layers_.elements(node, node.input(0));
  layers_.add(node, layer_of(LayerKind::flatten, {x.layer}), {num_elements(layers_.shape_of(x))});
}

void OnnxNetworkReader::read_reshape(const Node& node) {
  constexpr uint64_t kMaxSizes = 4;
  graph_.expect_inputs(node, 2, 2);
  graph_.expect_attributes(node, {"allowzero"});
  graph_.in_range(node, "allowzero", graph_.integer(node, "allowzero", 0), 0, 0);
  LayerOutput x = layers_.elements(node, node.input(0));
  const onnx::TensorProto* constant = graph_.constant(node.input(1));
  if (constant == nullptr) graph_.refuse(node, "reshapes to computed sizes, expected constant ones");
  std::vector<double> wanted = graph_.numbers(node, *constant, kMaxSizes);
  if (wanted.size() < 2 || (wanted[0] != 0 && wanted[0] != -1)) {
    graph_.refuse(node,
                  "does not keep the batch as its first axis; expected sizes that begin with 0 (or -1)");
  }
  Numbers sizes;
  for (size_t i = 1; i < wanted.size(); ++i) {
    bool fits = wanted[i] >= 1 && wanted[i] <= INT32_MAX;
    if (!fits)
      graph_.refuse(node, "reshapes to a size of " + std::to_string(wanted[i]) +
                              ", expected explicit sizes behind the batch");
    sizes.push_back(static_cast<int64_t>(wanted[i]));
  }
  layers_.check_shape(node, sizes);
  Layer layer = layer_of(LayerKind::reshape, {x.layer});
  layer.shape.assign(sizes.begin(), sizes.end());
  if (num_elements(layer.shape) != num_elements(layers_.shape_of(x))) {
    graph_.refuse(node, "cannot make " + shape_text(layer.shape) + " of " + shape_text(layers_.shape_of(x)));
  }
  layers_.add(node, std::move(layer), sizes);
}

void OnnxNetworkReader::read_transpose(const Node& node) {
  graph_.expect_inputs(node, 1, 1);
  graph_.expect_attributes(node, {"perm"});
  const LayerOutput& x = layers_.output(node, node.input(0));
  Numbers axes = graph_.integers(node, "perm", {});
  bool to_first = x.order == AxisOrder::channels_last && axes == Numbers{0, 3, 1, 2};
  bool to_last = x.order == AxisOrder::channels_first && axes == Numbers{0, 2, 3, 1};
  if (layers_.shape_of(x).size() != 3 || (!to_first && !to_last)) {
    graph_.refuse(node, "transposes " + shape_text(layers_.shape_of(x)) +
                            "; only an image may be transposed, from channels last to first " +
                            "([0, 3, 1, 2]) or back ([0, 2, 3, 1])");
  }
  layers_.add_alias(node.output(0),
                    {x.layer, to_first ? AxisOrder::channels_first : AxisOrder::channels_last});
}

void OnnxNetworkReader::read_softmax(const Node& node) {
  graph_.expect_inputs(node, 1, 1);
  graph_.expect_attributes(node, {"axis"});
  LayerOutput x = layers_.plain(node, node.input(0));
  int64_t axis = graph_.integer(node, "axis", 1);
  if (layers_.shape_of(x).size() != 1 || (axis != 1 && axis != -1)) {
    graph_.refuse(node, "reads " + shape_text(layers_.shape_of(x)) + " along axis " + std::to_string(axis) +
                            ", expected a vector, axis 1");
  }
  Layer layer = layer_of(LayerKind::softmax, {x.layer});
  layer.unit = softmax_unit_;
  layers_.add_alike(node, std::move(layer), x);
}

OnnxNetwork read_network(const OnnxGraph& graph, OnnxProperty& property) {
  return OnnxNetworkReader(graph, property).read();
}

}  // namespace netsurf
