#include "models/onnx_export.h"

#include <algorithm>
#include <array>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "models/onnx_property.h"
#include "models/onnx_proto.h"
#include "models/onnx_quant_writer.h"
#include "models/onnx_writer.h"

namespace netsurf {
namespace {

using Dims = std::vector<int64_t>;

/// A layer's output in the graph. Images come out of layers in one of two orders; the other is made when
/// somebody asks.
struct Written {
  std::string tensor;
  bool channels_first = false;  // [N, c, h, w] rather than [N, h, w, c]; for images only
  std::string other_order;      // the transposed tensor, empty until made
};

class ModelWriter {
 public:
  ModelWriter(const Model& model, const ExportOptions& options, onnx::GraphProto& graph)
      : model_(model), writer_(graph), quantized_(model, options.strict, writer_, property_) {}

  void write() {
    for (size_t i = 0; i < model_.layers().size(); ++i) {
      at_ = static_cast<int>(i);
      layer_ = &model_.layers()[i];
      write_layer();
    }
    at_ = model_.output();
    writer_.output(ordered(at_, false), dims_of(at_, false));
  }

  const OnnxProperty& property() const { return property_; }
  bool needs_dilated_average() const { return needs_dilated_average_; }

 private:
  bool is_image(int layer) const { return model_.type(layer).shape.size() == 3; }

  Dims dims_of(int layer, bool channels_first) const {
    const Shape& shape = model_.type(layer).shape;
    if (channels_first && shape.size() == 3) return {shape[2], shape[0], shape[1]};
    return Dims(shape.begin(), shape.end());
  }

