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

namespace netsurf::foreign {
namespace {

constexpr int64_t kFewLevels = 15;  // thresholds per channel that beat a scale and a shift
constexpr int kMostSlopeBits = 40;
constexpr int64_t kMostLevels = 4095;  // thresholds per channel that are still a sane size

bool is_curved(const std::optional<ChainParts>& parts) {
  return parts && parts->function && (parts->function->op == Op::tanh || parts->function->op == Op::sigmoid);
}

/// Whether float32 multiplies sums of these bits by the slope without rounding.
bool is_exact_slope(const std::optional<Step>& function, int sum_bits) {
  if (!function || function->op != Op::leaky_relu) return true;
  int exponent = 0;
  double mantissa = std::frexp(static_cast<double>(static_cast<float>(function->alpha)), &exponent);
  auto digits = static_cast<uint32_t>(std::ldexp(std::abs(mantissa), 24));
  return sum_bits + 24 - (digits == 0 ? 24 : std::countr_zero(digits)) <= 24;
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
    throw InputError("node \"" + name + "\": its slope for negative values is " + std::to_string(alpha) +
                     ", expected 0 to 1");
  }
  Fitted fitted = fit({static_cast<double>(static_cast<float>(alpha))}, 25, bits);
  settings.slope = fitted.codes[0];
  settings.slope_shift = settings.slope == 0 ? 0 : fitted.format.frac_bits();
}

struct Range {
  int64_t low = 0, high = 0;

  /// An activation cannot be told so: there 0 and 0 mean the format's own range.
  bool is_zero_alone() const { return low == 0 && high == 0; }
};

/// The codes that are left. Functions that are clips narrow them: rounding is monotone, so clipping may come
/// after it.
Range range_of(const ChainParts& parts, const Quantizer& q) {
  auto after = static_cast<float>(parts.after);
  Range range{lowest(q), highest(q)};
  auto narrow = [&](float minimum, float maximum) {
    range.low = std::max(range.low, code_of(minimum * after, q));
    range.high = std::min(range.high, code_of(maximum * after, q));
  };
  if (!parts.function) return range;
  if (parts.function->op == Op::clip) narrow(parts.function->minimum, parts.function->maximum);
  if (parts.function->op == Op::hard_tanh) narrow(-1, 1);
  // Its half and half are in the affine map already.
  if (parts.function->op == Op::hard_sigmoid) narrow(0, 1);
  return range;
}

Settings settings_of(const ChainParts& parts, const Quantizer& q, int slope_bits, const std::string& name) {
  const Range range = range_of(parts, q);
  Settings r;
  r.low = range.low;
  r.high = range.high;
  if (parts.function && parts.function->op == Op::relu) r.function = ActivationFunction::relu;
  if (parts.function && parts.function->op == Op::leaky_relu) {
    r.function = ActivationFunction::leaky_relu;
    set_slope(parts.function->alpha, slope_bits, name, r);
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
  layer.rounding = rounding_less_zero_point(q).value_or(q.rounding);
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
  std::optional<Value> unscaled;  // what a float scale has been applied to
  if (has_stored_bias && (levels > kFewLevels || builder_.type(in.layer).bound > kLargestThreshold)) {
    bool is_dyadic =
        std::all_of(in.unit.begin(), in.unit.end(), [](double u) { return exponent_of(u).has_value(); });
    if (!is_dyadic) unscaled = in;
    in = with_stored_bias(std::move(in), name);
  }
  std::optional<ChainParts> parts = take_apart(in.chain);
  if (parts) unfold_hard_sigmoid(*parts);
  int64_t bound = builder_.type(in.layer).bound;
  bool fits = bound <= kLargestThreshold && levels <= kMostLevels && !q.wraps;
  bool is_rounding = rounding_less_zero_point(q).has_value();
  bool is_exact = !parts || is_exact_slope(parts->function,
                                           static_cast<int>(std::bit_width(static_cast<uint64_t>(bound))));
  bool is_zero = parts && range_of(*parts, q).is_zero_alone();
  if (is_zero && !fits) {
    throw InputError("node \"" + name + "\": its function and range leave nothing but 0, of more than " +
                     std::to_string(kMostLevels + 1) +
                     " codes or from sums of more than 31 bits; cut it out");
  }
  bool needs_thresholds = fits && (!is_rounding || is_zero || (!is_exact && levels <= kFewLevels));
  if (!is_rounding && !fits) {
    assume("ties of \"" + name + "\" are rounded " + std::string(name_of(q.rounding)) +
           " around the code less the zero point, not around the code");
  }
  if (parts && !needs_thresholds && !is_curved(parts) && is_uniform(in.unit) &&
      is_uniform(parts->before.scale) && !parts->before.scale_is_learned && parts->before.scale[0] > 0 &&
      !parts->before.shift_is_learned &&
      std::all_of(parts->before.shift.begin(), parts->before.shift.end(), [](double b) { return b == 0; })) {
    auto scale = static_cast<double>(q.scale[0]);
    double step = in.unit[0] * parts->before.scale[0] * parts->after;  // real size of 2^F codes
    if (std::optional<int> exponent = exponent_of(step / scale)) {
      int frac_bits = *exponent;
      Settings r = settings_of(*parts, q, kMostSlopeBits, name);
      Value v;
      v.layer = builder_.add(activation_layer(in.layer, r, q, frac_bits, name));
      v.unit = {std::ldexp(scale, frac_bits)};
      if (unscaled) {
        report(*unscaled, in.layer, v.layer, q, name);
      } else if (!is_exact) {
        report(in, -1, v.layer, q, name);
      }
      return v;
    }
  }
  if (needs_thresholds || (fits && (levels <= kFewLevels || in.is_average || !parts || is_curved(parts))))
    return thresholded(in, q, name);
  if (bound > kLargestThreshold && (!parts || is_curved(parts))) {
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
  report(in, scaled.layer, v.layer, q, name);
  return v;
}

void Lowering::report(const Value& in, int affine, int activation, const Quantizer& q,
                      const std::string& name) {
  Difference difference = compare(builder_, in, affine, activation, q);
  difference.node = name;
  result_.differences.push_back(std::move(difference));
}

void Lowering::lower_quantize(int index) {
  const Node& n = node(index);
  if (!n.quantizer) refuse(n, "has no quantizer");
  if (is_input_encoding_[static_cast<size_t>(index)]) return put(index, input_of(index));
  put(index, quantized(input_of(index), *n.quantizer, n.name));
}

}  // namespace netsurf::foreign
