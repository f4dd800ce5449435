// Dense and convolution layers: stored kernels, their scales, and biases.
#include <algorithm>
#include <bit>
#include <cmath>

#include "models/foreign/fit.h"
#include "models/foreign/lowering.h"
#include "models/foreign/quantization.h"

namespace netsurf::foreign {
namespace {

bool is_plus_minus_one(const std::vector<float>& values) {
  return !values.empty() &&
         std::all_of(values.begin(), values.end(), [](float w) { return w == 1 || w == -1; });
}

/// Fraction bits and the units left over for scales: none for a power of two.
int split_scales(const std::vector<float>& scales, std::vector<double>& unit) {
  double mean_exponent = 0;
  for (float scale : scales) mean_exponent += std::log2(static_cast<double>(scale));
  int frac_bits = -static_cast<int>(std::lround(mean_exponent / static_cast<double>(scales.size())));
  unit.clear();
  for (float scale : scales) unit.push_back(std::ldexp(static_cast<double>(scale), frac_bits));
  if (is_uniform(unit)) unit.resize(1);
  return frac_bits;
}

/// Codes that the sums of each output channel can reach with the clean weights.
void reach_of_sums(const Parameter& kernel, const TensorType& in, Value& v) {
  auto outputs = static_cast<size_t>(kernel.shape[0]);
  size_t per_channel = kernel.codes.size() / outputs;
  v.reach_low.assign(outputs, 0);
  v.reach_high.assign(outputs, 0);
  for (size_t i = 0; i < kernel.codes.size(); ++i) {
    int64_t w = kernel.operand(kernel.codes[i]);
    v.reach_low[i / per_channel] += std::min(w * in.low, w * in.high);
    v.reach_high[i / per_channel] += std::max(w * in.low, w * in.high);
  }
}

}  // namespace

int Lowering::kernel_of(const Node& n, std::vector<double>& unit) {
  if (!n.constant) refuse(n, "has no stored kernel; products of two computed tensors are not taken");
  Constant constant = *n.constant;
  if (!constant.quantizer && is_plus_minus_one(constant.values)) {
    constant.quantizer = Quantizer{.bits = 1, .is_signed = false, .bipolar = true, .low = 0, .high = 1};
    assume("weights of \"" + n.name + "\" are all -1 or +1: stored as one bipolar bit each");
  } else if (!constant.quantizer && options_.float_format) {
    constant.quantizer = quantizer_of(*options_.float_format);
    assume("float weights of \"" + n.name + "\" rounded to " + options_.float_format->text());
  } else if (!constant.quantizer) {
    refuse(
        n,
        "has float weights without a quantizer; give them a format with --float_format q<m,n,s>, or end the "
        "network before it with --end_at NODE");
  }
  const Quantizer& q = *constant.quantizer;
  if (std::string problem = problem_of(q); !problem.empty())
    refuse(n, "the quantizer of its weights " + problem);
  Parameter kernel;
  kernel.name = constant.name.empty() ? n.name + "/kernel" : constant.name;
  kernel.shape = constant.shape;
  if (kernel.shape.empty() || (q.scale.size() != 1 && static_cast<int>(q.scale.size()) != kernel.shape[0])) {
    refuse(n,
           "its weights have " + std::to_string(q.scale.size()) + " scales, expected one, or one per output");
  }
  int frac_bits = split_scales(q.scale, unit);
  kernel.format.bits = q.bits;
  kernel.format.is_signed = q.is_signed && !q.bipolar;
  kernel.format.integer_bits = q.bits - (kernel.format.is_signed ? 1 : 0) - frac_bits;
  kernel.codes = quantized_codes(constant);
  kernel.bipolar = q.bipolar;
  kernel.zero_point = q.bipolar ? 0 : static_cast<int32_t>(q.zero_point[0]);
  return builder_.add(std::move(kernel));
}

void Lowering::lower_sums(int index) {
  const Node& n = node(index);
  Value in = readable(n);
  Layer layer;
  layer.name = n.name;
  layer.kind = n.op == Op::dense    ? LayerKind::dense
               : n.op == Op::conv2d ? LayerKind::conv2d
                                    : LayerKind::conv2d_transpose;
  layer.inputs = {in.layer};
  layer.window = n.window;
  layer.groups = n.groups;
  Value v;
  layer.kernel = kernel_of(n, v.unit);
  for (double& unit : v.unit) unit *= in.unit[0];
  reach_of_sums(builder_.parameter(layer.kernel), builder_.type(in.layer), v);
  v.layer = builder_.add(std::move(layer));
  put(index, std::move(v));
}

bool Lowering::is_read_by_constant(int index) const {
  for (int i = index + 1; i <= output_; ++i) {
    const Node& n = node(i);
    bool reads = is_needed_[static_cast<size_t>(i)] && n.inputs == std::vector<int>{index};
    if (reads) {
      return n.op == Op::add_constant || n.op == Op::multiply_constant || n.op == Op::divide_constant;
    }
  }
  return false;
}

void Lowering::lower_add_constant(int index) {
  const Node& n = node(index);
  if (!n.constant) refuse(n, "has no constant");
  Value v = input_of(index);
  const Constant& constant = *n.constant;
  size_t count = static_cast<size_t>(num_elements(constant.shape));
  if (count != 1 && count != channels(v)) {
    refuse(n, "its constant has " + std::to_string(count) + " elements, expected 1 or " +
                  std::to_string(channels(v)) + " (one per channel)");
  }
  // A float constant that more constants follow is part of a batch norm, not a bias of its own.
  bool is_bias = constant.quantizer.has_value() || !is_read_by_constant(index);
  bool takes_bias = is_bias && v.chain.empty() && v.num_readers == 1 && n.is_learned &&
                    count == channels(v) && builder_.layer(v.layer).bias < 0 &&
                    builder_.layer(v.layer).kernel >= 0;
  std::optional<Parameter> stored;  // where the scales have to come before the bias
  Parameter bias;
  bias.name = constant.name.empty() ? n.name + "/bias" : constant.name;
  bias.shape = {static_cast<int>(count)};
  int sum_frac_bits = builder_.type(v.layer).frac_bits;
  if (constant.quantizer) {
    const Quantizer& q = *constant.quantizer;
    if (std::string problem = problem_of(q); !problem.empty())
      refuse(n, "the quantizer of its bias " + problem);
    // The bias counts in steps of the sums, or of a power of two of them, in every channel the same.
    std::optional<int> steps;
    bool alike = true;
    for (size_t c = 0; c < count; ++c) {
      double scale = static_cast<double>(q.scale.size() == 1 ? q.scale[0] : q.scale[c]);
      std::optional<int> each = exponent_of(scale / at(v.unit, c), true);
      alike = alike && each && (!steps || *steps == *each);
      steps = each;
    }
    bias.format = Format{q.bits, 0, q.is_signed};
    bias.zero_point = static_cast<int32_t>(q.zero_point[0]);
    if (alike && steps && !q.bipolar) {
      bias.format.integer_bits = q.bits - (q.is_signed ? 1 : 0) + *steps;
      bias.codes = quantized_codes(constant);
    } else if (takes_bias && exponent_of(static_cast<double>(q.scale[0])) && q.scale.size() == 1 &&
               !q.bipolar) {
      bias.format.integer_bits =
          q.bits - (q.is_signed ? 1 : 0) + *exponent_of(static_cast<double>(q.scale[0]));
      bias.codes = quantized_codes(constant);
      stored = std::move(bias);
      takes_bias = false;
    } else {
      takes_bias = false;
    }
  } else if (takes_bias) {
    std::vector<double> steps;
    for (size_t c = 0; c < count; ++c) {
      float b = constant.values[c];
      if (!std::isfinite(b)) refuse(n, "element " + std::to_string(c) + " of its bias is not a number");
      steps.push_back(static_cast<double>(b) / at(v.unit, c));
    }
    // Finer than the products where that costs the sums no 64 bits.
    int room = 30 - static_cast<int>(std::bit_width(static_cast<uint64_t>(builder_.type(v.layer).bound)));
    Fitted fitted = fit(steps, options_.bias_bits, sum_frac_bits + std::clamp(room, 0, 12));
    bias.format = fitted.format;
    bias.codes = fitted.codes;
    assume("float bias of \"" + n.name + "\" rounded to " + bias.format.text());
  }
  if (!takes_bias) {
    Step step;
    step.op = Op::add_constant;
    step.constant = constant_values(constant);
    step.is_learned = n.is_learned && count == channels(v);  // one number for all channels stays outside
    step.node = n.name;
    step.stored = std::move(stored);
    v.chain.push_back(std::move(step));
    put(index, std::move(v));
    return;
  }
  Alignment alignment = align(sum_frac_bits, bias.format.frac_bits());
  for (size_t c = 0; c < count && !v.reach_low.empty(); ++c) {
    int64_t b = int64_t{bias.operand(bias.codes[c])} * (int64_t{1} << std::min(alignment.second_shift, 30));
    int64_t one = int64_t{1} << std::min(alignment.first_shift, 30);
    v.reach_low[c] = v.reach_low[c] * one + b;
    v.reach_high[c] = v.reach_high[c] * one + b;
  }
  builder_.set_bias(v.layer, builder_.add(std::move(bias)));
  put(index, std::move(v));
}

}  // namespace netsurf::foreign
