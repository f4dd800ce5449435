#include "models/qonnx/reader_window.h"

#include <algorithm>
#include <tuple>

namespace netsurf::qonnx {
namespace {

constexpr int64_t kLargest = 1 << 20;  // kernel, stride, dilation, padding

struct Axis {
  int64_t kernel = 1, stride = 1, dilation = 1, begin = 0, end = 0, output_padding = 0;
};

/// One number for each spatial axis, as {y, x}.
std::pair<int64_t, int64_t> pair_of(const Operator& op, std::string_view attribute, bool is_sequence,
                                    int64_t fallback, int64_t low) {
  Sizes given = op.integers(attribute, Sizes(is_sequence ? 1 : 2, fallback));
  if (given.size() != (is_sequence ? 1U : 2U))
    throw Complaint("has " + std::string(attribute) + " " + sizes_text(given) + ", expected " +
                    (is_sequence ? "one number" : "two numbers"));
  for (int64_t value : given) {
    if (value < low || value > kLargest)
      throw Complaint("has " + std::string(attribute) + " " + sizes_text(given) + ", expected " +
                      std::to_string(low) + " to " + std::to_string(kLargest));
  }
  return is_sequence ? std::pair(fallback, given[0]) : std::pair(given[0], given[1]);
}

void read_axes(const Operator& op, bool is_sequence, Axis& y, Axis& x) {
  std::tie(y.stride, x.stride) = pair_of(op, "strides", is_sequence, 1, 1);
  std::tie(y.dilation, x.dilation) = pair_of(op, "dilations", is_sequence, 1, 1);
  Sizes pads = op.integers("pads", Sizes(is_sequence ? 2 : 4, 0));
  if (pads.size() != (is_sequence ? 2U : 4U)) throw Complaint("has pads " + sizes_text(pads));
  for (int64_t pad : pads) {
    if (pad < 0 || pad > kLargest) throw Complaint("has pads " + sizes_text(pads) + ", expected 0 or more");
  }
  x.begin = pads[is_sequence ? 0 : 1];
  x.end = pads[is_sequence ? 1 : 3];
  if (is_sequence) return;
  y.begin = pads[0];
  y.end = pads[2];
}

Window window_from(const Axis& y, const Axis& x) {
  Window window;
  window.height = static_cast<int>(y.kernel);
  window.width = static_cast<int>(x.kernel);
  window.stride_y = static_cast<int>(y.stride);
  window.stride_x = static_cast<int>(x.stride);
  window.dilation_y = static_cast<int>(y.dilation);
  window.dilation_x = static_cast<int>(x.dilation);
  window.pad_top = static_cast<int>(y.begin);
  window.pad_left = static_cast<int>(x.begin);
  window.pad_bottom = static_cast<int>(y.end);
  window.pad_right = static_cast<int>(x.end);
  return window;
}

int64_t reach(const Axis& axis) { return axis.dilation * (axis.kernel - 1) + 1; }

/// Pads so that the output has ceil(size / stride) positions; the odd one goes first for SAME_LOWER.
void pad_same(Axis& axis, int64_t size, bool is_lower) {
  int64_t outputs = (size + axis.stride - 1) / axis.stride;
  int64_t total = std::max<int64_t>((outputs - 1) * axis.stride + reach(axis) - size, 0);
  axis.begin = (total + (is_lower ? 1 : 0)) / 2;
  axis.end = total - axis.begin;
}

/// With ceil_mode a last window may reach past the end; one that begins there is dropped.
void pad_for_ceil(Axis& axis, int64_t size, bool counts_padding) {
  int64_t room = size + axis.begin + axis.end - reach(axis);
  if (room < 0 || room % axis.stride == 0) return;
  int64_t outputs = room / axis.stride + 2;
  if ((outputs - 1) * axis.stride >= size + axis.begin) return;
  if (counts_padding) throw Complaint("has ceil_mode 1 and count_include_pad 1, which is not supported");
  axis.end += axis.stride - room % axis.stride;
}

}  // namespace

void check_kernel_shape(const Operator& op, int height, int width, bool is_sequence) {
  if (!op.has("kernel_shape")) return;
  auto [y, x] = kernel_shape_of(op, is_sequence);
  if (y != height || x != width) {
    throw Complaint("has kernel_shape " + sizes_text(op.integers("kernel_shape")) + " and weights of " +
                    std::to_string(height) + " by " + std::to_string(width));
  }
}

std::pair<int, int> kernel_shape_of(const Operator& op, bool is_sequence) {
  op.integers("kernel_shape");
  auto [y, x] = pair_of(op, "kernel_shape", is_sequence, 1, 1);
  return {static_cast<int>(y), static_cast<int>(x)};
}

Window window_of(const Operator& op, int height, int width, const Shape& image, bool is_sequence) {
  Axis y, x;
  y.kernel = height;
  x.kernel = width;
  read_axes(op, is_sequence, y, x);
  std::string padding = op.text("auto_pad", "NOTSET");
  if (padding == "SAME_UPPER" || padding == "SAME_LOWER") {
    pad_same(y, image[0], padding == "SAME_LOWER");
    pad_same(x, image[1], padding == "SAME_LOWER");
  } else if (padding == "VALID") {
    y.begin = y.end = x.begin = x.end = 0;
  } else if (padding != "NOTSET") {
    throw Complaint("has auto_pad " + quote(padding) + ", expected NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  }
  if (op.flag("ceil_mode", false)) {
    bool counts_padding = op.flag("count_include_pad", false);
    pad_for_ceil(y, image[0], counts_padding);
    pad_for_ceil(x, image[1], counts_padding);
  }
  if (image[0] + y.begin + y.end < reach(y) || image[1] + x.begin + x.end < reach(x)) {
    throw Complaint("has a window of " + std::to_string(height) + " by " + std::to_string(width) +
                    " that does not fit an image of " + std::to_string(image[0]) + " by " +
                    std::to_string(image[1]));
  }
  return window_from(y, x);
}

Window transposed_window_of(const Operator& op, int height, int width, const Shape& image, bool is_sequence,
                            Shape& out) {
  Axis y, x;
  y.kernel = height;
  x.kernel = width;
  read_axes(op, is_sequence, y, x);
  std::tie(y.output_padding, x.output_padding) = pair_of(op, "output_padding", is_sequence, 0, 0);
  std::string padding = op.text("auto_pad", "NOTSET");
  if ((padding != "NOTSET" && padding != "VALID") || op.has("output_shape"))
    throw Complaint(
        "has auto_pad or output_shape, expected explicit pads; run shape inference and write them out");
  int rank = 0;
  for (Axis* axis : {&y, &x}) {
    if (padding == "VALID") axis->begin = axis->end = 0;
    if (axis->output_padding >= axis->stride && axis->output_padding > 0)
      throw Complaint("has output_padding of at least its stride");
    axis->end -= axis->output_padding;
    auto at = static_cast<size_t>(rank++);
    int64_t size = (image[at] - 1) * axis->stride + reach(*axis) - axis->begin - axis->end;
    if (size < 1 || size > kMaxElements) throw Complaint("puts out an image of size " + std::to_string(size));
    out[at] = static_cast<int>(size);
  }
  return window_from(y, x);
}

Sizes sizes_of_image(const Shape& shape, int channel_axis, bool is_sequence) {
  Sizes sizes = {1, shape[0], shape[1]};
  if (is_sequence) sizes = {1, shape[1]};
  sizes.insert(sizes.begin() + channel_axis, shape[2]);
  if (count_of(sizes) < 1)
    throw Complaint("puts out a tensor of sizes " + sizes_text(sizes) + ", which is too large");
  return sizes;
}

}  // namespace netsurf::qonnx
