#include "engine/model/exactness.h"

#include <algorithm>
#include <string>

#include "engine/base/error.h"

namespace netsurf {
namespace {

using Wide = __int128;

constexpr Wide kMaxBound = Wide{1} << 62;
constexpr int kMaxFracBits = 62;
constexpr int64_t kMaxElements = int64_t{1} << 31;
constexpr int kMaxThresholds = 1 << 16;
constexpr int32_t kMaxSlope = 1 << 24;
constexpr int kMaxSlopeShift = 40;

/// Everything a rule needs to type one layer.
struct Scope {
  const Layer& layer;
  std::span<const Parameter> parameters;
  std::vector<const TensorType*> inputs;

  [[noreturn]] void refuse(const std::string& why) const {
    throw InputError("layer \"" + layer.name + "\" (" + std::string(name_of(layer.kind)) + "): " + why);
  }

  void expect_inputs(size_t at_least, size_t at_most) const {
    if (inputs.size() < at_least || inputs.size() > at_most) {
      refuse("reads " + std::to_string(inputs.size()) + " layers, expected " + std::to_string(at_least) +
             (at_most > at_least ? " or more" : ""));
    }
  }

  /// The parameter in a role, or null; refuses one of another shape.
  const Parameter* parameter(int index, const char* role, const Shape& shape, bool is_required) const {
    if (index < 0) {
      if (is_required) refuse(std::string("has no ") + role);
      return nullptr;
    }
    const Parameter& found = parameters[static_cast<size_t>(index)];
    if (found.shape != shape) {
      refuse(std::string(role) + " has shape " + shape_text(found.shape) + ", expected " + shape_text(shape));
    }
    return &found;
  }

  const TensorType& narrow_input() const {
    const TensorType& in = *inputs[0];
    if (!in.is_narrow()) {
      refuse("reads codes in [" + std::to_string(in.low) + ", " + std::to_string(in.high) +
             "], expected at most " + std::to_string(kMaxActivationBits) +
             " bits; put an activation (linear, relu, ...) in front of it");
    }
    return in;
  }

  void expect_image(const TensorType& in) const {
    if (in.shape.size() != 3)
      refuse("reads shape " + shape_text(in.shape) + ", expected height x width x channels");
  }

