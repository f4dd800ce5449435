#include "models/qonnx/onnx_model_writer.h"

#include <algorithm>

namespace netsurf {

void OnnxModelWriter::write() {
  for (size_t i = 0; i < model_.layers().size(); ++i) {
    at_ = static_cast<int>(i);
    layer_ = &model_.layers()[i];
    write_layer();
  }
  std::string last = ordered(at_, false);
  // A softmax has it in front: behind, it would scale shares.
  if (layer_->kind != LayerKind::softmax) last = with_unit(last, layer_->unit);
  writer_.output(last, dims_of(at_, false));
}

OnnxModelWriter::Dims OnnxModelWriter::dims_of(int layer, bool channels_first) const {
  const Shape& shape = model_.type(layer).shape;
  if (channels_first && shape.size() == 3) return {shape[2], shape[0], shape[1]};
  return Dims(shape.begin(), shape.end());
}

/// The output of `layer` in the asked order; a Transpose is added the first time another order is needed.
std::string OnnxModelWriter::ordered(int layer, bool channels_first) {
  Written& written = written_[static_cast<size_t>(layer)];
  if (!is_image(layer) || written.channels_first == channels_first) return written.tensor;
  if (written.other_order.empty()) {
    written.other_order = writer_.claim(written.tensor + (channels_first ? "_nchw" : "_nhwc"));
    auto& node = writer_.node("Transpose", {written.tensor}, written.other_order);
    set_attribute(node, "perm", channels_first ? Dims{0, 3, 1, 2} : Dims{0, 2, 3, 1});
    writer_.shape(written.other_order, dims_of(layer, channels_first), true);
  }
  return written.other_order;
}

/// The output of `layer` as an operator may read it that cares only for the order of the elements, channels
/// last.
std::string OnnxModelWriter::in_element_order(int layer) {
  const Shape& shape = model_.type(layer).shape;
  bool same_either_way = is_image(layer) && (shape[2] == 1 || (shape[0] == 1 && shape[1] == 1));
  return same_either_way ? written_[static_cast<size_t>(layer)].tensor : ordered(layer, false);
}

std::string OnnxModelWriter::helper(const std::string& suffix) {
  return writer_.claim(quantized_.layer_tensor(at_) + suffix);
}

/// A tensor inside the layer's pattern: of the layer's own shape and order.
std::string OnnxModelWriter::inner(const std::string& suffix, bool channels_first) {
  std::string tensor = helper(suffix);
  writer_.shape(tensor, dims_of(at_, channels_first), true);
  return tensor;
}

/// States the layer's output. Call once per layer, for the last node's tensor.
const std::string& OnnxModelWriter::result(bool channels_first) {
  const std::string& tensor = quantized_.layer_tensor(at_);
  writer_.shape(tensor, dims_of(at_, channels_first), true);
  written_.push_back({tensor, channels_first, ""});
  return tensor;
}

std::string OnnxModelWriter::constant(const std::string& suffix, float value) {
  return writer_.floats(helper(suffix), {}, {value});
}

/// Codes x 2^-f made real numbers.
std::string OnnxModelWriter::with_unit(const std::string& x, float unit) {
  if (unit == 1) return x;
  std::string factor = constant("_unit", unit);
  std::string real = inner("_real", false);
  writer_.node("Mul", {x, factor}, real);
  return real;
}

void OnnxModelWriter::write_input() {
  std::string x = writer_.claim("global_in");
  writer_.input(x, dims_of(at_, false));
  if (layer_->unit != 1) {
    std::string unit = constant("_unit_in", layer_->unit);
    std::string steps = inner("_steps", false);
    writer_.node("Div", {x, unit}, steps);
    x = steps;
  }
  write_rounding(x, false);
}

void OnnxModelWriter::write_join() {
  const auto& sources = layer_->inputs;
  bool first = std::any_of(sources.begin(), sources.end(),
                           [&](int i) { return written_[static_cast<size_t>(i)].channels_first; });
  std::vector<std::string> inputs;
  for (int source : sources) inputs.push_back(ordered(source, first));
  if (layer_->kind == LayerKind::concatenate) {
    auto last_axis = static_cast<int64_t>(model_.type(at_).shape.size());
    set_attribute(writer_.node("Concat", inputs, result(first)), "axis", first ? 1 : last_axis);
  } else {
    writer_.node(inputs.size() == 2 ? "Add" : "Sum", inputs, result(first));
  }
}

void OnnxModelWriter::write_flatten() {
  std::string x = in_element_order(layer_->inputs[0]);
  set_attribute(writer_.node("Flatten", {x}, result()), "axis", 1);
}

void OnnxModelWriter::write_reshape() {
  std::string x = in_element_order(layer_->inputs[0]);
  Dims sizes = {0};  // ONNX for "as it was": the batch
  sizes.insert(sizes.end(), layer_->shape.begin(), layer_->shape.end());
  std::string shape = writer_.integers(helper("_shape"), sizes);
  writer_.node("Reshape", {x, shape}, result());
}

void OnnxModelWriter::write_softmax() {
  std::string x = with_unit(ordered(layer_->inputs[0], false), layer_->unit);
  set_attribute(writer_.node("Softmax", {x}, result()), "axis", 1);
}

void OnnxModelWriter::write_layer() {
  switch (layer_->kind) {
    case LayerKind::input:
      return write_input();
    case LayerKind::dense:
      return write_dense();
    case LayerKind::conv2d:
      return write_conv2d();
    case LayerKind::conv2d_transpose:
      return write_conv2d_transpose();
    case LayerKind::max_pool:
      return write_max_pool();
    case LayerKind::average_pool:
      return write_average_pool();
    case LayerKind::global_average_pool:
      return write_global_average_pool();
    case LayerKind::sum_pool:
      return write_sum_pool();
    case LayerKind::upsample:
      return write_upsample();
    case LayerKind::affine:
      return write_affine();
    case LayerKind::add:
    case LayerKind::concatenate:
      return write_join();
    case LayerKind::flatten:
      return write_flatten();
    case LayerKind::reshape:
      return write_reshape();
    case LayerKind::activation:
      return write_activation();
    case LayerKind::threshold:
      return write_threshold();
    case LayerKind::softmax:
      return write_softmax();
  }
}

}  // namespace netsurf
