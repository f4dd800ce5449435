// Layers with parameters or windows.
#include <algorithm>
#include <array>

#include "models/qonnx/onnx_model_writer.h"

namespace netsurf {

/// A per-channel parameter, shaped to go along the channels of the layer's output.
std::string OnnxModelWriter::channels(int index, bool channels_first) {
  int64_t count = parameter_shape(index)[0];
  return quantized_.parameter(index, channels_first ? Dims{count, 1, 1} : Dims{count}, std::array{0});
}

void OnnxModelWriter::set_window(onnx::NodeProto& node, bool has_dilations) {
  const Window& w = layer_->window;
  set_attribute(node, "kernel_shape", Dims{w.height, w.width});
  set_attribute(node, "strides", Dims{w.stride_y, w.stride_x});
  // Only a transposed convolution has negative ones, which ONNX calls output_padding.
  set_attribute(node, "pads",
                Dims{w.pad_top, w.pad_left, std::max(w.pad_bottom, 0), std::max(w.pad_right, 0)});
  if (has_dilations) set_attribute(node, "dilations", Dims{w.dilation_y, w.dilation_x});
}

void OnnxModelWriter::write_dense() {
  const Shape& shape = parameter_shape(layer_->kernel);
  std::string kernel = quantized_.parameter(layer_->kernel, {shape[1], shape[0]}, std::array{1, 0});
  std::string x = ordered(layer_->inputs[0], false);
  if (layer_->bias < 0) {
    writer_.node("MatMul", {x, kernel}, result());
    return;
  }
  std::string bias = channels(layer_->bias, false);
  std::string product = inner("_matmul", false);
  writer_.node("MatMul", {x, kernel}, product);
  writer_.node("Add", {product, bias}, result());
}

void OnnxModelWriter::write_conv2d() {
  const Shape& shape = parameter_shape(layer_->kernel);
  std::vector<std::string> inputs = {
      ordered(layer_->inputs[0], true),
      quantized_.parameter(layer_->kernel, {shape[0], shape[3], shape[1], shape[2]}, std::array{0, 3, 1, 2})};
  if (layer_->bias >= 0) inputs.push_back(channels(layer_->bias, false));
  auto& node = writer_.node("Conv", inputs, result(true));
  set_window(node, true);
  set_attribute(node, "group", layer_->groups);
}

void OnnxModelWriter::write_conv2d_transpose() {
  const Shape& shape = parameter_shape(layer_->kernel);
  std::vector<std::string> inputs = {
      ordered(layer_->inputs[0], true),
      quantized_.parameter(layer_->kernel, {shape[3], shape[0], shape[1], shape[2]}, std::array{3, 0, 1, 2})};
  if (layer_->bias >= 0) inputs.push_back(channels(layer_->bias, false));
  auto& node = writer_.node("ConvTranspose", inputs, result(true));
  set_window(node, true);
  set_attribute(node, "group", 1);
  const Window& w = layer_->window;
  set_attribute(node, "output_padding", Dims{std::max(-w.pad_bottom, 0), std::max(-w.pad_right, 0)});
}

void OnnxModelWriter::write_affine() {
  bool first = input_written().channels_first;
  std::string x = input_written().tensor;
  std::string scale = channels(layer_->scale, first);
  if (layer_->shift < 0) {
    writer_.node("Mul", {x, scale}, result(first));
    return;
  }
  std::string shift = channels(layer_->shift, first);
  std::string product = inner("_scaled", first);
  writer_.node("Mul", {x, scale}, product);
  writer_.node("Add", {product, shift}, result(first));
}

void OnnxModelWriter::write_max_pool() {
  auto& node = writer_.node("MaxPool", {ordered(layer_->inputs[0], true)}, result(true));
  set_window(node, true);
}

/// The format that rounds an average to the codes of the layer's input.
Format OnnxModelWriter::average_format() const {
  const TensorType& type = model_.type(at_);
  Format format{1, 0, type.low < 0};
  while (format.min_code() > type.low || format.max_code() < type.high) ++format.bits;
  // One signed bit means something else to qonnx; a second costs nothing here.
  if (format.is_signed && format.bits == 1) format.bits = 2;
  format.integer_bits = format.bits - (format.is_signed ? 1 : 0) - type.frac_bits;
  return format;
}

void OnnxModelWriter::write_average_pool() {
  bool is_dilated = layer_->window.dilation_y != 1 || layer_->window.dilation_x != 1;
  needs_dilated_average_ = needs_dilated_average_ || is_dilated;
  std::string mean = inner("_mean", true);
  auto& node = writer_.node("AveragePool", {ordered(layer_->inputs[0], true)}, mean);
  set_window(node, is_dilated);
  set_attribute(node, "count_include_pad", 0);
  quantized_.quant(mean, average_format(), result(true));
}

void OnnxModelWriter::write_global_average_pool() {
  Dims one_pixel = {model_.type(at_).shape[0], 1, 1};
  std::string mean = helper("_mean"), rounded = helper("_rounded");
  writer_.node("GlobalAveragePool", {ordered(layer_->inputs[0], true)}, mean);
  writer_.shape(mean, one_pixel, true);
  quantized_.quant(mean, average_format(), rounded);
  writer_.shape(rounded, one_pixel, true);
  set_attribute(writer_.node("Flatten", {rounded}, result()), "axis", 1);
}

/// A depthwise convolution with ones: an average times its count would round where the count is no power of
/// two.
void OnnxModelWriter::write_sum_pool() {
  int64_t count = model_.type(at_).shape[2];
  Dims dims = {count, 1, layer_->window.height, layer_->window.width};
  std::vector<float> ones(static_cast<size_t>(dims[0] * dims[2] * dims[3]), 1.0f);
  std::string x = ordered(layer_->inputs[0], true), kernel = writer_.floats(helper("_ones"), dims, ones);
  auto& node = writer_.node("Conv", {x, kernel}, result(true));
  set_window(node, true);
  set_attribute(node, "group", count);
}

void OnnxModelWriter::write_upsample() {
  std::string x = ordered(layer_->inputs[0], true);
  // The region of interest, which nearest neighbours do not use and this operator set asks for.
  std::string region = writer_.floats(helper("_roi"), {0}, {});
  std::string scales = writer_.floats(
      helper("_scales"), {4},
      {1, 1, static_cast<float>(layer_->window.height), static_cast<float>(layer_->window.width)});
  auto& node = writer_.node("Resize", {x, region, scales}, result(true));
  set_attribute(node, "mode", std::string("nearest"));
  set_attribute(node, "coordinate_transformation_mode", std::string("asymmetric"));
  set_attribute(node, "nearest_mode", std::string("floor"));
}

}  // namespace netsurf
