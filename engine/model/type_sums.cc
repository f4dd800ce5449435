#include "engine/model/type_rules.h"

#include <algorithm>

namespace netsurf {
namespace {

/// Output of dense and convolutions: products at the input's plus the kernel's fraction bits, then the bias.
TensorType type_of_sums(const TypeScope& scope, const TensorType& in, const Parameter& kernel, Shape shape) {
  const Parameter* bias = scope.parameter(scope.layer.bias, "bias", {shape.back()}, false);
  int product_frac_bits = in.frac_bits + kernel.format.frac_bits();
  Alignment alignment =
      align(product_frac_bits, bias != nullptr ? bias->format.frac_bits() : product_frac_bits);
  // Pruned weights count too: hardware that stores the zeros can have them flipped.
  WideBound weights_per_channel = num_elements(kernel.shape) / kernel.shape[0];
  WideBound products = weights_per_channel * kernel.max_magnitude() * magnitude(in);
  if (products > kMaxBound) scope.refuse("its sums may need more than 62 bits when bits flip");
  WideBound bound = scope.shifted(products, alignment.first_shift);
  if (bias != nullptr) bound += scope.shifted(bias->max_magnitude(), alignment.second_shift);
  return scope.finish(std::move(shape), alignment.frac_bits, bound);
}

}  // namespace

TensorType type_dense(const TypeScope& scope) {
  const TensorType& in = scope.narrow_input();
  if (in.shape.size() != 1)
    scope.refuse("reads shape " + shape_text(in.shape) + ", expected one dimension; flatten first");
  if (scope.layer.kernel < 0) scope.refuse("has no kernel");
  const Parameter& kernel = scope.parameters[static_cast<size_t>(scope.layer.kernel)];
  int outputs = kernel.shape.empty() ? 0 : kernel.shape[0];
  scope.parameter(scope.layer.kernel, "kernel", {outputs, in.shape[0]}, true);
  return type_of_sums(scope, in, kernel, {outputs});
}

TensorType type_conv2d(const TypeScope& scope) {
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

TensorType type_conv2d_transpose(const TypeScope& scope) {
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

TensorType type_affine(const TypeScope& scope) {
  const TensorType& in = *scope.inputs[0];
  Shape channels = {in.shape.back()};
  const Parameter& scale = *scope.parameter(scope.layer.scale, "scale", channels, true);
  const Parameter* shift = scope.parameter(scope.layer.shift, "shift", channels, false);
  int product_frac_bits = in.frac_bits + scale.format.frac_bits();
  Alignment alignment =
      align(product_frac_bits, shift != nullptr ? shift->format.frac_bits() : product_frac_bits);
  WideBound products = WideBound{magnitude(in)} * scale.max_magnitude();
  if (products > kMaxBound) scope.refuse("its products may need more than 62 bits when bits flip");
  WideBound bound = scope.shifted(products, alignment.first_shift);
  if (shift != nullptr) bound += scope.shifted(shift->max_magnitude(), alignment.second_shift);
  return scope.finish(in.shape, alignment.frac_bits, std::max<WideBound>(bound, in.bound));
}

}  // namespace netsurf
