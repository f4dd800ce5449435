// Quantizers: by one activation where the arithmetic is dyadic, by thresholds where the levels are few or the
// function is curved, else by an affine layer and an activation.
#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/base/error.h"
#include "models/foreign/difference.h"
#include "models/foreign/fit.h"
#include "models/foreign/lowering.h"
#include "models/foreign/quantization.h"
#include "models/foreign/thresholds.h"

namespace netsurf::foreign {
namespace {

constexpr int64_t kFewLevels = 15;  // thresholds per channel that beat a scale and a shift
constexpr int kMostSlopeBits = 40;
constexpr int64_t kMostLevels = 4095;  // thresholds per channel that are still a sane size
constexpr int64_t kLargestThreshold = (int64_t{1} << 31) - 2;

bool is_curved(const std::optional<ChainParts>& parts) {
  return parts && parts->function && (parts->function->op == Op::tanh || parts->function->op == Op::sigmoid);
}

bool is_learned(const std::vector<Step>& chain) {
  return std::any_of(chain.begin(), chain.end(), [](const Step& step) { return step.is_learned; });
}

/// Channels that a chain and units tell apart: 1 when they do not.
size_t distinct_channels(const Value& v, size_t channels) {
  bool is_shared = is_uniform(v.unit);
  for (const Step& step : v.chain) is_shared = is_shared && step.constant.size() <= 1;
  return is_shared ? 1 : channels;
}

/// What an activation layer is told beyond its format.
struct Settings {
  ActivationFunction function = ActivationFunction::linear;
  int64_t low = 0, high = 0;
  int32_t slope = 0;
  int slope_shift = 0;
};

/// A float32 slope as n 2^-k with k at most `bits`, rounded where it has more. Throws InputError outside [0,
/// 1].
void set_slope(double alpha, int bits, const std::string& name, Settings& settings) {
  if (!(alpha >= 0 && alpha <= 1)) {
    throw InputError("node \"" + name + "\": slope " + std::to_string(alpha) +
                     " below zero, expected 0 to 1");
  }
  Fitted fitted = fit({static_cast<double>(static_cast<float>(alpha))}, 25, bits);
  settings.slope = fitted.codes[0];
  settings.slope_shift = settings.slope == 0 ? 0 : fitted.format.frac_bits();
}

/// Turns functions that are clips into narrower ranges: rounding is monotone, so clipping may come after it.
Settings settings_of(const ChainParts& parts, const Quantizer& q, int slope_bits, const std::string& name) {
  const std::optional<Step>& function = parts.function;
  auto after = static_cast<float>(parts.after);
  Settings r;
  r.low = lowest(q);
  r.high = highest(q);
  auto narrow = [&](float minimum, float maximum) {
    r.low = std::max(r.low, code_of(minimum * after, q));
    r.high = std::min(r.high, code_of(maximum * after, q));
  };
  if (function) {
    switch (function->op) {
      case Op::relu:
        r.function = ActivationFunction::relu;
        break;
      case Op::leaky_relu:
        r.function = ActivationFunction::leaky_relu;
        set_slope(function->alpha, slope_bits, name, r);
        break;
      case Op::clip:
        narrow(function->minimum, function->maximum);
        break;
      case Op::hard_tanh:
        narrow(-1, 1);
        break;
      default:
        narrow(0, 1);  // hard_sigmoid, its half and half already in the affine map
        break;
    }
  }
  if (r.function == ActivationFunction::leaky_relu && r.low >= 0) r.function = ActivationFunction::relu;
  // A range from 0 up is a ReLU: one spelling for one function.
  if (r.function == ActivationFunction::linear && r.low == 0 && !q.wraps)
    r.function = ActivationFunction::relu;
  return r;
}

Layer activation_layer(int input, const Settings& r, const Quantizer& q, int frac_bits,
                       const std::string& name) {
  Layer layer;
  layer.name = name;
  layer.kind = LayerKind::activation;
  layer.inputs = {input};
  layer.function = r.function;
  layer.format = format_of(q, frac_bits);
  layer.low = static_cast<int32_t>(r.low);
  layer.high = static_cast<int32_t>(r.high);
  if (layer.low == layer.format.min_code() && layer.high == layer.format.max_code())
    layer.low = layer.high = 0;
  layer.rounding = q.rounding;
  layer.wraps = q.wraps;
  layer.slope = r.slope;
  layer.slope_shift = r.slope_shift;
  return layer;
}

/// hard_sigmoid is a clip to [0, 1] after x / 2 + 1/2.
void unfold_hard_sigmoid(ChainParts& parts) {
  if (!parts.function || parts.function->op != Op::hard_sigmoid) return;
  for (double& a : parts.before.scale) a /= 2;
  for (double& b : parts.before.shift) b = b / 2 + 0.5;
}

}  // namespace

Value Lowering::quantized(Value in, const Quantizer& q, const std::string& name) {
  if (std::string problem = problem_of(q); !problem.empty())
    throw InputError("node \"" + name + "\": its quantizer " + problem);
  if (q.scale.size() != 1) {
    throw InputError("node \"" + name + "\": its quantizer has " + std::to_string(q.scale.size()) +
                     " scales; expected one for all channels of an activation");
  }
  if (q.bipolar) return thresholded(in, q, name);
  int64_t levels = highest(q) - lowest(q);
  bool has_stored_bias = !in.chain.empty() && in.chain[0].stored;
  if (has_stored_bias && (levels > kFewLevels || builder_.type(in.layer).bound > kLargestThreshold))
    in = with_stored_bias(std::move(in), name);
  std::optional<ChainParts> parts = take_apart(in.chain);
  if (parts) unfold_hard_sigmoid(*parts);
  if (parts && !is_curved(parts) && is_uniform(in.unit) && is_uniform(parts->before.scale) &&
      !parts->before.scale_is_learned && parts->before.scale[0] > 0 && !parts->before.shift_is_learned &&
      std::all_of(parts->before.shift.begin(), parts->before.shift.end(), [](double b) { return b == 0; })) {
    auto scale = static_cast<double>(q.scale[0]);
    double step = in.unit[0] * parts->before.scale[0] * parts->after;  // real size of 2^F codes
    if (std::optional<int> exponent = exponent_of(step / scale)) {
      int frac_bits = *exponent;
      Settings r = settings_of(*parts, q, kMostSlopeBits, name);
      if (!rounds_ties_alike(q)) {
        assume("ties of \"" + name + "\" go to the even code less the zero point, not to the even code");
      }
      Value v;
      v.layer = builder_.add(activation_layer(in.layer, r, q, frac_bits, name));
      v.unit = {std::ldexp(scale, frac_bits)};
      return v;
    }
  }
  bool fits = builder_.type(in.layer).bound <= kLargestThreshold && levels <= kMostLevels && !q.wraps;
  if (fits && (levels <= kFewLevels || in.is_average || !parts || is_curved(parts)))
    return thresholded(in, q, name);
  if (builder_.type(in.layer).bound > kLargestThreshold && (!parts || is_curved(parts))) {
    throw InputError("node \"" + name +
                     "\": sums of more than 31 bits have no thresholds; put a quantizer before its function");
  }
  if (!parts || is_curved(parts)) {
    throw InputError("node \"" + name + "\": " + std::to_string(levels + 1) +
                     " codes after a function that is not piecewise linear; expected at most " +
                     std::to_string(kMostLevels + 1));
  }
  return scaled_and_rounded(in, *parts, q, name);
}

Value Lowering::scaled_and_rounded(const Value& in, const ChainParts& parts, const Quantizer& q,
                                   const std::string& name) {
  auto scale = static_cast<double>(q.scale[0]);
  int frac_bits = nearest_frac_bits(scale);
  double unit = std::ldexp(scale, frac_bits);
  // A slope multiplies once more: it and the scale share the bits that the sums leave.
  bool leaks = parts.function && parts.function->op == Op::leaky_relu;
  int room = 60 - static_cast<int>(std::bit_width(static_cast<uint64_t>(builder_.type(in.layer).bound)));
  int slope_bits = leaks ? std::clamp(room - 24, 8, kMostSlopeBits) : 0;
  Value scaled = affine(in, parts.before, unit / parts.after, name, kMostBits - slope_bits - 1);
  Settings r = settings_of(parts, q, slope_bits, name);
  Layer layer = activation_layer(scaled.layer, r, q, frac_bits, name);
  Value v;
  v.layer = builder_.add(layer);
  v.unit = {unit};
  Difference difference = compare(builder_, in, scaled.layer, v.layer, q);
  difference.node = name;
  result_.differences.push_back(difference);
  return v;
}

Value Lowering::thresholded(const Value& given, const Quantizer& q, const std::string& name) {
  size_t rows = distinct_channels(given, channels(given));
  std::vector<int> signs = directions(given.chain);
  Value in = given;
  bool falls = std::find(signs.begin(), signs.end(), -1) != signs.end();
  if (falls) in.layer = mirrored(given, signs, name);
  const TensorType& type = builder_.type(in.layer);
  if (type.bound > kLargestThreshold)
    throw InputError("node \"" + name + "\": sums of more than 31 bits have no thresholds");

  int64_t low = lowest(q), step = q.bipolar ? 2 : 1, count = (highest(q) - low) / step;
  std::vector<int32_t> codes;
  for (size_t c = 0; c < rows; ++c) {
    int sign = (signs.size() == 1 ? signs[0] : signs[c]) < 0 ? -1 : 1;
    auto code_at = [&](int64_t sum) {
      double real = std::ldexp(static_cast<double>(sum * sign), -type.frac_bits) * at(given.unit, c);
      return code_of(run_chain(given.chain, c, static_cast<float>(real)), q);
    };
    int64_t from = type.low;
    for (int64_t level = 1; level <= count; ++level) {
      from = first_reached(from, type.high, [&](int64_t sum) { return code_at(sum) >= low + level * step; });
      codes.push_back(static_cast<int32_t>(from));
    }
  }
  auto scale = static_cast<double>(q.scale[0]);
  int frac_bits = nearest_frac_bits(scale);
  Value v;
  v.layer = add_thresholds(in.layer, std::move(codes), static_cast<int>(rows), low, highest(q),
                           format_of(q, frac_bits), is_learned(given.chain), name);
  v.unit = {std::ldexp(scale, frac_bits)};
  return v;
}

int Lowering::mirrored(const Value& in, const std::vector<int>& signs, const std::string& name) {
  Parameter sign;
  sign.name = name + "/sign";
  sign.format = Format{2, 1, true};
  sign.constant = true;
  for (size_t c = 0; c < channels(in); ++c)
    sign.codes.push_back((signs.size() == 1 ? signs[0] : signs[c]) < 0 ? -1 : 1);
  sign.shape = {static_cast<int>(sign.codes.size())};
  Layer layer;
  layer.name = name + "/sign";
  layer.kind = LayerKind::affine;
  layer.inputs = {in.layer};
  layer.scale = builder_.add(std::move(sign));
  return builder_.add(std::move(layer));
}

int Lowering::add_thresholds(int input, std::vector<int32_t> codes, int rows, int64_t low, int64_t high,
                             const Format& format, bool is_stored, const std::string& name) {
  Parameter thresholds;
  thresholds.name = name + "/thresholds";
  thresholds.shape = {rows, static_cast<int>(codes.size()) / rows};
  thresholds.format = Format::with_step(codes, builder_.type(input).frac_bits, 1);
  thresholds.codes = std::move(codes);
  thresholds.constant = !is_stored;
  Layer layer;
  layer.name = name;
  layer.kind = LayerKind::threshold;
  layer.inputs = {input};
  layer.format = format;
  layer.low = static_cast<int32_t>(low);
  layer.high = static_cast<int32_t>(high);
  layer.thresholds = builder_.add(std::move(thresholds));
  return builder_.add(std::move(layer));
}

void Lowering::lower_quantize(int index) {
  const Node& n = node(index);
  if (!n.quantizer) refuse(n, "has no quantizer");
  if (is_input_encoding_[static_cast<size_t>(index)]) return put(index, input_of(index));
  put(index, quantized(input_of(index), *n.quantizer, n.name));
}

void Lowering::lower_multi_threshold(int index) {
  const Node& n = node(index);
  Value given = input_of(index);
  if (!n.constant || n.constant->shape.size() != 2) refuse(n, "has no thresholds [channels, count]");
  auto rows = static_cast<size_t>(n.constant->shape[0]), count = static_cast<size_t>(n.constant->shape[1]);
  std::vector<float> thresholds = constant_values(*n.constant);
  if (rows != 1 && rows != channels(given)) {
    refuse(n, "has thresholds for " + std::to_string(rows) + " channels, expected 1 or " +
                  std::to_string(channels(given)));
  }
  // Codes are counts plus an offset; in halves of the scale where the offset lies between two counts.
  double scale = static_cast<double>(n.out_scale), offset = static_cast<double>(n.out_bias) / scale;
  int64_t step = 1;
  if (offset != std::floor(offset)) {
    step = 2;
    offset *= 2;
    scale /= 2;
  }
  if (!(scale > 0) || offset != std::floor(offset) || std::abs(offset) > 32768) {
    refuse(n, "puts out count x " + std::to_string(n.out_scale) + " + " + std::to_string(n.out_bias) +
                  "; expected a positive scale and an offset of whole or half counts");
  }
  std::vector<int> signs = directions(given.chain);
  Value in = given;
  if (std::find(signs.begin(), signs.end(), -1) != signs.end()) in.layer = mirrored(given, signs, n.name);
  const TensorType& type = builder_.type(in.layer);
  if (type.bound > kLargestThreshold) refuse(n, "reads sums of more than 31 bits");
  size_t out_rows = std::max(rows, distinct_channels(given, channels(given)));
  std::vector<int32_t> codes;
  for (size_t c = 0; c < out_rows; ++c) {
    int sign = (signs.size() == 1 ? signs[0] : signs[c]) < 0 ? -1 : 1;
    for (size_t j = 0; j < count; ++j) {
      float threshold = thresholds[(rows == 1 ? 0 : c) * count + j];
      codes.push_back(static_cast<int32_t>(first_reached(type.low, type.high, [&](int64_t sum) {
        double real = std::ldexp(static_cast<double>(sum * sign), -type.frac_bits) * at(given.unit, c);
        return run_chain(given.chain, c, static_cast<float>(real)) >= threshold;
      })));
    }
  }
  Quantizer q;
  q.scale = {static_cast<float>(scale)};
  q.low = static_cast<int64_t>(offset);
  q.high = q.low + step * static_cast<int64_t>(count);
  q.bits = 1;
  q.is_signed = q.low < 0;
  int frac_bits = nearest_frac_bits(scale);
  Value v;
  v.layer = add_thresholds(in.layer, std::move(codes), static_cast<int>(out_rows), q.low, q.high,
                           format_of(q, frac_bits), true, n.name);
  v.unit = {std::ldexp(scale, frac_bits)};
  put(index, std::move(v));
}

}  // namespace netsurf::foreign
