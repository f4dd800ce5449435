#include "models/onnx_network.h"

#include <algorithm>
#include <array>

#include "engine/base/error.h"
#include "engine/model/exactness.h"
#include "models/onnx_layers.h"
#include "models/onnx_parameters.h"
#include "models/onnx_window.h"

namespace netsurf {
namespace {

using Node = onnx::NodeProto;
using Numbers = std::vector<int64_t>;

class NetworkReader {
 public:
  NetworkReader(const OnnxGraph& graph, OnnxProperty& property)
      : graph_(graph), property_(property), layers_(graph, property), parameters_(graph, property) {}

  OnnxNetwork read() {
    read_input();
    for (const Node* node : graph_.nodes()) {
      if (!layers_.is_read(*node) && !parameters_.owns(*node)) read_node(*node);
    }
    layers_.check_last();
    check_averages();
    return {std::move(layers_.layers()), std::move(parameters_.parameters())};
  }

 private:
  struct OpRow {
    std::string_view op;
    void (NetworkReader::*read)(const Node&);
  };
  static const std::array<OpRow, 15> kOps;

  void read_node(const Node& node) {
    if (is_quant(node)) return read_quantizer(node);
    auto row = std::find_if(kOps.begin(), kOps.end(), [&](const OpRow& r) { return r.op == node.op_type(); });
    if (row == kOps.end() || !is_op(node, row->op)) {
      std::string known = "Quant";
      for (const OpRow& each : kOps) known += ", " + std::string(each.op);
      std::string domain = node.domain().empty() ? "" : " of domain " + in_quotes(node.domain());
      graph_.refuse(node, "is an operator" + domain + " that is not supported; known: " + known);
    }
    (this->*row->read)(node);
  }

  static Layer layer_of(LayerKind kind, std::vector<int> inputs) {
    Layer layer;
    layer.kind = kind;
    layer.inputs = std::move(inputs);
    return layer;
  }

  // One function per operator that begins a pattern.

  void read_input() {
    const onnx::ValueInfoProto& info = graph_.input();
    const auto& type = info.type().tensor_type();
    int rank = type.shape().dim_size();
    if (type.elem_type() != onnx::TensorProto::FLOAT || rank < 2 || rank > 4) {
      graph_.refuse("has an input of " + std::to_string(rank) + " dimensions and type " +
                    std::to_string(type.elem_type()) +
                    ", expected float32 [N, features] or [N, height, width, channels]");
    }
    const Node* quant = graph_.only_reader(info.name());
    if (quant == nullptr || !is_quant(*quant) || quant->input(0) != info.name()) {
      graph_.refuse("has an input " + in_quotes(info.name()) +
                    " that is not read by one Quant node alone; its format is unknown");
    }
    Numbers sizes;
    for (int i = 1; i < rank; ++i) sizes.push_back(type.shape().dim(i).dim_value());
    layers_.check_shape(*quant, sizes);
    Layer layer = layer_of(LayerKind::input, {});
    layer.format = read_quant(graph_, *quant, property_);
    layer.shape.assign(sizes.begin(), sizes.end());
    layers_.mark_read(*quant);
    layers_.add(*quant, std::move(layer), sizes);
  }

  void add_activation(const Node& quant, const LayerOutput& x, ActivationFunction function) {
    Layer layer = layer_of(LayerKind::activation, {x.layer});
    layer.function = function;
    layer.format = read_quant(graph_, quant, property_);
    layers_.add_alike(quant, std::move(layer), x);
  }

  void read_quantizer(const Node& node) {
    graph_.expect_inputs(node, 4, 4);
    add_activation(node, layers_.output(node, node.input(0)), ActivationFunction::linear);
  }

  void read_relu(const Node& node) {
    graph_.expect_inputs(node, 1, 1);
    graph_.expect_attributes(node, {});
    add_activation(layers_.expect_next(node, "Quant"), layers_.output(node, node.input(0)),
                   ActivationFunction::relu);
  }

