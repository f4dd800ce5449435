// Pooling and resizing: operators on images without weights.
#include <cmath>

#include "models/qonnx/reader_sizes.h"
#include "models/qonnx/reader_step.h"
#include "models/qonnx/reader_window.h"

namespace netsurf::qonnx {
namespace {

View pool(const Step& step, foreign::Op op, bool counts_padding) {
  const View& x = step.view(0);
  size_t rank = x.layout.sizes().size();
  int channel_axis = step.op.is_channels_last() ? static_cast<int>(rank) - 1 : 1;
  View image = step.make.image(x, channel_axis, step.name());
  bool is_sequence = rank == 3;
  auto [height, width] = kernel_shape_of(step.op, is_sequence);
  foreign::Node node;
  node.op = op;
  node.window = window_of(step.op, height, width, image.shape, is_sequence);
  node.counts_padding = counts_padding;
  Shape shape = {node.window.out_height(image.shape[0]), node.window.out_width(image.shape[1]),
                 image.shape[2]};
  int index = step.make.add(std::move(node), step.name(), {image.node});
  return Maker::image_view(index, shape, sizes_of_image(shape, channel_axis, is_sequence), channel_axis);
}

View whole_average(const Step& step, const View& x, int channel_axis, bool keeps_axes) {
  View image = step.make.image(x, channel_axis, step.name());
  View result = step.make.then(image, foreign::Op::global_average_pool, step.name());
  result.shape = {image.shape[2]};
  result.layout = Layout::same(keeps_axes ? along(channel_axis, image.shape[2], x.layout.sizes().size())
                                          : Sizes{1, image.shape[2]});
  return result;
}

/// The input position that Resize reads for output position `to` of an axis that grows by a whole factor.
double source_of(const std::string& mode, int64_t to, int64_t factor, int64_t size) {
  auto position = static_cast<double>(to), times = static_cast<double>(factor);
  if (mode == "asymmetric") return position / times;
  if (mode == "align_corners") {
    auto last = static_cast<double>(size * factor - 1);
    return last > 0 ? position * static_cast<double>(size - 1) / last : 0;
  }
  if (mode == "pytorch_half_pixel" && size * factor <= 1) return 0;
  if (mode == "half_pixel" || mode == "pytorch_half_pixel") return (position + 0.5) / times - 0.5;
  throw Complaint("has coordinate_transformation_mode " + quote(mode) + ", which is not supported");
}

double nearest(const std::string& mode, double position) {
  if (mode == "floor") return std::floor(position);
  if (mode == "ceil") return std::ceil(position);
  if (mode == "round_prefer_floor") return std::ceil(position - 0.5);
  if (mode == "round_prefer_ceil") return std::floor(position + 0.5);
  throw Complaint("has nearest_mode " + quote(mode) + ", which is not supported");
}

void check_nearest(const Operator& op, int64_t factor, int64_t size) {
  if (factor == 1) return;
  std::string coordinates =
      op.text("coordinate_transformation_mode", op.version() < 11 ? "asymmetric" : "half_pixel");
  std::string rounding = op.text("nearest_mode", op.version() < 11 ? "floor" : "round_prefer_floor");
  for (int64_t to = 0; to < size * factor; ++to) {
    double from = std::fmin(std::fmax(nearest(rounding, source_of(coordinates, to, factor, size)), 0),
                            static_cast<double>(size - 1));
    if (static_cast<int64_t>(from) != to / factor) {
      throw Complaint("has coordinate_transformation_mode " + quote(coordinates) + " and nearest_mode " +
                      quote(rounding) + ", which do not repeat every pixel " + std::to_string(factor) +
                      " times; expected asymmetric and floor");
    }
  }
}

Sizes factors_of(const Step& step, const Sizes& sizes) {
  std::vector<double> scales;
  bool is_old = step.op.type() == "Upsample" || step.op.version() < 11;
  size_t at = is_old ? 1 : 2;
  if (step.op.has("scales")) {
    for (float scale : step.op.reals("scales")) scales.push_back(static_cast<double>(scale));
  } else if (step.is_given(at) && !step.constant(at, "scales").numbers.empty()) {
    scales = plain(step.constant(at, "scales")).numbers;
  } else {
    Sizes wanted = integers_of(step.constant(3, "sizes"), "sizes");
    for (size_t i = 0; i < wanted.size() && i < sizes.size(); ++i)
      scales.push_back(static_cast<double>(wanted[i]) / static_cast<double>(sizes[i]));
  }
  if (scales.size() != sizes.size())
    throw Complaint("has " + std::to_string(scales.size()) + " scales for " + std::to_string(sizes.size()) +
                    " dimensions");
  Sizes factors;
  for (double scale : scales) {
    constexpr double kMost = 1024;
    if (scale != std::floor(scale) || !(scale >= 1) || !(scale <= kMost))
      throw Complaint("has a scale of " + std::to_string(scale) + ", expected a whole factor of 1 to 1024");
    factors.push_back(static_cast<int64_t>(scale));
  }
  return factors;
}

}  // namespace

Value read_max_pool(const Step& step) {
  if (step.op.integer("storage_order", 0) != 0) throw Complaint("has storage_order 1, expected 0");
  return pool(step, foreign::Op::max_pool, false);
}

Value read_average_pool(const Step& step) {
  return pool(step, foreign::Op::average_pool, step.op.flag("count_include_pad", false));
}

Value read_global_average_pool(const Step& step) { return whole_average(step, step.view(0), 1, true); }

Value read_global_max_pool(const Step& step) {
  View image = step.make.image(step.view(0), 1, step.name());
  foreign::Node node;
  node.op = foreign::Op::max_pool;
  node.window.height = node.window.stride_y = image.shape[0];
  node.window.width = node.window.stride_x = image.shape[1];
  Shape shape = {1, 1, image.shape[2]};
  int index = step.make.add(std::move(node), step.name(), {image.node});
  size_t rank = step.view(0).layout.sizes().size();
  return Maker::image_view(index, shape, sizes_of_image(shape, 1, rank == 3), 1);
}

Value read_reduce_mean(const Step& step) {
  const View& x = step.view(0);
  size_t rank = x.layout.sizes().size();
  Sizes axes;
  if (const Tensor* given = step.optional_constant(1, "axes")) {
    axes = integers_of(*given, "axes");
  } else {
    axes = step.op.integers("axes", Sizes{});
  }
  int channel_axis = 1;
  int64_t left = 0;
  std::vector<bool> is_reduced(rank, false);
  for (int64_t axis : axes) is_reduced[static_cast<size_t>(axis_of(axis, rank))] = true;
  for (size_t axis = 1; axis < rank; ++axis) {
    if (is_reduced[axis]) continue;
    channel_axis = static_cast<int>(axis);
    ++left;
  }
  if (rank < 3 || left != 1 || is_reduced[0])
    throw Complaint("takes the mean over axes " + sizes_text(axes) +
                    ", expected height and width of an image");
  return whole_average(step, x, channel_axis, step.op.flag("keepdims", true));
}

Value read_resize(const Step& step) {
  const View& x = step.view(0);
  Sizes sizes = x.layout.sizes();
  std::string mode = step.op.text("mode", "nearest");
  if (mode != "nearest") throw Complaint("has mode " + quote(mode) + ", expected nearest");
  if (step.op.has("axes") || step.op.text("keep_aspect_ratio_policy", "stretch") != "stretch")
    throw Complaint("has axes or keep_aspect_ratio_policy, which are not supported");
  if (sizes.size() != 4 && sizes.size() != 3)
    throw Complaint("resizes a tensor of sizes " + sizes_text(sizes));
  Sizes factors = factors_of(step, sizes);
  bool is_last = factors.back() == 1 && factors[1] != 1;
  // Where nothing grows along either axis that may hold channels, the layout of the image tells.
  if (factors.back() == 1 && factors[1] == 1 && x.shape.size() == 3)
    is_last = x.layout.is_stored(sizes.size() == 4 ? std::vector<int>{1, 2, 3} : std::vector<int>{1, 2});
  int channel_axis = is_last ? static_cast<int>(sizes.size()) - 1 : 1;
  if (factors[0] != 1 || factors[static_cast<size_t>(channel_axis)] != 1)
    throw Complaint("grows the batch or the channels by " + sizes_text(factors) +
                    ", expected height and width only");
  View image = step.make.image(x, channel_axis, step.name());
  std::vector<int64_t> grown;
  for (size_t axis = 1; axis < sizes.size(); ++axis) {
    if (static_cast<int>(axis) == channel_axis) continue;
    if (sizes[axis] * factors[axis] > kMaxElements >> 8)
      throw Complaint("grows to a side of more than a million");
    if (step.op.type() != "Upsample") check_nearest(step.op, factors[axis], sizes[axis]);
    grown.push_back(factors[axis]);
  }
  foreign::Node node;
  node.op = foreign::Op::upsample;
  node.window.height = grown.size() == 1 ? 1 : static_cast<int>(grown[0]);
  node.window.width = static_cast<int>(grown.back());
  Shape shape = {image.shape[0] * node.window.height, image.shape[1] * node.window.width, image.shape[2]};
  int index = step.make.add(std::move(node), step.name(), {image.node});
  return Maker::image_view(index, shape, sizes_of_image(shape, channel_axis, sizes.size() == 3),
                           channel_axis);
}

}  // namespace netsurf::qonnx
