#include "models/keras/quantized_constant.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "models/keras/auto_scale.h"

namespace netsurf::keras {
namespace {

using foreign::Quantizer;

struct Refusal {
  std::string_view name, reason;
};

constexpr Refusal kRefusals[] = {
    {"bernoulli", "it draws random numbers"},
    {"stochastic_binary", "it draws random numbers"},
    {"stochastic_ternary", "it draws random numbers"},
    {"quantized_po2", "its codes are signs and exponents, which are no fixed-point numbers"},
    {"quantized_relu_po2", "its codes are signs and exponents, which are no fixed-point numbers"},
    {"quantized_ulaw", "its steps are logarithmic"},
    {"quantized_hswish", "it multiplies its input by itself"},
    {"smooth_sigmoid", "its slope of 0.1875 is no function of NetSurf's"},
    {"smooth_tanh", "its slope of 0.375 is no function of NetSurf's"},
    {"elu", "NetSurf has no exponential function"},
    {"selu", "NetSurf has no exponential function"},
    {"gelu", "NetSurf has no exponential function"},
    {"exponential", "NetSurf has no exponential function"},
    {"softplus", "NetSurf has no exponential function"},
    {"softsign", "NetSurf has no division"},
    {"swish", "NetSurf has no product of two tensors"},
    {"silu", "NetSurf has no product of two tensors"},
};

enum class Alpha { one, number, automatic, automatic_po2 };

Alpha alpha_of(const QuantizerSpec& spec, WeightRole role) {
  const Literal* alpha = spec.find("alpha");
  if (alpha == nullptr) return role == WeightRole::kernel ? Alpha::automatic_po2 : Alpha::one;
  if (const std::string* text = std::get_if<std::string>(alpha)) {
    if (*text == "auto") return Alpha::automatic;
    if (*text == "auto_po2") return Alpha::automatic_po2;
    spec.fail("alpha", "is " + quote(*text) + ", expected a number, None, auto or auto_po2");
  }
  double number = spec.number("alpha", 1);
  if (!(number > 0) || number > 1e30 || number < 1e-30) {
    spec.fail("alpha", "is " + std::to_string(number) + ", expected a number above 0");
  }
  return number == 1 ? Alpha::one : Alpha::number;
}

/// Which argument of the newer releases changes how automatic scales come about.
void check_automatic(const QuantizerSpec& spec) {
  for (std::string_view argument :
       {"scale_axis", "elements_per_scale", "min_po2_exponent", "max_po2_exponent", "post_training_scale"}) {
    if (spec.find(argument) != nullptr)
      spec.fail(argument, "is given with an automatic alpha, which NetSurf does not take");
  }
}

int32_t code_of(float x, const Quantizer& quantizer) {
  double rounded = std::nearbyint(static_cast<double>(x));
  if (!(rounded > static_cast<double>(quantizer.low))) return static_cast<int32_t>(quantizer.low);
  return static_cast<int32_t>(std::min(rounded, static_cast<double>(quantizer.high)));
}

/// Takes codes, and scales per channel. Throws FormatError where the weights were too large or too small for
/// float32.
void set_codes(const QuantizerSpec& spec, std::span<const float> codes, std::vector<float> scales,
               QuantizedTensor& result) {
  std::vector<bool> is_zero(scales.size(), !result.quantizer->bipolar);
  for (size_t i = 0; i < codes.size(); ++i) {
    if (!std::isfinite(codes[i]))
      spec.fail("alpha", "gives codes that are no numbers: the weights are too large");
    result.codes.push_back(static_cast<int32_t>(codes[i]));
    if (codes[i] != 0) is_zero[i % scales.size()] = false;
  }
  for (size_t c = 0; c < scales.size(); ++c) {
    // A channel of zeros gets scale 0 in QKeras; every scale gives the same values there.
    if (scales[c] == 0 && is_zero[c]) scales[c] = 1;
    if (!(scales[c] > 0) || !std::isfinite(scales[c])) {
      spec.fail("alpha", "gives the scale " + std::to_string(scales[c]) + ", expected a number above 0");
    }
  }
  if (std::all_of(scales.begin(), scales.end(), [&](float scale) { return scale == scales[0]; }))
    scales.resize(1);
  result.quantizer->scale = std::move(scales);
  result.values.clear();
}

std::string automatic_note(const QuantizerSpec& spec, bool was_none) {
  return std::string(was_none ? "alpha of the kernel quantizer is None, which QKeras turns into auto_po2; its"
                              : "the") +
         " scales of " + spec.name() +
         " were computed from the stored weights, one per element of the last axis (scale_axis, "
         "elements_per_scale and "
         "limits of exponents are not in the file: defaults assumed)";
}

/// quantized_bits: codes are rounded half away from zero, x / 2^integer in units of the scale.
void quantize_bits_automatic(const QuantizerSpec& spec, const StoredTensor& tensor, size_t channels, bool po2,
                             QuantizedTensor& result) {
  check_automatic(spec);
  int bits = spec.integer("bits", 8, 1, 31);
  if (bits == 1) spec.fail("bits", "is 1 with an automatic alpha, where QKeras divides by zero");
  float unit = std::ldexp(1.0f, spec.integer("integer", 0, -62, 62));
  float levels = 2 * (std::ldexp(1.0f, bits - 1) - 1), top = levels / 2;
  std::vector<float> values = tensor.values, codes(values.size());
  for (float& value : values) value /= unit;
  // One channel per element would leave a bias without a mean; QKeras takes the largest of all there at
  // first.
  bool is_vector = tensor.sizes.size() == 1;
  ChannelView view{values, channels};
  std::vector<float> scales = is_vector ? ChannelView{values, 1}.max_magnitude() : view.max_magnitude();
  for (float& scale : scales) scale = scale * 2 / levels;
  auto round_codes = [&] {
    for (size_t i = 0; i < values.size(); ++i) {
      float steps = std::floor(std::fabs(values[i]) / scales[i % scales.size()] + 0.5f);
      codes[i] = values[i] == 0 ? 0 : std::copysign(steps < top ? steps : top, values[i]);
    }
  };
  if (po2) {
    constexpr int kPasses = 5;
    for (float& scale : scales) scale = nearest_power_of_two(scale);
    for (int pass = 0; pass < kPasses; ++pass) {
      round_codes();
      scales = least_squares_scale(is_vector ? ChannelView{values, values.size()} : view, codes);
      for (float& scale : scales) scale = nearest_power_of_two(scale);
    }
  } else {
    round_codes();
  }
  Quantizer quantizer;
  quantizer.bits = bits;
  quantizer.set_full_range(true);
  quantizer.rounding = core::Rounding::half_away;
  result.quantizer = quantizer;
  for (float& scale : scales) scale *= unit;
  set_codes(spec, codes, std::move(scales), result);
}

/// quantized_linear: clip, then half to even; values are divided by the scale.
void quantize_linear_automatic(const QuantizerSpec& spec, const StoredTensor& tensor, size_t channels,
                               bool po2, bool symmetric, QuantizedTensor& result) {
  check_automatic(spec);
  Quantizer quantizer = fixed_point(spec, symmetric);
  if (quantizer.bipolar) spec.fail("bits", "is 1 with an automatic alpha, which NetSurf does not take");
  if (symmetric && quantizer.is_signed) quantizer.low = -quantizer.high;
  constexpr float kEpsilon = 1e-7f;
  ChannelView view{tensor.values, channels};
  std::vector<float> scales(channels, 0);
  if (quantizer.is_signed) {
    scales = view.max_magnitude();
  } else {
    for (size_t i = 0; i < tensor.values.size(); ++i)
      scales[i % channels] = std::max(scales[i % channels], tensor.values[i]);
  }
  float range = static_cast<float>(quantizer.high) - static_cast<float>(quantizer.low);
  for (float& scale : scales) scale = std::max((quantizer.is_signed ? scale * 2 : scale) / range, kEpsilon);
  std::vector<float> codes(tensor.values.size());
  auto round_codes = [&] {
    for (size_t i = 0; i < codes.size(); ++i) {
      codes[i] = static_cast<float>(code_of(tensor.values[i] / scales[i % channels], quantizer));
    }
  };
  if (po2) {
    constexpr int kPasses = 5;
    for (float& scale : scales) scale = nearest_power_of_two(scale);
    for (int pass = 0; pass < kPasses; ++pass) {
      round_codes();
      scales = least_squares_scale(view, codes);
      for (float& scale : scales) scale = nearest_power_of_two(scale);
    }
  }
  round_codes();
  result.quantizer = quantizer;
  set_codes(spec, codes, std::move(scales), result);
}

QuantizedTensor quantize_bits(const QuantizerSpec& spec, const StoredTensor& tensor, WeightRole role,
                              size_t channels) {
  QuantizedTensor result;
  bool linear = spec.name() == "quantized_linear", was_none = spec.find("alpha") == nullptr;
  Alpha alpha = alpha_of(spec, role);
  if (spec.find("post_training_scale") != nullptr) {
    spec.fail("post_training_scale", "is given, which NetSurf does not take");
  }
  if (alpha == Alpha::automatic || alpha == Alpha::automatic_po2) {
    bool po2 = alpha == Alpha::automatic_po2;
    if (linear) {
      quantize_linear_automatic(spec, tensor, channels, po2, was_none || spec.flag("symmetric", true),
                                result);
    } else {
      quantize_bits_automatic(spec, tensor, channels, po2, result);
    }
    result.assumptions.push_back(automatic_note(spec, was_none));
    return result;
  }
  Quantizer quantizer = fixed_point(spec, linear);
  result.quantizer = quantizer;
  result.values = tensor.values;
  if (alpha == Alpha::one) return result;
  float scale = quantizer.scale[0] * static_cast<float>(spec.number("alpha", 1));
  result.quantizer->scale = {scale};
  if (linear) return result;
  // The weights are not divided by alpha, the codes are multiplied by it.
  std::vector<float> codes;
  for (float value : tensor.values) {
    float code = quantizer.bipolar ? (value >= 0 ? 1.0f : 0.0f)
                                   : static_cast<float>(code_of(value / quantizer.scale[0], quantizer));
    codes.push_back(code);
  }
  set_codes(spec, codes, {scale}, result);
  return result;
}

/// Scales of ternary and binary codes, and what alpha was.
std::vector<float> plain_scale(const QuantizerSpec& spec) {
  return {spec.find("alpha") == nullptr ? 1.0f : static_cast<float>(spec.number("alpha", 1))};
}

QuantizedTensor quantize_ternary(const QuantizerSpec& spec, const StoredTensor& tensor, WeightRole role,
                                 size_t channels) {
  QuantizedTensor result;
  Alpha alpha = alpha_of(spec, role);
  std::vector<float> codes(tensor.values.size()), scales;
  auto sign = [](float x) { return x > 0 ? 1.0f : x < 0 ? -1.0f : 0.0f; };
  if (alpha == Alpha::one || alpha == Alpha::number) {
    float threshold = static_cast<float>(spec.number("threshold", 0.33));
    for (size_t i = 0; i < codes.size(); ++i) {
      codes[i] = std::fabs(tensor.values[i]) >= threshold ? sign(tensor.values[i]) : 0;
    }
    scales = plain_scale(spec);
  } else {
    if (spec.find("threshold") != nullptr)
      spec.fail("threshold", "is given with an automatic alpha, which QKeras refuses");
    bool po2 = alpha == Alpha::automatic_po2, is_vector = tensor.sizes.size() == 1;
    ChannelView view{tensor.values, channels};
    scales = is_vector ? ChannelView{tensor.values, 1}.max_magnitude() : view.max_magnitude();
    for (float& scale : scales) scale = po2 ? nearest_power_of_two(2 * scale / 3.0f) : 2 * scale / 3.0f;
    for (int pass = spec.integer("number_of_unrolls", 5, 1, 100); pass > 0; --pass) {
      for (size_t i = 0; i < codes.size(); ++i) {
        float scale = scales[i % scales.size()];
        float rounded = scale * std::nearbyint(tensor.values[i] / scale);
        codes[i] = std::fabs(rounded) >= scale / 2 ? sign(tensor.values[i]) : 0;
      }
      scales =
          least_squares_scale(is_vector ? ChannelView{tensor.values, tensor.values.size()} : view, codes);
      if (po2) std::transform(scales.begin(), scales.end(), scales.begin(), nearest_power_of_two);
    }
    result.assumptions.push_back(automatic_note(spec, spec.find("alpha") == nullptr));
  }
  Quantizer quantizer;
  quantizer.bits = 2;
  quantizer.set_full_range(true);
  result.quantizer = quantizer;
  set_codes(spec, codes, std::move(scales), result);
  return result;
}

QuantizedTensor quantize_binary(const QuantizerSpec& spec, const StoredTensor& tensor, WeightRole role,
                                size_t channels) {
  QuantizedTensor result;
  Alpha alpha = alpha_of(spec, role);
  bool zero_one = spec.flag("use_01", false);
  std::vector<float> bits, operands;
  for (float value : tensor.values) {
    bits.push_back(value >= 0 ? 1.0f : 0.0f);
    operands.push_back(value >= 0 ? 1.0f : zero_one ? 0.0f : -1.0f);
  }
  std::vector<float> scales =
      alpha == Alpha::one || alpha == Alpha::number ? plain_scale(spec) : std::vector<float>();
  if (scales.empty()) {
    check_automatic(spec);
    bool is_vector = tensor.sizes.size() == 1;
    scales = least_squares_scale({tensor.values, is_vector ? tensor.values.size() : channels}, operands);
    if (alpha == Alpha::automatic_po2) {
      std::transform(scales.begin(), scales.end(), scales.begin(), nearest_power_of_two);
    }
    result.assumptions.push_back(automatic_note(spec, spec.find("alpha") == nullptr));
  }
  Quantizer quantizer;
  quantizer.bits = 1;
  quantizer.is_signed = false;
  quantizer.bipolar = !zero_one;
  quantizer.low = 0;
  quantizer.high = 1;
  result.quantizer = quantizer;
  set_codes(spec, bits, std::move(scales), result);
  return result;
}

}  // namespace

std::string_view refusal_of(std::string_view name) {
  for (const Refusal& each : kRefusals) {
    if (each.name == name) return each.reason;
  }
  return "";
}

void refuse_quantizer(const QuantizerSpec& spec) {
  std::string_view reason = refusal_of(spec.name());
  if (!reason.empty()) {
    throw FormatError(spec.where() + " is " + spec.name() +
                      ", which NetSurf does not take: " + std::string(reason));
  }
  throw FormatError(spec.where() + " is " + quote(spec.name()) +
                    ", which is no quantizer or activation NetSurf knows");
}

foreign::Quantizer fixed_point(const QuantizerSpec& spec, bool symmetric_by_default) {
  Quantizer quantizer;
  bool keeps_negative = spec.flag("keep_negative", true);
  quantizer.bits = spec.integer("bits", 8, 1, keeps_negative ? 32 : 31);
  int integer = spec.integer("integer", 0, -62, 62);
  int magnitude_bits = quantizer.bits - (keeps_negative ? 1 : 0);
  quantizer.is_signed = keeps_negative;
  quantizer.scale = {std::ldexp(1.0f, integer - magnitude_bits)};
  if (magnitude_bits == 0) {
    // One bit is a sign: of zero too, and without regard to `integer`.
    if (spec.name() != "quantized_bits")
      spec.fail("bits", "is 1, which NetSurf takes of quantized_bits only");
    quantizer.scale = {1};
    quantizer.is_signed = false;
    quantizer.bipolar = true;
    quantizer.low = 0;
    quantizer.high = 1;
    return quantizer;
  }
  quantizer.set_full_range();
  if (keeps_negative && spec.flag("symmetric", symmetric_by_default)) quantizer.low += 1;
  return quantizer;
}

QuantizedTensor quantize_weights(const QuantizerSpec& spec, const StoredTensor& tensor, WeightRole role) {
  size_t channels = tensor.sizes.empty() ? 1 : static_cast<size_t>(tensor.sizes.back());
  if (!std::all_of(tensor.values.begin(), tensor.values.end(),
                   [](float value) { return std::isfinite(value); })) {
    throw FormatError(spec.where() + ": the weights hold a value that is not finite");
  }
  if (spec.name() == "quantized_bits" || spec.name() == "quantized_linear") {
    return quantize_bits(spec, tensor, role, channels);
  }
  if (spec.name() == "ternary") return quantize_ternary(spec, tensor, role, channels);
  if (spec.name() == "binary") return quantize_binary(spec, tensor, role, channels);
  if (refusal_of(spec.name()).empty() && spec.name().starts_with("quantized_")) {
    throw FormatError(spec.where() + " is " + spec.name() + ", which is no quantizer of weights");
  }
  refuse_quantizer(spec);
}

}  // namespace netsurf::keras