  void expect_range(const Node& clip, double low, double high) const {
    graph_.expect_inputs(clip, 3, 3);
    graph_.expect_attributes(clip, {});
    double found_low = graph_.number(clip, clip.input(1), "minimum"),
           found_high = graph_.number(clip, clip.input(2), "maximum");
    if (found_low != low || found_high != high) {
      graph_.refuse(clip, "clips to [" + std::to_string(found_low) + ", " + std::to_string(found_high) +
                              "], expected [" + std::to_string(low) + ", " + std::to_string(high) + "]");
    }
  }

  void read_clip(const Node& node) {
    expect_range(node, -1, 1);
    add_activation(layers_.expect_next(node, "Quant"), layers_.output(node, node.input(0)),
                   ActivationFunction::hard_tanh);
  }

  void read_hard_sigmoid(const Node& node) {
    const Node& sum = layers_.expect_next(node, "Add");
    graph_.expect_inputs(sum, 2, 2);
    if (graph_.number(node, node.input(1), "factor") != 0.5 ||
        graph_.number(sum, sum.input(1), "summand") != 0.5) {
      graph_.refuse(
          node,
          "multiplies by a constant that is not stored behind a Quant; only hard sigmoid (0.5 x + 0.5) may");
    }
    const Node& clip = layers_.expect_next(sum, "Clip");
    expect_range(clip, 0, 1);
    add_activation(layers_.expect_next(clip, "Quant"), layers_.output(node, node.input(0)),
                   ActivationFunction::hard_sigmoid);
  }

  /// The inputs of a two-input node: the layer's and the stored one, whichever comes first.
  std::pair<std::string, std::string> operands(const Node& node) const {
    graph_.expect_inputs(node, 2, 2);
    graph_.expect_attributes(node, {});
    bool stored_first = parameters_.holds(node.input(0));
    return {node.input(stored_first ? 1 : 0), node.input(stored_first ? 0 : 1)};
  }

  /// The Add behind a product when it adds a stored tensor: a bias or a shift. Null when there is none.
  const Node* follow_stored_add(const Node& node) {
    const Node* next = layers_.follow(node, "Add");
    if (next == nullptr || next->input_size() != 2 || !parameters_.holds(operands(*next).second))
      return nullptr;
    layers_.mark_read(*next);
    return next;
  }

  void read_mul(const Node& node) {
    graph_.expect_inputs(node, 2, 2);
    graph_.expect_attributes(node, {});
    if (graph_.constant(node.input(1)) != nullptr) return read_hard_sigmoid(node);
    auto [tensor, scale] = operands(node);
    LayerOutput x = layers_.output(node, tensor);
    int count = layers_.shape_of(x).back(), axes_behind = x.order == AxisOrder::channels_last ? 0 : 2;
    Layer layer = layer_of(LayerKind::affine, {x.layer});
    layer.scale = parameters_.channels(node, scale, count, axes_behind);
    const Node* sum = follow_stored_add(node);
    if (sum != nullptr) layer.shift = parameters_.channels(*sum, operands(*sum).second, count, axes_behind);
    layers_.add_alike(sum != nullptr ? *sum : node, std::move(layer), x);
  }

  void read_matmul(const Node& node) {
    graph_.expect_inputs(node, 2, 2);
    graph_.expect_attributes(node, {});
    LayerOutput x = layers_.plain(node, node.input(0));
    if (layers_.shape_of(x).size() != 1)
      graph_.refuse(node,
                    "reads " + shape_text(layers_.shape_of(x)) + ", expected a vector; flatten it first");
    Layer layer = layer_of(LayerKind::dense, {x.layer});
    layer.kernel = parameters_.matrix(node, node.input(1));
    int outputs = kernel_shape(layer)[0];
    const Node* sum = follow_stored_add(node);
    if (sum != nullptr) layer.bias = parameters_.channels(*sum, operands(*sum).second, outputs, 0);
    layers_.add(sum != nullptr ? *sum : node, std::move(layer), {outputs});
  }

  const Shape& kernel_shape(const Layer& layer) {
    return parameters_.parameters()[static_cast<size_t>(layer.kernel)].shape;
  }

  Numbers windowed(const Window& window, const Shape& in, int64_t channels) const {
    return {window.out_height(in[0]), window.out_width(in[1]), channels};
  }

