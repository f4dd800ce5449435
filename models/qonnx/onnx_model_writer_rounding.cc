// Layers that round: input, activation and threshold.
#include <array>
#include <cmath>

#include "engine/base/error.h"
#include "models/qonnx/onnx_model_writer.h"
#include "models/qonnx/onnx_quant_node.h"

namespace netsurf {

std::string OnnxModelWriter::clip(const std::string& prefix, const std::string& x, double low, double high,
                                  bool channels_first) {
  std::string clipped = inner(prefix + "_clip", channels_first);
  std::string min = constant(prefix + "_min", static_cast<float>(low)),
              max = constant(prefix + "_max", static_cast<float>(high));
  writer_.node("Clip", {x, min, max}, clipped);
  return clipped;
}

/// The layer's function of its input.
std::string OnnxModelWriter::write_function(bool first) {
  const std::string& x = input_written().tensor;
  switch (layer_->function) {
    case ActivationFunction::linear:
      return x;
    case ActivationFunction::relu: {
      std::string positive = inner("_relu", first);
      writer_.node("Relu", {x}, positive);
      return positive;
    }
    case ActivationFunction::leaky_relu: {
      std::string leaky = inner("_leaky", first);
      set_real(writer_.node("LeakyRelu", {x}, leaky), "alpha",
               std::ldexp(static_cast<float>(layer_->slope), -layer_->slope_shift));
      return leaky;
    }
    case ActivationFunction::hard_tanh:
      return clip("", x, -1, 1, first);
    case ActivationFunction::hard_sigmoid: {
      std::string halved = inner("_halved", first), centred = inner("_centred", first);
      writer_.node("Mul", {x, constant("_slope", 0.5f)}, halved);
      writer_.node("Add", {halved, constant("_centre", 0.5f)}, centred);
      return clip("", centred, 0, 1, first);
    }
  }
  return x;
}

/// What the Quant's own format does not saturate to is clipped before: its ends are codes, so that the order
/// of clipping and rounding does not matter.
std::string OnnxModelWriter::write_range(const std::string& x, bool is_narrow, bool first) {
  const Format& format = layer_->format;
  int64_t low = layer_->low_code(), high = layer_->high_code();
  bool is_full = low == format.min_code() && high == format.max_code();
  bool is_one_bit = format.is_signed && format.bits == 1;
  if (layer_->wraps || is_narrow || (is_full && !is_one_bit)) return x;
  double least = static_cast<double>(low) * format.step(), most = static_cast<double>(high) * format.step();
  bool looks_like_hard_tanh = layer_->kind == LayerKind::activation &&
                              layer_->function == ActivationFunction::linear && least == -1 && most == 1;
  if (looks_like_hard_tanh) property_.ranges.insert(quantized_.layer_tensor(at_));
  return clip("_range", x, least, most, first);
}

/// Ties that QONNX has no name for: half up is the floor of half a step more, half down the ceiling of half a
/// step less.
std::string OnnxModelWriter::write_tie(const std::string& x, bool first) {
  double half = layer_->format.step() / 2;
  std::string moved = inner("_moved", first);
  std::string summand =
      constant("_half", static_cast<float>(layer_->rounding == core::Rounding::half_up ? half : -half));
  writer_.node("Add", {x, summand}, moved);
  return moved;
}

/// The layer's one rounding of x, which gives its output.
void OnnxModelWriter::write_rounding(std::string x, bool first) {
  const Format& format = layer_->format;
  int64_t low = layer_->low_code(), high = layer_->high_code();
  bool is_narrow =
      format.bits > 1 && (format.is_signed ? low == format.min_code() + 1 && high == format.max_code()
                                           : low == format.min_code() && high == format.max_code() - 1);
  if (layer_->wraps) {
    quantized_.expect_not_strict(layer_->name, "wrapping instead of saturating has no place there");
    property_.wraps.insert(quantized_.layer_tensor(at_));
  }
  x = write_range(x, is_narrow, first);
  QuantAttributes attributes{is_narrow, 0, qonnx_rounding(layer_->rounding)};
  if (attributes.rounding_mode.empty()) {
    x = write_tie(x, first);
    attributes.rounding_mode = qonnx_rounding(
        layer_->rounding == core::Rounding::half_up ? core::Rounding::floor : core::Rounding::ceil);
  }
  quantized_.quant(x, format, result(first), attributes);
}

void OnnxModelWriter::write_activation() {
  bool first = input_written().channels_first;
  write_rounding(write_function(first), first);
}

void OnnxModelWriter::write_threshold() {
  bool first = input_written().channels_first;
  const Shape& shape = parameter_shape(layer_->thresholds);
  std::string thresholds = quantized_.parameter(layer_->thresholds, {shape[0], shape[1]}, std::array{0, 1});
  const Format& format = layer_->format;
  int64_t step = (int64_t{layer_->high} - layer_->low) / shape[1];
  auto& node = writer_.node("MultiThreshold", {input_written().tensor, thresholds}, result(first));
  node.set_domain(std::string(kQuantDomain));
  set_real(node, "out_scale", static_cast<float>(static_cast<double>(step) * format.step()));
  set_real(node, "out_bias", static_cast<float>(layer_->low * format.step()));
  set_attribute(node, "out_dtype",
                format.frac_bits() == 0 ? (format.is_signed ? "INT" : "UINT") + std::to_string(format.bits)
                                        : std::string("FLOAT32"));
  set_attribute(node, "data_layout", std::string(threshold_layout(model_.type(at_).shape.size(), first)));
  property_.formats[quantized_.layer_tensor(at_)] = format;
}

}  // namespace netsurf
