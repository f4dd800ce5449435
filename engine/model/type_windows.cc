#include "engine/model/type_rules.h"

#include <algorithm>

namespace netsurf {

void expect_sane_window(const TypeScope& scope, int least_bottom, int least_right) {
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

std::pair<int, int> window_output(const TypeScope& scope, const TensorType& in) {
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

TensorType type_pool(const TypeScope& scope) {
  bool averages = scope.layer.kind == LayerKind::average_pool;
  const TensorType& in = averages ? scope.narrow_input() : *scope.inputs[0];
  auto [height, width] = window_output(scope, in);
  TensorType type = in;
  type.shape = {height, width, in.shape[2]};
  // The sum of an average is held in 64 bits; only the codes themselves bound the tensor.
  return type;
}

TensorType type_sum_pool(const TypeScope& scope) {
  const TensorType& in = scope.narrow_input();
  auto [height, width] = window_output(scope, in);
  WideBound positions = WideBound{scope.layer.window.height} * scope.layer.window.width;
  TensorType type = scope.finish({height, width, in.shape[2]}, in.frac_bits, positions * magnitude(in));
  // A window partly in the padding sums fewer codes, so that zero is always inside.
  type.low = static_cast<int64_t>(std::min<WideBound>(0, positions * in.low));
  type.high = static_cast<int64_t>(std::max<WideBound>(0, positions * in.high));
  return type;
}

TensorType type_global_average_pool(const TypeScope& scope) {
  TensorType type = scope.narrow_input();
  scope.expect_image(type);
  type.shape = {type.shape[2]};
  return type;
}

TensorType type_upsample(const TypeScope& scope) {
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

}  // namespace netsurf