  /// The output of `layer` in the asked order; a Transpose is added the first time another order is needed.
  std::string ordered(int layer, bool channels_first) {
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
  std::string in_element_order(int layer) {
    const Shape& shape = model_.type(layer).shape;
    bool same_either_way = is_image(layer) && (shape[2] == 1 || (shape[0] == 1 && shape[1] == 1));
    return same_either_way ? written_[static_cast<size_t>(layer)].tensor : ordered(layer, false);
  }

  std::string helper(const std::string& suffix) {
    return writer_.claim(quantized_.layer_tensor(at_) + suffix);
  }

  /// A tensor inside the layer's pattern: of the layer's own shape and order.
  std::string inner(const std::string& suffix, bool channels_first) {
    std::string tensor = helper(suffix);
    writer_.shape(tensor, dims_of(at_, channels_first), true);
    return tensor;
  }

  /// States the layer's output. Call once per layer, for the last node's tensor.
  const std::string& result(bool channels_first = false) {
    const std::string& tensor = quantized_.layer_tensor(at_);
    writer_.shape(tensor, dims_of(at_, channels_first), true);
    written_.push_back({tensor, channels_first, ""});
    return tensor;
  }

  /// A per-channel parameter, shaped to go along the channels of the layer's output.
  std::string channels(int index, bool channels_first) {
    int64_t count = model_.parameters()[static_cast<size_t>(index)].shape[0];
    return quantized_.parameter(index, channels_first ? Dims{count, 1, 1} : Dims{count}, std::array{0});
  }

  void set_window(onnx::NodeProto& node, bool has_dilations) {
    const Window& w = layer_->window;
    set_attribute(node, "kernel_shape", Dims{w.height, w.width});
    set_attribute(node, "strides", Dims{w.stride_y, w.stride_x});
    set_attribute(node, "pads", Dims{w.pad_top, w.pad_left, w.pad_bottom, w.pad_right});
    if (has_dilations) set_attribute(node, "dilations", Dims{w.dilation_y, w.dilation_x});
  }

  void write_input() {
    std::string x = writer_.claim("global_in");
    writer_.input(x, dims_of(at_, false));
    quantized_.quant(x, layer_->format, result());
  }

  void write_dense() {
    const Shape& shape = model_.parameters()[static_cast<size_t>(layer_->kernel)].shape;
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

  void write_conv2d() {
    const Shape& shape = model_.parameters()[static_cast<size_t>(layer_->kernel)].shape;
    std::vector<std::string> inputs = {
        ordered(layer_->inputs[0], true),
        quantized_.parameter(layer_->kernel, {shape[0], shape[3], shape[1], shape[2]},
                             std::array{0, 3, 1, 2})};
    if (layer_->bias >= 0) inputs.push_back(channels(layer_->bias, false));
    auto& node = writer_.node("Conv", inputs, result(true));
    set_window(node, true);
    set_attribute(node, "group", layer_->groups);
  }

  void write_max_pool() {
    auto& node = writer_.node("MaxPool", {ordered(layer_->inputs[0], true)}, result(true));
    set_window(node, true);
  }

  /// The format that rounds an average to the codes of the layer's input.
  Format average_format() const {
    const TensorType& type = model_.type(at_);
    Format format{1, 0, type.low < 0};
    while (format.min_code() > type.low || format.max_code() < type.high) ++format.bits;
    // One signed bit means something else to qonnx; a second costs nothing here.
    if (format.is_signed && format.bits == 1) format.bits = 2;
    format.integer_bits = format.bits - (format.is_signed ? 1 : 0) - type.frac_bits;
    return format;
  }

  void write_average_pool() {
    bool is_dilated = layer_->window.dilation_y != 1 || layer_->window.dilation_x != 1;
    needs_dilated_average_ = needs_dilated_average_ || is_dilated;
    std::string mean = inner("_mean", true);
    auto& node = writer_.node("AveragePool", {ordered(layer_->inputs[0], true)}, mean);
    set_window(node, is_dilated);
    set_attribute(node, "count_include_pad", 0);
    quantized_.quant(mean, average_format(), result(true));
  }

  void write_global_average_pool() {
    Dims one_pixel = {model_.type(at_).shape[0], 1, 1};
    std::string mean = helper("_mean"), rounded = helper("_rounded");
    writer_.node("GlobalAveragePool", {ordered(layer_->inputs[0], true)}, mean);
    writer_.shape(mean, one_pixel, true);
    quantized_.quant(mean, average_format(), rounded);
    writer_.shape(rounded, one_pixel, true);
    set_attribute(writer_.node("Flatten", {rounded}, result()), "axis", 1);
  }

  void write_affine() {
    bool first = written_[static_cast<size_t>(layer_->inputs[0])].channels_first;
    std::string x = written_[static_cast<size_t>(layer_->inputs[0])].tensor;
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

  void write_join() {
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

  void write_flatten() {
    std::string x = in_element_order(layer_->inputs[0]);
    set_attribute(writer_.node("Flatten", {x}, result()), "axis", 1);
  }

  void write_reshape() {
    std::string x = in_element_order(layer_->inputs[0]);
    Dims sizes = {0};  // ONNX for "as it was": the batch
    sizes.insert(sizes.end(), layer_->shape.begin(), layer_->shape.end());
    std::string shape = writer_.integers(helper("_shape"), sizes);
    writer_.node("Reshape", {x, shape}, result());
  }

  std::string constant(const std::string& suffix, float value) {
    return writer_.floats(helper(suffix), {}, {value});
  }

  std::string clip(const std::string& x, float low, float high, bool channels_first) {
    std::string clipped = inner("_clip", channels_first);
    std::string min = constant("_min", low), max = constant("_max", high);
    writer_.node("Clip", {x, min, max}, clipped);
    return clipped;
  }

  void write_activation() {
    bool first = written_[static_cast<size_t>(layer_->inputs[0])].channels_first;
    std::string x = written_[static_cast<size_t>(layer_->inputs[0])].tensor;
    switch (layer_->function) {
      case ActivationFunction::linear:
        break;
      case ActivationFunction::relu: {
        std::string positive = inner("_relu", first);
        writer_.node("Relu", {x}, positive);
        x = positive;
        break;
      }
      case ActivationFunction::hard_tanh:
        x = clip(x, -1, 1, first);
        break;
      case ActivationFunction::hard_sigmoid: {
        std::string halved = inner("_halved", first), centred = inner("_centred", first);
        writer_.node("Mul", {x, constant("_slope", 0.5f)}, halved);
        writer_.node("Add", {halved, constant("_centre", 0.5f)}, centred);
        x = clip(centred, 0, 1, first);
        break;
      }
    }
    quantized_.quant(x, layer_->format, result(first));
  }

  void write_softmax() {
    std::string x = ordered(layer_->inputs[0], false);
    set_attribute(writer_.node("Softmax", {x}, result()), "axis", 1);
  }

  /// The digest counts every attribute of a layer, the graph has a place only for those its kind uses.
  void check_attributes() const {
    Layer plain;
    bool has_window = kLayerKinds[static_cast<size_t>(layer_->kind)].has_window;
    bool has_format = layer_->kind == LayerKind::input || layer_->kind == LayerKind::activation;
    bool has_shape = layer_->kind == LayerKind::input || layer_->kind == LayerKind::reshape;
    bool fits = (has_window || layer_->window == plain.window) &&
                (has_format || layer_->format == plain.format) && (has_shape || layer_->shape.empty()) &&
                (layer_->kind == LayerKind::conv2d || layer_->groups == 1) &&
                (layer_->kind == LayerKind::activation || layer_->function == plain.function);
    if (!fits) {
      throw InputError("layer \"" + layer_->name + "\" (" + std::string(name_of(layer_->kind)) +
                       ") has an attribute that its kind does not use (window, format, shape, groups or "
                       "function); leave it unset");
    }
  }

  void write_layer() {
    check_attributes();
    switch (layer_->kind) {
      case LayerKind::input:
        return write_input();
      case LayerKind::dense:
        return write_dense();
      case LayerKind::conv2d:
        return write_conv2d();
      case LayerKind::max_pool:
        return write_max_pool();
      case LayerKind::average_pool:
        return write_average_pool();
      case LayerKind::global_average_pool:
        return write_global_average_pool();
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
      case LayerKind::softmax:
        return write_softmax();
    }
  }

  const Model& model_;
  OnnxWriter writer_;
  OnnxProperty property_;
  OnnxQuantWriter quantized_;
  std::vector<Written> written_;  // of the layers done so far
  int at_ = 0;
  const Layer* layer_ = nullptr;
  bool needs_dilated_average_ = false;
};

void import_opset(onnx::ModelProto& proto, std::string_view domain, int64_t version) {
  auto* opset = proto.add_opset_import();
  opset->set_domain(std::string(domain));
  opset->set_version(version);
}

}  // namespace

std::string model_to_onnx(const Model& model, const ExportOptions& options) {
  if (model.layers().size() > kMaxLayers) {
    throw InputError("the model has " + std::to_string(model.layers().size()) +
                     " layers, a model file holds at most " + std::to_string(kMaxLayers));
  }
  onnx::ModelProto proto;
  ModelWriter writer(model, options, *proto.mutable_graph());
  writer.write();

  OnnxProperty property = writer.property();
  property.digest = model.digest();
  property.notes = model.notes();
  proto.mutable_graph()->set_name(model.name());
  if (model.name().empty()) {
    property.name = "";
    proto.mutable_graph()->set_name("netsurf");
  }
  if (!is_utf8(model.name())) throw InputError("the model cannot be saved: its name is not UTF-8 text");
  if (!options.strict) {
    auto* entry = proto.add_metadata_props();
    entry->set_key(std::string(kOnnxPropertyKey));
    entry->set_value(property_text(property));
  }
  proto.set_ir_version(kIrVersion);
  proto.set_producer_name("netsurf");
  import_opset(proto, "", writer.needs_dilated_average() ? kDilatedAverageOpset : kOpset);
  import_opset(proto, kQuantDomain, 1);

  std::string bytes;
  if (proto.ByteSizeLong() > kMaxFileBytes || !proto.SerializeToString(&bytes)) {
    throw InputError("the model needs " + std::to_string(proto.ByteSizeLong()) +
                     " bytes, a model file holds at most 2 GiB");
  }
  return bytes;
}

void save_model(const Model& model, const std::filesystem::path& path, const ExportOptions& options) {
  write_file(path, model_to_onnx(model, options));
}

}  // namespace netsurf
