#include "engine/model/layer.h"

#include <algorithm>
#include <limits>

namespace netsurf {
namespace {

int out_size(int in, int pads, int size, int stride, int dilation) {
  int reach = dilation * (size - 1) + 1;
  int room = in + pads - reach;
  return room < 0 ? 0 : room / stride + 1;
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

void Window::pad_same(int in_height, int in_width) {
  int pads_y = same_pads(in_height, height, stride_y, dilation_y);
  int pads_x = same_pads(in_width, width, stride_x, dilation_x);
  pad_top = pads_y / 2;
  pad_bottom = pads_y - pad_top;
  pad_left = pads_x / 2;
  pad_right = pads_x - pad_left;
}

}  // namespace netsurf