  TensorType finish(Shape shape, int frac_bits, Wide bound) const {
    if (bound > kMaxBound)
      refuse("its sums may need more than 62 bits when bits flip; use fewer bits or a smaller layer");
    if (frac_bits < -kMaxFracBits || frac_bits > kMaxFracBits) {
      refuse("its codes have " + std::to_string(frac_bits) + " fraction bits, expected -62 to 62");
    }
    if (num_elements(shape) > kMaxElements || num_elements(shape) <= 0)
      refuse("its output has shape " + shape_text(shape));
    auto b = static_cast<int64_t>(bound);
    return TensorType{std::move(shape), frac_bits, -b, b, b};
  }
};

int64_t magnitude(const TensorType& type) { return std::max(type.high, -type.low); }

Wide shifted(const Scope& scope, Wide value, int shift) {
  if (shift > 62 && value != 0)
    scope.refuse("its summands differ by " + std::to_string(shift) + " fraction bits");
  return value == 0 ? 0 : std::min(value << std::min(shift, 62), kMaxBound + 1);
}

/// Output of dense and convolutions: products at the input's plus the kernel's fraction bits, then the bias.
TensorType type_of_sums(const Scope& scope, const TensorType& in, const Parameter& kernel, Shape shape) {
  const Parameter* bias = scope.parameter(scope.layer.bias, "bias", {shape.back()}, false);
  int product_frac_bits = in.frac_bits + kernel.format.frac_bits();
  Alignment alignment =
      align(product_frac_bits, bias != nullptr ? bias->format.frac_bits() : product_frac_bits);
  // Pruned weights count too: hardware that stores the zeros can have them flipped.
  Wide weights_per_channel = num_elements(kernel.shape) / kernel.shape[0];
  Wide products = weights_per_channel * kernel.max_magnitude() * magnitude(in);
  if (products > kMaxBound) scope.refuse("its sums may need more than 62 bits when bits flip");
  Wide bound = shifted(scope, products, alignment.first_shift);
  if (bias != nullptr) bound += shifted(scope, bias->max_magnitude(), alignment.second_shift);
  return scope.finish(std::move(shape), alignment.frac_bits, bound);
}

void expect_format(const Scope& scope) {
  const Format& format = scope.layer.format;
  if (format.bits < 1 || format.bits > kMaxActivationBits) {
    scope.refuse("has format " + format.text() + ", expected 1 to " + std::to_string(kMaxActivationBits) +
                 " bits");
  }
}

/// Codes from `low` to `high` of the layer's own format.
TensorType type_of_codes(const Scope& scope, Shape shape, int64_t low, int64_t high) {
  const Layer& layer = scope.layer;
  if (low > high || low < layer.format.min_code() || high > layer.format.max_code()) {
    scope.refuse("has codes from " + std::to_string(low) + " to " + std::to_string(high) +
                 ", expected a range inside " + layer.format.text() + ", which holds " +
                 std::to_string(layer.format.min_code()) + " to " + std::to_string(layer.format.max_code()));
  }
  if (static_cast<size_t>(layer.rounding) >= core::kRoundingNames.size())
    scope.refuse("has an unknown way to round: " + std::to_string(static_cast<int>(layer.rounding)));
  TensorType type = scope.finish(std::move(shape), layer.format.frac_bits(), std::max(high, -low));
  type.low = low;
  type.high = high;
  return type;
}

TensorType type_input(const Scope& scope) {
  expect_format(scope);
  if (scope.layer.shape.empty() || scope.layer.shape.size() > 3)
    scope.refuse("has shape " + shape_text(scope.layer.shape));
  return type_of_codes(scope, scope.layer.shape, scope.layer.low_code(), scope.layer.high_code());
}

TensorType type_dense(const Scope& scope) {
  const TensorType& in = scope.narrow_input();
  if (in.shape.size() != 1)
    scope.refuse("reads shape " + shape_text(in.shape) + ", expected one dimension; flatten first");
  if (scope.layer.kernel < 0) scope.refuse("has no kernel");
  const Parameter& kernel = scope.parameters[static_cast<size_t>(scope.layer.kernel)];
  int outputs = kernel.shape.empty() ? 0 : kernel.shape[0];
  scope.parameter(scope.layer.kernel, "kernel", {outputs, in.shape[0]}, true);
  return type_of_sums(scope, in, kernel, {outputs});
}

/// Refuses a window whose numbers are not positive or absurd, or whose padding is below `least_pads`.
void expect_sane_window(const Scope& scope, int least_bottom, int least_right) {
  const Window& w = scope.layer.window;
  bool positive =
      w.height > 0 && w.width > 0 && w.stride_y > 0 && w.stride_x > 0 && w.dilation_y > 0 && w.dilation_x > 0;
  bool sane =
      positive && std::max({w.height, w.width, w.stride_y, w.stride_x, w.dilation_y, w.dilation_x}) <= 4096 &&
      w.pad_top >= 0 && w.pad_left >= 0 && w.pad_bottom >= least_bottom && w.pad_right >= least_right &&
      std::max({w.pad_top, w.pad_left, w.pad_bottom, w.pad_right}) <= 4096;
  if (!sane) {
    scope.refuse("has a window, stride, dilation or padding outside 1 to 4096 (padding: 0 to 4096" +
                 std::string(scope.layer.kind == LayerKind::conv2d_transpose
                                 ? "; 1 - stride to 4096 below and on the right)"
                                 : ")"));
  }
}

/// Output height and width of a window over an image; every window must touch the image.
std::pair<int, int> window_output(const Scope& scope, const TensorType& in) {
  scope.expect_image(in);
  const Window& w = scope.layer.window;
  expect_sane_window(scope, 0, 0);
  int height = w.out_height(in.shape[0]), width = w.out_width(in.shape[1]);
  if (height < 1 || width < 1) scope.refuse("its window does not fit into " + shape_text(in.shape));
  auto touches = [](int out, int in_size, int size, int stride, int dilation, int pad) {
    for (int y = 0; y < out; ++y) {
      bool found = false;
      for (int i = 0; i < size && !found; ++i) {
        int row = y * stride - pad + i * dilation;
        found = row >= 0 && row < in_size;
      }
      if (!found) return false;
    }
    return true;
  };
  if (!touches(height, in.shape[0], w.height, w.stride_y, w.dilation_y, w.pad_top) ||
      !touches(width, in.shape[1], w.width, w.stride_x, w.dilation_x, w.pad_left)) {
    scope.refuse("has a window that lies wholly in the padding");
  }
  return {height, width};
}

TensorType type_conv2d(const Scope& scope) {
  const TensorType& in = scope.narrow_input();
  auto [height, width] = window_output(scope, in);
  if (scope.layer.kernel < 0) scope.refuse("has no kernel");
  const Parameter& kernel = scope.parameters[static_cast<size_t>(scope.layer.kernel)];
  int outputs = kernel.shape.empty() ? 0 : kernel.shape[0];
  int groups = scope.layer.groups, channels = in.shape[2];
  if (groups < 1 || channels % groups != 0 || outputs < 1 || outputs % groups != 0) {
    scope.refuse(std::to_string(groups) + " groups do not divide " + std::to_string(channels) +
                 " input and " + std::to_string(outputs) + " output channels");
  }
  const Window& w = scope.layer.window;
  scope.parameter(scope.layer.kernel, "kernel", {outputs, w.height, w.width, channels / groups}, true);
  return type_of_sums(scope, in, kernel, {height, width, outputs});
}

TensorType type_conv2d_transpose(const Scope& scope) {
  const TensorType& in = scope.narrow_input();
  scope.expect_image(in);
  const Window& w = scope.layer.window;
  expect_sane_window(scope, 1 - w.stride_y, 1 - w.stride_x);
  int height = w.transposed_height(in.shape[0]), width = w.transposed_width(in.shape[1]);
  if (height < 1 || width < 1) {
    scope.refuse("its padding leaves nothing of what it makes of " + shape_text(in.shape) +
                 ", or that is too large");
  }
  if (scope.layer.kernel < 0) scope.refuse("has no kernel");
  const Parameter& kernel = scope.parameters[static_cast<size_t>(scope.layer.kernel)];
  int outputs = kernel.shape.empty() ? 0 : kernel.shape[0];
  scope.parameter(scope.layer.kernel, "kernel", {outputs, w.height, w.width, in.shape[2]}, true);
  return type_of_sums(scope, in, kernel, {height, width, outputs});
}

TensorType type_sum_pool(const Scope& scope) {
  const TensorType& in = scope.narrow_input();
  auto [height, width] = window_output(scope, in);
  Wide positions = Wide{scope.layer.window.height} * scope.layer.window.width;
  TensorType type = scope.finish({height, width, in.shape[2]}, in.frac_bits, positions * magnitude(in));
  // A window partly in the padding sums fewer codes, so that zero is always inside.
  type.low = static_cast<int64_t>(std::min<Wide>(0, positions * in.low));
  type.high = static_cast<int64_t>(std::max<Wide>(0, positions * in.high));
  return type;
}

TensorType type_upsample(const Scope& scope) {
  const TensorType& in = *scope.inputs[0];
  scope.expect_image(in);
  expect_sane_window(scope, 0, 0);
  const Window& w = scope.layer.window;
  int64_t height = int64_t{in.shape[0]} * w.height, width = int64_t{in.shape[1]} * w.width;
  if (std::max(height, width) > kMaxElements / 2) scope.refuse("its output is too large");
  TensorType type =
      scope.finish({static_cast<int>(height), static_cast<int>(width), in.shape[2]}, in.frac_bits, in.bound);
  type.low = in.low;
  type.high = in.high;
  return type;
}

TensorType type_threshold(const Scope& scope) {
  const TensorType& in = *scope.inputs[0];
  const Layer& layer = scope.layer;
  expect_format(scope);
  if (layer.thresholds < 0) scope.refuse("has no thresholds");
  const Parameter& thresholds = scope.parameters[static_cast<size_t>(layer.thresholds)];
  const Shape& shape = thresholds.shape;
  bool fits =
      shape.size() == 2 && (shape[0] == 1 || shape[0] == in.shape.back()) && shape[1] <= kMaxThresholds;
  if (!fits) {
    scope.refuse("thresholds have shape " + shape_text(shape) + ", expected " +
                 std::to_string(in.shape.back()) + " or 1, times 1 to " + std::to_string(kMaxThresholds));
  }
  if (thresholds.format.frac_bits() != in.frac_bits) {
    scope.refuse("thresholds have " + std::to_string(thresholds.format.frac_bits()) +
                 " fraction bits, expected the input's " + std::to_string(in.frac_bits));
  }
  int64_t span = int64_t{layer.high} - layer.low;
  if (span < shape[1] || span % shape[1] != 0) {
    scope.refuse("has codes from " + std::to_string(layer.low) + " to " + std::to_string(layer.high) +
                 " for " + std::to_string(shape[1]) +
                 " thresholds, expected a whole step of at least 1 for each");
  }
  return type_of_codes(scope, in.shape, layer.low, layer.high);
}

TensorType type_pool(const Scope& scope) {
  bool averages = scope.layer.kind == LayerKind::average_pool;
  const TensorType& in = averages ? scope.narrow_input() : *scope.inputs[0];
  auto [height, width] = window_output(scope, in);
  TensorType type = in;
  type.shape = {height, width, in.shape[2]};
  // The sum of an average is held in 64 bits; only the codes themselves bound the tensor.
  return type;
}

TensorType type_global_average_pool(const Scope& scope) {
  TensorType type = scope.narrow_input();
  scope.expect_image(type);
  type.shape = {type.shape[2]};
  return type;
}

TensorType type_affine(const Scope& scope) {
  const TensorType& in = *scope.inputs[0];
  Shape channels = {in.shape.back()};
  const Parameter& scale = *scope.parameter(scope.layer.scale, "scale", channels, true);
  const Parameter* shift = scope.parameter(scope.layer.shift, "shift", channels, false);
  int product_frac_bits = in.frac_bits + scale.format.frac_bits();
  Alignment alignment =
      align(product_frac_bits, shift != nullptr ? shift->format.frac_bits() : product_frac_bits);
  Wide products = Wide{magnitude(in)} * scale.max_magnitude();
  if (products > kMaxBound) scope.refuse("its products may need more than 62 bits when bits flip");
  Wide bound = shifted(scope, products, alignment.first_shift);
  if (shift != nullptr) bound += shifted(scope, shift->max_magnitude(), alignment.second_shift);
  return scope.finish(in.shape, alignment.frac_bits, std::max<Wide>(bound, in.bound));
}

TensorType type_join(const Scope& scope) {
  bool adds = scope.layer.kind == LayerKind::add;
  int frac_bits = scope.inputs[0]->frac_bits;
  for (const TensorType* in : scope.inputs) frac_bits = std::max(frac_bits, in->frac_bits);
  Shape shape = scope.inputs[0]->shape;
  Wide bound = 0, low = 0, high = 0;
  int channels = 0;
  for (const TensorType* in : scope.inputs) {
    Shape expected = shape;
    if (!adds && in->shape.size() == expected.size()) expected.back() = in->shape.back();
    if (in->shape != expected) {
      scope.refuse("reads shapes " + shape_text(shape) + " and " + shape_text(in->shape) +
                   ", which do not go together");
    }
    channels += in->shape.back();
    int shift = frac_bits - in->frac_bits;
    Wide one = shifted(scope, magnitude(*in), shift);
    bound = adds ? bound + one : std::max(bound, one);
    if (one > kMaxBound) scope.refuse("its codes may need more than 62 bits when bits flip");
    Wide in_low = Wide{in->low} * (Wide{1} << shift), in_high = Wide{in->high} * (Wide{1} << shift);
    low = adds ? low + in_low : std::min(low, in_low);
    high = adds ? high + in_high : std::max(high, in_high);
  }
  if (!adds) shape.back() = channels;
  TensorType type = scope.finish(shape, frac_bits, bound);
  type.low = static_cast<int64_t>(low);
  type.high = static_cast<int64_t>(high);
  return type;
}

TensorType type_reshaped(const Scope& scope) {
  TensorType type = *scope.inputs[0];
  Shape shape =
      scope.layer.kind == LayerKind::flatten ? Shape{static_cast<int>(type.elements())} : scope.layer.shape;
  bool valid = !shape.empty() && shape.size() <= 3 && *std::min_element(shape.begin(), shape.end()) > 0;
  if (!valid || num_elements(shape) != type.elements()) {
    scope.refuse("cannot make " + shape_text(shape) + " of " + shape_text(type.shape));
  }
  type.shape = shape;
  return type;
}

void expect_slope(const Scope& scope, const TensorType& in) {
  const Layer& layer = scope.layer;
  bool is_reduced = layer.slope == 0 ? layer.slope_shift == 0 : layer.slope % 2 != 0;
  if (layer.slope < 0 || layer.slope >= kMaxSlope || layer.slope_shift < 0 ||
      layer.slope_shift > kMaxSlopeShift || !is_reduced) {
    scope.refuse("has slope " + std::to_string(layer.slope) + " x 2^-" + std::to_string(layer.slope_shift) +
                 ", expected an odd number below 2^24 x 2^-0 to 2^-40, or 0 x 2^-0");
  }
  Wide factor = std::max<Wide>(Wide{1} << layer.slope_shift, layer.slope);
  if (factor * magnitude(in) > kMaxBound)
    scope.refuse("its products may need more than 62 bits when bits flip; use a coarser slope");
}

TensorType type_activation(const Scope& scope) {
  const TensorType& in = *scope.inputs[0];
  const Layer& layer = scope.layer;
  expect_format(scope);
  if (static_cast<size_t>(layer.function) >= kActivationNames.size())
    scope.refuse("has an unknown function: " + std::to_string(static_cast<int>(layer.function)));
  bool needs_one =
      layer.function == ActivationFunction::hard_tanh || layer.function == ActivationFunction::hard_sigmoid;
  if (needs_one && (in.frac_bits < 0 || in.frac_bits > 40)) {
    scope.refuse("reads codes with " + std::to_string(in.frac_bits) + " fraction bits, expected 0 to 40");
  }
  if (layer.function == ActivationFunction::leaky_relu) expect_slope(scope, in);
  bool is_narrower =
      layer.low_code() != layer.format.min_code() || layer.high_code() != layer.format.max_code();
  if (layer.wraps && is_narrower) {
    scope.refuse("wraps, but only to codes from " + std::to_string(layer.low) + " to " +
                 std::to_string(layer.high) + "; what wraps has the whole range of " + layer.format.text());
  }
  return type_of_codes(scope, in.shape, layer.low_code(), layer.high_code());
}

TensorType type_softmax(const Scope& scope) {
  if (scope.inputs[0]->shape.size() != 1)
    scope.refuse("reads shape " + shape_text(scope.inputs[0]->shape) + ", expected scores");
  return *scope.inputs[0];
}

TensorType infer(const Scope& scope) {
  switch (scope.layer.kind) {
    case LayerKind::input:
      scope.expect_inputs(0, 0);
      return type_input(scope);
    case LayerKind::add:
    case LayerKind::concatenate:
      scope.expect_inputs(2, 1024);
      return type_join(scope);
    default:
      scope.expect_inputs(1, 1);
  }
  switch (scope.layer.kind) {
    case LayerKind::dense:
      return type_dense(scope);
    case LayerKind::conv2d:
      return type_conv2d(scope);
    case LayerKind::max_pool:
    case LayerKind::average_pool:
      return type_pool(scope);
    case LayerKind::global_average_pool:
      return type_global_average_pool(scope);
    case LayerKind::sum_pool:
      return type_sum_pool(scope);
    case LayerKind::conv2d_transpose:
      return type_conv2d_transpose(scope);
    case LayerKind::upsample:
      return type_upsample(scope);
    case LayerKind::threshold:
      return type_threshold(scope);
    case LayerKind::affine:
      return type_affine(scope);
    case LayerKind::flatten:
    case LayerKind::reshape:
      return type_reshaped(scope);
    case LayerKind::activation:
      return type_activation(scope);
    default:
      return type_softmax(scope);
  }
}

}  // namespace

Alignment align(int first_frac_bits, int second_frac_bits) {
  int frac_bits = std::max(first_frac_bits, second_frac_bits);
  return {frac_bits, frac_bits - first_frac_bits, frac_bits - second_frac_bits};
}

TensorType infer_type(const Layer& layer, std::vector<const TensorType*> inputs,
                      std::span<const Parameter> parameters) {
  return infer(Scope{layer, parameters, std::move(inputs)});
}

std::vector<TensorType> infer_types(std::span<const Layer> layers, std::span<const Parameter> parameters) {
  std::vector<TensorType> types;
  types.reserve(layers.size());  // scopes point into it
  for (const Layer& layer : layers) {
    Scope scope{layer, parameters, {}};
    for (int input : layer.inputs) scope.inputs.push_back(&types[static_cast<size_t>(input)]);
    types.push_back(infer(scope));
  }
  return types;
}

}  // namespace netsurf
