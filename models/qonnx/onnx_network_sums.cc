// Layers with parameters or windows.
#include <algorithm>

#include "engine/base/error.h"
#include "engine/model/exactness.h"
#include "models/qonnx/onnx_network_reader.h"
#include "models/qonnx/onnx_quant_node.h"
#include "models/qonnx/onnx_window.h"

namespace netsurf {

/// The inputs of a two-input node: the layer's and the stored one, whichever comes first.
std::pair<std::string, std::string> OnnxNetworkReader::operands(const Node& node) const {
  graph_.expect_inputs(node, 2, 2);
  graph_.expect_attributes(node, {});
  bool stored_first = parameters_.holds(node.input(0));
  return {node.input(stored_first ? 1 : 0), node.input(stored_first ? 0 : 1)};
}

/// The Add behind a product when it adds a stored tensor: a bias or a shift. Null when there is none.
const onnx::NodeProto* OnnxNetworkReader::follow_stored_add(const Node& node) {
  const Node* next = layers_.follow(node, "Add");
  if (next == nullptr || next->input_size() != 2 || !parameters_.holds(operands(*next).second))
    return nullptr;
  layers_.mark_read(*next);
  return next;
}

const Shape& OnnxNetworkReader::kernel_shape(const Layer& layer) {
  return parameters_.parameters()[static_cast<size_t>(layer.kernel)].shape;
}

OnnxNetworkReader::Numbers OnnxNetworkReader::windowed(const Window& window, const Shape& in,
                                                       int64_t channels) const {
  return {window.out_height(in[0]), window.out_width(in[1]), channels};
}

void OnnxNetworkReader::read_affine(const Node& mul) {
  auto [tensor, scale] = operands(mul);
  LayerOutput x = layers_.output(mul, tensor);
  int count = layers_.shape_of(x).back(), axes_behind = x.order == AxisOrder::channels_last ? 0 : 2;
  Layer layer = layer_of(LayerKind::affine, {x.layer});
  layer.scale = parameters_.channels(mul, scale, count, axes_behind);
  const Node* sum = follow_stored_add(mul);
  if (sum != nullptr) layer.shift = parameters_.channels(*sum, operands(*sum).second, count, axes_behind);
  layers_.add_alike(sum != nullptr ? *sum : mul, std::move(layer), x);
}

void OnnxNetworkReader::read_mul(const Node& node) {
  graph_.expect_inputs(node, 2, 2);
  graph_.expect_attributes(node, {});
  if (!is_constant(node.input(1))) return read_affine(node);
  bool is_unit = node.output(0) == graph_.output() || layers_.follow(node, "Softmax") != nullptr;
  return is_unit ? read_output_unit(node) : read_hard_sigmoid(node);
}

void OnnxNetworkReader::read_matmul(const Node& node) {
  graph_.expect_inputs(node, 2, 2);
  graph_.expect_attributes(node, {});
  LayerOutput x = layers_.plain(node, node.input(0));
  if (layers_.shape_of(x).size() != 1)
    graph_.refuse(node, "reads " + shape_text(layers_.shape_of(x)) + ", expected a vector; flatten it first");
  Layer layer = layer_of(LayerKind::dense, {x.layer});
  layer.kernel = parameters_.matrix(node, node.input(1));
  int outputs = kernel_shape(layer)[0];
  const Node* sum = follow_stored_add(node);
  if (sum != nullptr) layer.bias = parameters_.channels(*sum, operands(*sum).second, outputs, 0);
  layers_.add(sum != nullptr ? *sum : node, std::move(layer), {outputs});
}

void OnnxNetworkReader::read_conv(const Node& node) {
  graph_.expect_inputs(node, 2, 3);
  graph_.expect_attributes(node, {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"});
  LayerOutput x = layers_.image(node, node.input(0));
  if (is_constant(node.input(1))) return read_sum_pool(node, x);
  Layer layer = layer_of(LayerKind::conv2d, {x.layer});
  layer.kernel = parameters_.image_kernel(node, node.input(1));
  Shape kernel = kernel_shape(layer);
  layer.window = read_window(graph_, node, kernel[1], kernel[2]);
  layer.groups = graph_.in_range(node, "group", graph_.integer(node, "group", 1), 1, INT32_MAX);
  if (node.input_size() == 3) layer.bias = parameters_.channels(node, node.input(2), kernel[0], 0);
  Numbers sizes = windowed(layer.window, layers_.shape_of(x), kernel[0]);
  layers_.add(node, std::move(layer), sizes, AxisOrder::channels_first);
}

bool OnnxNetworkReader::is_all_ones(const Node& node, const onnx::TensorProto& tensor) {
  // Checking one constant for many nodes would let a small file ask for any amount of time.
  if (ones_.count(&tensor) > 0) return true;
  std::vector<double> values = graph_.numbers(node, tensor, kMaxFileBytes);
  bool found = std::all_of(values.begin(), values.end(), [](double value) { return value == 1; });
  if (found) ones_.insert(&tensor);
  return found;
}

/// A depthwise convolution whose kernel is all ones and no parameter.
void OnnxNetworkReader::read_sum_pool(const Node& node, const LayerOutput& x) {
  const onnx::TensorProto& ones = *graph_.constant(node.input(1));
  std::vector<int> dims = graph_.sizes(node, ones, 4);
  int channels = layers_.shape_of(x)[2];
  bool fits = node.input_size() == 2 && dims.size() == 4 && dims[0] == channels && dims[1] == 1 &&
              graph_.integer(node, "group", 1) == channels && is_all_ones(node, ones);
  if (!fits) {
    graph_.refuse(node, "has a kernel that is no parameter; expected one behind a Quant, or " +
                            std::to_string(channels) +
                            " groups of ones without a bias (a sum over a window)");
  }
  Layer layer = layer_of(LayerKind::sum_pool, {x.layer});
  layer.window = read_window(graph_, node, dims[2], dims[3]);
  if (layer.window.height != dims[2] || layer.window.width != dims[3])
    graph_.refuse(node, "has a kernel of other sizes than its kernel_shape");
  Numbers sizes = windowed(layer.window, layers_.shape_of(x), channels);
  layers_.add(node, std::move(layer), sizes, AxisOrder::channels_first);
}

void OnnxNetworkReader::read_conv_transpose(const Node& node) {
  graph_.expect_inputs(node, 2, 3);
  graph_.expect_attributes(
      node, {"auto_pad", "dilations", "group", "kernel_shape", "output_padding", "pads", "strides"});
  graph_.in_range(node, "group", graph_.integer(node, "group", 1), 1, 1);
  LayerOutput x = layers_.image(node, node.input(0));
  Layer layer = layer_of(LayerKind::conv2d_transpose, {x.layer});
  layer.kernel = parameters_.transposed_kernel(node, node.input(1));
  Shape kernel = kernel_shape(layer), in = layers_.shape_of(x);
  Window& w = layer.window;
  w = read_window(graph_, node, kernel[1], kernel[2]);
  Numbers more = graph_.integers(node, "output_padding", {0, 0});
  if (more.size() != 2)
    graph_.refuse(node, "has " + std::to_string(more.size()) + " output_padding, expected 2");
  w.pad_bottom -= graph_.in_range(node, "output_padding", more[0], 0, w.stride_y - 1);
  w.pad_right -= graph_.in_range(node, "output_padding", more[1], 0, w.stride_x - 1);
  if (node.input_size() == 3) layer.bias = parameters_.channels(node, node.input(2), kernel[0], 0);
  Numbers sizes = {
      int64_t{in[0] - 1} * w.stride_y + int64_t{w.height - 1} * w.dilation_y + 1 - w.pad_top - w.pad_bottom,
      int64_t{in[1] - 1} * w.stride_x + int64_t{w.width - 1} * w.dilation_x + 1 - w.pad_left - w.pad_right,
      kernel[0]};
  layers_.add(node, std::move(layer), sizes, AxisOrder::channels_first);
}

void OnnxNetworkReader::read_max_pool(const Node& node) {
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

void OnnxNetworkReader::read_average_pool(const Node& node) {
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
      {&quant, static_cast<int>(layers_.layers().size()), read_plain_quant(graph_, quant, property_)});
  layers_.add(quant, std::move(layer), sizes, AxisOrder::channels_first);
}

void OnnxNetworkReader::read_global_average_pool(const Node& node) {
  graph_.expect_inputs(node, 1, 1);
  graph_.expect_attributes(node, {});
  LayerOutput x = layers_.image(node, node.input(0));
  const Node& quant = layers_.expect_next(node, "Quant");
  averages_.push_back(
      {&quant, static_cast<int>(layers_.layers().size()), read_plain_quant(graph_, quant, property_)});
  // The pattern ends in the Flatten, where there is one, and the layer has its name from there.
  const Node* vector = layers_.follow(quant, "Flatten");
  if (vector != nullptr) {
    expect_flatten(*vector);
    layers_.mark_read(*vector);
  }
  layers_.add(vector != nullptr ? *vector : quant, layer_of(LayerKind::global_average_pool, {x.layer}),
              {layers_.shape_of(x)[2]}, vector != nullptr ? AxisOrder::channels_last : AxisOrder::one_pixel);
}

void OnnxNetworkReader::read_resize(const Node& node) {
  constexpr int64_t kMaxFactor = 4096;
  graph_.expect_inputs(node, 3, 3);
  graph_.expect_attributes(node, {"mode", "coordinate_transformation_mode", "nearest_mode"});
  bool is_nearest = graph_.text(node, "mode", "nearest") == "nearest" &&
                    graph_.text(node, "coordinate_transformation_mode", "half_pixel") == "asymmetric" &&
                    graph_.text(node, "nearest_mode", "round_prefer_floor") == "floor";
  if (!is_nearest) {
    graph_.refuse(node,
                  "resizes otherwise than by mode nearest, coordinate_transformation_mode asymmetric and "
                  "nearest_mode floor");
  }
  LayerOutput x = layers_.image(node, node.input(0));
  const onnx::TensorProto* constant = graph_.constant(node.input(2));
  if (constant == nullptr) graph_.refuse(node, "has computed scales, expected constant ones");
  std::vector<double> scales = graph_.numbers(node, *constant, 4);
  bool fits = scales.size() == 4 && scales[0] == 1 && scales[1] == 1;
  for (double scale : scales)
    fits = fits && scale >= 1 && scale <= kMaxFactor && scale == static_cast<int>(scale);
  if (!fits) graph_.refuse(node, "expected scales [1, 1, height, width], whole numbers up to 4096");
  Layer layer = layer_of(LayerKind::upsample, {x.layer});
  layer.window.height = static_cast<int>(scales[2]);
  layer.window.width = static_cast<int>(scales[3]);
  const Shape& in = layers_.shape_of(x);
  Numbers sizes = {int64_t{in[0]} * layer.window.height, int64_t{in[1]} * layer.window.width, in[2]};
  layers_.add(node, std::move(layer), sizes, AxisOrder::channels_first);
}

/// An average is rounded to the step of the codes it is made of, and must not saturate.
void OnnxNetworkReader::check_averages() {
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
      graph_.refuse(*average.quant,
                    "rounds an average to " + format.text() + "; expected the step of what is averaged, 2^" +
                        std::to_string(-type.frac_bits) + ", and a range that holds its codes from " +
                        std::to_string(type.low) + " to " + std::to_string(type.high));
    }
  }
}

}  // namespace netsurf
