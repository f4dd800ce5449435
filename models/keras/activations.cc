#include "models/keras/activations.h"

#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "models/keras/quantized_constant.h"

namespace netsurf::keras {
namespace {

using foreign::Node;
using foreign::Op;
using foreign::Quantizer;

Tensor append_quantizer(LayerCall& call, const Tensor& tensor, const Quantizer& quantizer) {
  Node node = node_of(Op::quantize);
  node.quantizer = quantizer;
  return call.append(tensor, std::move(node), "quantize");
}

/// 1 or -1, and so on: out_bias + out_scale x (how many of the rising thresholds x reaches).
Tensor append_thresholds(LayerCall& call, const Tensor& tensor, std::vector<float> thresholds, float scale,
                         float bias) {
  Node node = node_of(Op::multi_threshold);
  node.constant.emplace();
  node.constant->shape = {1, static_cast<int>(thresholds.size())};
  node.constant->values = std::move(thresholds);
  node.constant->name = call.name() + "/thresholds";
  node.out_scale = scale;
  node.out_bias = bias;
  return call.append(tensor, std::move(node), "threshold");
}

/// alpha of an activation: a number, 1 for None.
float fixed_alpha(const QuantizerSpec& spec) {
  const Literal* alpha = spec.find("alpha");
  if (alpha == nullptr) return 1;
  if (std::holds_alternative<std::string>(*alpha)) {
    spec.fail("alpha", "is " + quote(std::get<std::string>(*alpha)) +
                           ": QKeras would compute the scale anew from every batch; use a number");
  }
  double number = spec.number("alpha", 1);
  if (!(number > 0) || number > 1e30)
    spec.fail("alpha", "is " + std::to_string(number) + ", expected above 0");
  return static_cast<float>(number);
}

Tensor quantized_bits(LayerCall& call, const Tensor& tensor, const QuantizerSpec& spec) {
  bool linear = spec.name() == "quantized_linear";
  Quantizer quantizer = fixed_point(spec, linear);
  float alpha = fixed_alpha(spec);
  if (linear || quantizer.bipolar) {
    quantizer.scale[0] *= alpha;
    alpha = 1;
  }
  Tensor out = append_quantizer(call, tensor, quantizer);
  if (alpha == 1) return out;
  // The input is not divided by alpha: the codes are multiplied by it.
  Node node = node_of(Op::multiply_constant);
  node.constant.emplace();
  node.constant->shape = {1};
  node.constant->values = {alpha};
  node.constant->name = call.name() + "/alpha";
  return call.append(out, std::move(node), "alpha");
}

Tensor quantized_relu(LayerCall& call, const Tensor& tensor, const QuantizerSpec& spec) {
  if (spec.flag("use_sigmoid", false))
    spec.fail("use_sigmoid", "is 1, which NetSurf does not take: its scale is that of a sigmoid");
  double slope = spec.number("negative_slope", 0);
  int bits = spec.integer("bits", 8, slope > 0 ? 2 : 1, 31), integer = spec.integer("integer", 0, -62, 62);
  Quantizer quantizer;
  quantizer.bits = bits;
  quantizer.is_signed = slope > 0;
  quantizer.set_full_range();
  quantizer.scale = {std::ldexp(1.0f, integer - bits + (slope > 0 ? 1 : 0))};
  if (spec.find("relu_upper_bound") != nullptr) {
    if (spec.flag("is_quantized_clip", true)) {
      call.assume(
          "relu_upper_bound has no effect, as is_quantized_clip (not in the file) is assumed to be on");
    } else {
      double bound = spec.number("relu_upper_bound", 0) / quantizer.scale[0];
      if (!(bound >= 0) || std::floor(bound) != bound) {
        spec.fail("relu_upper_bound", "lies between two codes, which NetSurf does not take");
      }
      if (bound < static_cast<double>(quantizer.high)) quantizer.high = static_cast<int64_t>(bound);
    }
  }
  if (slope == 0) return append_quantizer(call, call.append(tensor, node_of(Op::relu), "relu"), quantizer);
  double lowest = slope * std::ldexp(1.0, bits - 1);
  if (!(slope > 0) || slope > 1 || std::ldexp(0.5, std::ilogb(slope) + 1) != slope || lowest < 1) {
    spec.fail("negative_slope", "is " + std::to_string(slope) +
                                    ", expected a power of two up to 1 that leaves a code below zero");
  }
  Node node = node_of(Op::leaky_relu);
  node.alpha = slope;
  quantizer.low = -static_cast<int64_t>(lowest);
  return append_quantizer(call, call.append(tensor, std::move(node), "leaky_relu"), quantizer);
}

Tensor quantized_tanh(LayerCall& call, const Tensor& tensor, const QuantizerSpec& spec) {
  Quantizer quantizer;
  quantizer.bits = spec.integer("bits", 8, 2, 31);
  quantizer.set_full_range(spec.flag("symmetric", false));
  quantizer.scale = {std::ldexp(1.0f, 1 - quantizer.bits)};
  bool real = spec.flag("use_real_tanh", false);
  if (!real)
    call.assume("quantized_tanh is the hard one, clip(x, -1, 1) (set_internal_sigmoid is not in the file)");
  return append_quantizer(call, call.append(tensor, node_of(real ? Op::tanh : Op::hard_tanh), "tanh"),
                          quantizer);
}

Tensor quantized_sigmoid(LayerCall& call, const Tensor& tensor, const QuantizerSpec& spec) {
  Quantizer quantizer;
  quantizer.bits = spec.integer("bits", 8, 1, 31);
  quantizer.is_signed = false;
  quantizer.set_full_range();
  quantizer.low = spec.flag("symmetric", false) ? 1 : 0;
  quantizer.scale = {std::ldexp(1.0f, -quantizer.bits)};
  bool real = spec.flag("use_real_sigmoid", false);
  if (!real) {
    call.assume(
        "quantized_sigmoid is the hard one, clip(x / 2 + 1/2, 0, 1) (set_internal_sigmoid is not in the "
        "file)");
  }
  return append_quantizer(
      call, call.append(tensor, node_of(real ? Op::sigmoid : Op::hard_sigmoid), "sigmoid"), quantizer);
}

Tensor ternary(LayerCall& call, const Tensor& tensor, const QuantizerSpec& spec) {
  float alpha = fixed_alpha(spec), threshold = static_cast<float>(spec.number("threshold", 0.33));
  if (!(threshold > 0) || threshold > 1e30f) spec.fail("threshold", "is not a number above 0");
  // At -threshold itself the code is -1 already.
  return append_thresholds(call, tensor, {std::nextafter(-threshold, 0.0f), threshold}, alpha, -alpha);
}

Tensor binary(LayerCall& call, const Tensor& tensor, const QuantizerSpec& spec) {
  float alpha = fixed_alpha(spec);
  if (spec.flag("use_01", false)) return append_thresholds(call, tensor, {0.0f}, alpha, 0);
  Quantizer quantizer;
  quantizer.bits = 1;
  quantizer.is_signed = false;
  quantizer.bipolar = true;
  quantizer.low = 0;
  quantizer.high = 1;
  quantizer.scale = {alpha};
  return append_quantizer(call, tensor, quantizer);
}

/// The smallest x for which round(x / 2 + 1/2) is 1 in float32: ties go to the even 0.
float above_half() { return std::nextafter(std::ldexp(1.0f, -24), 1.0f); }

Tensor clip(LayerCall& call, const Tensor& tensor, double minimum, double maximum) {
  Node node = node_of(Op::clip);
  node.minimum = minimum;
  node.maximum = maximum;
  return call.append(tensor, std::move(node), "clip");
}

Tensor apply_function(LayerCall& call, const Tensor& tensor, const QuantizerSpec& spec, Dialect dialect) {
  const std::string& name = spec.name();
  if (name == "relu") return call.append(tensor, node_of(Op::relu), "relu");
  if (name == "relu6") return clip(call, tensor, 0, 6);
  if (name == "tanh") return call.append(tensor, node_of(Op::tanh), "tanh");
  if (name == "sigmoid") return call.append(tensor, node_of(Op::sigmoid), "sigmoid");
  if (name == "softmax") return call.append(tensor, node_of(Op::softmax), "softmax");
  if (name == "hard_tanh") return call.append(tensor, node_of(Op::hard_tanh), "hard_tanh");
  if (name == "binary_tanh") {
    call.assume("binary_tanh is 2 round(clip(x / 2 + 1/2, 0, 1)) - 1, half to even: -1 at 0");
    return append_thresholds(call, tensor, {above_half()}, 2, -1);
  }
  if (name == "binary_sigmoid") return append_thresholds(call, tensor, {above_half()}, 1, 0);
  if (name == "hard_sigmoid") {
    if (dialect == Dialect::qkeras) return call.append(tensor, node_of(Op::hard_sigmoid), "hard_sigmoid");
    throw FormatError(spec.where() +
                      " is Keras's hard_sigmoid, whose slope is no power of two: use quantized_sigmoid");
  }
  if (name == "ternary_tanh") {
    // Its source: 1 above 1/2, -1 at -1/2 and below, else 0; that is rounding with ties down, clipped.
    call.assume("ternary_tanh is 1 for x > 1/2, -1 for x <= -1/2, else 0");
    Quantizer quantizer;
    quantizer.bits = 2;
    quantizer.set_full_range(true);
    quantizer.rounding = core::Rounding::half_down;
    return append_quantizer(call, tensor, quantizer);
  }
  refuse_quantizer(spec);
}

}  // namespace

Tensor apply_activation(LayerCall& call, const Tensor& tensor, std::string_view attribute, Dialect dialect) {
  const Json* json = call.config.find(attribute);
  if (json == nullptr) return tensor;
  QuantizerSpec spec = QuantizerSpec::read(*json, call.where() + ": " + std::string(attribute));
  if (spec.find("use_stochastic_rounding") != nullptr && spec.flag("use_stochastic_rounding", false)) {
    call.assume("use_stochastic_rounding acts in training only, and is off here");
  }
  const std::string& name = spec.name();
  if (name == "linear") return tensor;
  if (name == "quantized_bits" || name == "quantized_linear") return quantized_bits(call, tensor, spec);
  if (name == "quantized_relu") return quantized_relu(call, tensor, spec);
  if (name == "quantized_tanh") return quantized_tanh(call, tensor, spec);
  if (name == "quantized_sigmoid") return quantized_sigmoid(call, tensor, spec);
  if (name == "ternary") return ternary(call, tensor, spec);
  if (name == "binary") return binary(call, tensor, spec);
  if (!spec.is_bare()) {
    if (!refusal_of(name).empty()) refuse_quantizer(spec);
    throw FormatError(spec.where() + " is " + quote(name) +
                      " with arguments, which is no quantizer NetSurf knows");
  }
  return apply_function(call, tensor, spec, dialect);
}

}  // namespace netsurf::keras