  void read_conv(const Node& node) {
    graph_.expect_inputs(node, 2, 3);
    graph_.expect_attributes(node, {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"});
    LayerOutput x = layers_.image(node, node.input(0));
    Layer layer = layer_of(LayerKind::conv2d, {x.layer});
    layer.kernel = parameters_.image_kernel(node, node.input(1));
    Shape kernel = kernel_shape(layer);
    layer.window = read_window(graph_, node, kernel[1], kernel[2]);
    layer.groups = graph_.in_range(node, "group", graph_.integer(node, "group", 1), 1, INT32_MAX);
    if (node.input_size() == 3) layer.bias = parameters_.channels(node, node.input(2), kernel[0], 0);
    Numbers sizes = windowed(layer.window, layers_.shape_of(x), kernel[0]);
    layers_.add(node, std::move(layer), sizes, AxisOrder::channels_first);
  }

  void read_max_pool(const Node& node) {
    graph_.expect_inputs(node, 1, 1);
    graph_.expect_attributes(
        node, {"auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"});
    graph_.in_range(node, "ceil_mode", graph_.integer(node, "ceil_mode", 0), 0, 0);
    LayerOutput x = layers_.image(node, node.input(0));
    Layer layer = layer_of(LayerKind::max_pool, {x.layer});
    layer.window = read_window(graph_, node, 0, 0);
    Numbers sizes = windowed(layer.window, layers_.shape_of(x), layers_.shape_of(x)[2]);
    layers_.add(node, std::move(layer), sizes, AxisOrder::channels_first);
  }

  void read_average_pool(const Node& node) {
    graph_.expect_inputs(node, 1, 1);
    graph_.expect_attributes(
        node, {"auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"});
    graph_.in_range(node, "ceil_mode", graph_.integer(node, "ceil_mode", 0), 0, 0);
    LayerOutput x = layers_.image(node, node.input(0));
    Layer layer = layer_of(LayerKind::average_pool, {x.layer});
    layer.window = read_window(graph_, node, 0, 0);
    const Window& w = layer.window;
    bool is_padded = std::max({w.pad_top, w.pad_left, w.pad_bottom, w.pad_right}) > 0;
    graph_.in_range(node, "count_include_pad", graph_.integer(node, "count_include_pad", 0), 0,
                    is_padded ? 0 : 1);
    Numbers sizes = windowed(w, layers_.shape_of(x), layers_.shape_of(x)[2]);
    const Node& quant = layers_.expect_next(node, "Quant");
    averages_.push_back(
        {&quant, static_cast<int>(layers_.layers().size()), read_quant(graph_, quant, property_)});
    layers_.add(quant, std::move(layer), sizes, AxisOrder::channels_first);
  }

  void read_global_average_pool(const Node& node) {
    graph_.expect_inputs(node, 1, 1);
    graph_.expect_attributes(node, {});
    LayerOutput x = layers_.image(node, node.input(0));
    const Node& quant = layers_.expect_next(node, "Quant");
    averages_.push_back(
        {&quant, static_cast<int>(layers_.layers().size()), read_quant(graph_, quant, property_)});
    // The pattern ends in the Flatten, where there is one, and the layer has its name from there.
    const Node* vector = layers_.follow(quant, "Flatten");
    if (vector != nullptr) {
      expect_flatten(*vector);
      layers_.mark_read(*vector);
    }
    layers_.add(vector != nullptr ? *vector : quant, layer_of(LayerKind::global_average_pool, {x.layer}),
                {layers_.shape_of(x)[2]},
                vector != nullptr ? AxisOrder::channels_last : AxisOrder::one_pixel);
  }

  void add_join(const Node& node, LayerKind kind) {
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

  void read_add(const Node& node) {
    graph_.expect_attributes(node, {});
    for (const std::string& tensor : node.input()) {
      if (parameters_.holds(tensor)) {
        graph_.refuse(node, "adds stored tensor " + in_quotes(tensor) +
                                " to something that is not the product of a MatMul or Mul alone");
      }
    }
    add_join(node, LayerKind::add);
  }

  void read_concat(const Node& node) {
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

  void expect_flatten(const Node& node) const {
    graph_.expect_inputs(node, 1, 1);
    graph_.expect_attributes(node, {"axis"});
    int64_t axis = graph_.integer(node, "axis", 1);
    if (axis != 1) graph_.refuse(node, "flattens from axis " + std::to_string(axis) + ", expected 1");
  }

  void read_flatten(const Node& node) {
    expect_flatten(node);
    LayerOutput x = layers_.output(node, node.input(0));
    if (x.order == AxisOrder::one_pixel) {
      layers_.add_alias(node.output(0), {x.layer, AxisOrder::channels_last});
      return;
    }
    x = layers_.elements(node, node.input(0));
    layers_.add(node, layer_of(LayerKind::flatten, {x.layer}), {num_elements(layers_.shape_of(x))});
  }

  void read_reshape(const Node& node) {
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
      graph_.refuse(node,
                    "cannot make " + shape_text(layer.shape) + " of " + shape_text(layers_.shape_of(x)));
    }
    layers_.add(node, std::move(layer), sizes);
  }

  void read_transpose(const Node& node) {
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

  void read_softmax(const Node& node) {
    graph_.expect_inputs(node, 1, 1);
    graph_.expect_attributes(node, {"axis"});
    LayerOutput x = layers_.plain(node, node.input(0));
    int64_t axis = graph_.integer(node, "axis", 1);
    if (layers_.shape_of(x).size() != 1 || (axis != 1 && axis != -1)) {
      graph_.refuse(node, "reads " + shape_text(layers_.shape_of(x)) + " along axis " + std::to_string(axis) +
                              ", expected a vector, axis 1");
    }
    layers_.add_alike(node, layer_of(LayerKind::softmax, {x.layer}), x);
  }

  // What can be said only once everything is read.

  /// An average is rounded to the step of the codes it is made of, and must not saturate.
  void check_averages() {
    if (averages_.empty()) return;
    std::vector<TensorType> types;
    try {
      types = infer_types(layers_.layers(), parameters_.parameters());
    } catch (const InputError& error) {
      graph_.refuse("cannot be run exactly: " + std::string(error.what()));
    }
    for (const Average& average : averages_) {
      const TensorType& type = types[static_cast<size_t>(average.layer)];
      const Format& format = average.format;
      if (format.frac_bits() != type.frac_bits || format.min_code() > type.low ||
          format.max_code() < type.high) {
        graph_.refuse(*average.quant, "rounds an average to " + format.text() +
                                          "; expected the step of what is averaged, 2^" +
                                          std::to_string(-type.frac_bits) +
                                          ", and a range that holds its codes from " +
                                          std::to_string(type.low) + " to " + std::to_string(type.high));
      }
    }
  }

  struct Average {
    const Node* quant;
    int layer;
    Format format;
  };

  const OnnxGraph& graph_;
  OnnxProperty& property_;
  OnnxLayers layers_;
  OnnxParameters parameters_;
  std::vector<Average> averages_;
};

const std::array<NetworkReader::OpRow, 15> NetworkReader::kOps = {{
    {"Add", &NetworkReader::read_add},
    {"AveragePool", &NetworkReader::read_average_pool},
    {"Clip", &NetworkReader::read_clip},
    {"Concat", &NetworkReader::read_concat},
    {"Conv", &NetworkReader::read_conv},
    {"Flatten", &NetworkReader::read_flatten},
    {"GlobalAveragePool", &NetworkReader::read_global_average_pool},
    {"MatMul", &NetworkReader::read_matmul},
    {"MaxPool", &NetworkReader::read_max_pool},
    {"Mul", &NetworkReader::read_mul},
    {"Relu", &NetworkReader::read_relu},
    {"Reshape", &NetworkReader::read_reshape},
    {"Softmax", &NetworkReader::read_softmax},
    {"Sum", &NetworkReader::read_add},
    {"Transpose", &NetworkReader::read_transpose},
}};

}  // namespace

OnnxNetwork read_network(const OnnxGraph& graph, OnnxProperty& property) {
  return NetworkReader(graph, property).read();
}

}  // namespace netsurf
