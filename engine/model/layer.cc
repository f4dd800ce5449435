#include "engine/model/layer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/error.h"

namespace netsurf {
namespace {

int out_size(int in, int pads, int size, int stride, int dilation) {
  int64_t reach = int64_t{dilation} * (size - 1) + 1;
  int64_t room = int64_t{in} + pads - reach;
  return room < 0 ? 0 : static_cast<int>(room / stride + 1);
}

int transposed_size(int in, int pads, int size, int stride, int dilation) {
  int64_t out = (int64_t{in} - 1) * stride + int64_t{dilation} * (size - 1) + 1 - pads;
  return out < 1 || out > std::numeric_limits<int>::max() ? 0 : static_cast<int>(out);
}

int same_pads(int in, int size, int stride, int dilation) {
  int out = (in + stride - 1) / stride;
  return std::max((out - 1) * stride + dilation * (size - 1) + 1 - in, 0);
}

}  // namespace

int64_t num_elements(const Shape& shape) {
  int64_t count = 1;
  for (int size : shape) {
    if (size < 1) return 0;
    if (count > std::numeric_limits<int64_t>::max() / size) return std::numeric_limits<int64_t>::max();
    count *= size;
  }
  return count;
}

std::string shape_text(const Shape& shape) {
  std::string text;
  for (int size : shape) text += (text.empty() ? "" : "x") + std::to_string(size);
  return text.empty() ? "scalar" : text;
}

int Window::out_height(int in_height) const {
  return out_size(in_height, pad_top + pad_bottom, height, stride_y, dilation_y);
}
int Window::out_width(int in_width) const {
  return out_size(in_width, pad_left + pad_right, width, stride_x, dilation_x);
}

int Window::transposed_height(int in_height) const {
  return transposed_size(in_height, pad_top + pad_bottom, height, stride_y, dilation_y);
}
int Window::transposed_width(int in_width) const {
  return transposed_size(in_width, pad_left + pad_right, width, stride_x, dilation_x);
}

void Window::pad_same(int in_height, int in_width) {
  int pads_y = same_pads(in_height, height, stride_y, dilation_y);
  int pads_x = same_pads(in_width, width, stride_x, dilation_x);
  pad_top = pads_y / 2;
  pad_bottom = pads_y - pad_top;
  pad_left = pads_x / 2;
  pad_right = pads_x - pad_left;
}

int64_t Parameter::max_magnitude() const {
  if (bipolar) return 1;
  if (constant) {
    int64_t largest = 0;
    for (int32_t code : codes) largest = std::max(largest, std::abs(int64_t{code} - zero_point));
    return largest;
  }
  return std::max(std::abs(format.min_code() - zero_point), std::abs(format.max_code() - zero_point));
}

int32_t quantize(float value, const Layer& input) {
  if (std::isnan(value))
    throw InputError("a value that is not a number cannot be quantized to " + input.format.text());
  float in_units = value / input.unit;
  double code = rounded(std::ldexp(static_cast<double>(in_units), input.format.frac_bits()), input.rounding);
  return static_cast<int32_t>(
      std::clamp(code, static_cast<double>(input.low_code()), static_cast<double>(input.high_code())));
}

}  // namespace netsurf
