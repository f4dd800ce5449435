// Operators with weights: dense layers, convolutions, batch norms.
#include <algorithm>
#include <cmath>

#include "models/qonnx/reader_step.h"
#include "models/qonnx/reader_window.h"

namespace netsurf::qonnx {
namespace {

Sizes without_ones(const Sizes& sizes, size_t rank) {
  Sizes result = sizes;
  while (result.size() > rank && result.front() == 1) result.erase(result.begin());
  return result;
}

void take(const Step& step, const Tensor& tensor) {
  if (!step.make.budget().take(2 * tensor.numbers.size()))
    throw Complaint("makes the constants of the file too large");
}

/// A dense layer. `out_axis` is the axis of the two-dimensional `weights` that counts outputs; features
/// become outputs along axis `place` of the tensor.
View dense(const Step& step, const View& x, const Tensor& weights, size_t out_axis, size_t place) {
  Sizes sizes = x.layout.sizes();
  Sizes matrix = without_ones(weights.sizes, 2);
  if (matrix.size() != 2)
    throw Complaint("has weights of sizes " + sizes_text(weights.sizes) + ", expected a matrix");
  int64_t outputs = matrix[out_axis], features = matrix[1 - out_axis];
  if (sizes[place] != features || num_elements(x.shape) != features) {
    throw Complaint("multiplies a tensor of sizes " + sizes_text(sizes) + " by a matrix for " +
                    std::to_string(features) + " features; only one row of features is supported");
  }
  take(step, weights);
  View flat = step.make.flat(x, step.name());
  // The engine's order of features may differ from the file's after an image was flattened.
  std::vector<int64_t> columns = step.make.channels(flat, sizes, step.name()), index;
  int64_t row = out_axis == 0 ? features : 1, column = out_axis == 0 ? 1 : outputs;
  for (int64_t o = 0; o < outputs; ++o) {
    for (int64_t each : columns) index.push_back(o * row + each * column);
  }
  foreign::Node node;
  node.op = foreign::Op::dense;
  node.constant = gather(weights, index, {static_cast<int>(outputs), static_cast<int>(features)});
  View result;
  result.node = step.make.add(std::move(node), step.name(), {flat.node});
  result.shape = {static_cast<int>(outputs)};
  sizes[place] = outputs;
  result.layout = Layout::same(std::move(sizes));
  return result;
}

View with_bias(const Step& step, View x, Tensor bias, int channel_axis) {
  if (bias.sizes.size() == 1) {
    Sizes aligned = along(channel_axis, bias.sizes[0], x.layout.sizes().size());
    if (bias.grid.has_value()) {
      int64_t scales = static_cast<int64_t>(bias.grid->scale.size());
      bias.grid->sizes = along(channel_axis, scales, x.layout.sizes().size());
    }
    bias.sizes = std::move(aligned);
  }
  return step.make.affine(std::move(x), foreign::Op::add_constant, bias, step.name() + "/bias", true);
}

/// The kernel [out, in/groups, kh, kw], or [out, kh, kw, in/groups] for channels last, as [out, kh, kw,
/// in/groups]; a sequence's kernel is one row high.
foreign::Constant kernel_of(const Step& step, const Tensor& weights, const std::vector<int>& permutation) {
  take(step, weights);
  Tensor moved = transposed(weights, permutation, step.make.budget());
  std::vector<int64_t> all(moved.numbers.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
  Shape shape;
  for (int64_t size : moved.sizes) shape.push_back(static_cast<int>(size));
  if (shape.size() == 3) shape.insert(shape.begin() + 1, 1);
  return gather(moved, all, shape);
}

int channel_axis_of(const Step& step, const View& x) {
  return step.op.is_channels_last() ? static_cast<int>(x.layout.sizes().size()) - 1 : 1;
}

void check_rank(const View& x, const Tensor& weights) {
  if (weights.sizes.size() == x.layout.sizes().size() && !weights.numbers.empty()) return;
  throw Complaint("has weights of sizes " + sizes_text(weights.sizes) + " for a tensor of sizes " +
                  sizes_text(x.layout.sizes()) + ", expected as many dimensions");
}

}  // namespace

Value read_matmul(const Step& step) {
  if (step.is_constant(0)) {
    const View& x = step.view(1);
    const Sizes& sizes = x.layout.sizes();
    // W x for a column vector x.
    if (sizes.size() < 2 || sizes.back() != 1)
      throw Complaint("multiplies a constant by a tensor of sizes " + sizes_text(sizes) +
                      ", expected a column");
    return dense(step, x, step.weights(0, "matrix"), 0, sizes.size() - 2);
  }
  const View& x = step.view(0);
  if (x.layout.sizes().empty()) throw Complaint("multiplies a single number");
  return dense(step, x, step.weights(1, "second factor"), 1, x.layout.sizes().size() - 1);
}

Value read_gemm(const Step& step) {
  View x = step.view(0);
  if (x.layout.sizes().size() != 2)
    throw Complaint("reads a tensor of sizes " + sizes_text(x.layout.sizes()) + ", expected two");
  if (step.op.flag("transA", false) && !x.layout.transpose({1, 0}))
    throw Complaint("transposes its input after a reshape that mixed axes");
  if (x.layout.sizes()[0] != 1)
    throw Complaint("multiplies several rows " + sizes_text(x.layout.sizes()) + ", expected one");
  float alpha = step.op.real("alpha", 1.0F), beta = step.op.real("beta", 1.0F);
  size_t out_axis = step.op.flag("transB", false) ? 0 : 1;
  View result = dense(step, x, step.weights(1, "matrix B"), out_axis, 1);
  if (alpha != 1) {
    Tensor factor;
    factor.numbers = {static_cast<double>(alpha)};
    result = step.make.affine(result, foreign::Op::multiply_constant, factor, step.name() + "/alpha", false);
  }
  if (!step.is_given(2) || beta == 0) return result;
  Tensor bias = step.weights(2, "bias");
  if (beta != 1) {
    bias = plain(bias);
    for (double& value : bias.numbers) value = static_cast<double>(static_cast<float>(value) * beta);
  }
  return with_bias(step, result, std::move(bias), 1);
}

Value read_conv(const Step& step) {
  const View& x = step.view(0);
  Tensor weights = step.weights(1, "kernel");
  check_rank(x, weights);
  int channel_axis = channel_axis_of(step, x);
  View image = step.make.image(x, channel_axis, step.name());
  std::vector<int> permutation =
      weights.sizes.size() == 4 ? std::vector<int>{0, 2, 3, 1} : std::vector<int>{0, 2, 1};
  if (step.op.is_channels_last()) std::sort(permutation.begin(), permutation.end());
  foreign::Node node;
  node.op = foreign::Op::conv2d;
  node.constant = kernel_of(step, weights, permutation);
  const Shape& kernel = node.constant->shape;
  int64_t groups = step.op.integer("group", 1);
  if (groups < 1 || groups > image.shape[2] || image.shape[2] % groups != 0 || kernel[0] % groups != 0 ||
      kernel[3] != image.shape[2] / groups) {
    throw Complaint("has group " + std::to_string(groups) + " and weights of sizes " +
                    sizes_text(weights.sizes) + " for " + std::to_string(image.shape[2]) +
                    " channels, which do not fit");
  }
  node.groups = static_cast<int>(groups);
  bool is_sequence = weights.sizes.size() == 3;
  check_kernel_shape(step.op, kernel[1], kernel[2], is_sequence);
  node.window = window_of(step.op, kernel[1], kernel[2], image.shape, is_sequence);
  Shape shape = {node.window.out_height(image.shape[0]), node.window.out_width(image.shape[1]), kernel[0]};
  int index = step.make.add(std::move(node), step.name(), {image.node});
  View result =
      Maker::image_view(index, shape, sizes_of_image(shape, channel_axis, is_sequence), channel_axis);
  if (!step.is_given(2)) return result;
  return with_bias(step, result, step.weights(2, "bias"), channel_axis);
}

Value read_conv_transpose(const Step& step) {
  const View& x = step.view(0);
  Tensor weights = step.weights(1, "kernel");
  check_rank(x, weights);
  if (step.op.integer("group", 1) != 1)
    throw Complaint("has group " + std::to_string(step.op.integer("group", 1)) + ", expected 1");
  View image = step.make.image(x, 1, step.name());
  bool is_sequence = weights.sizes.size() == 3;
  foreign::Node node;
  node.op = foreign::Op::conv2d_transpose;
  // The file has [in, out, kh, kw].
  node.constant =
      kernel_of(step, weights, is_sequence ? std::vector<int>{1, 2, 0} : std::vector<int>{1, 2, 3, 0});
  const Shape& kernel = node.constant->shape;
  if (kernel[3] != image.shape[2]) {
    throw Complaint("has weights of sizes " + sizes_text(weights.sizes) + " for " +
                    std::to_string(image.shape[2]) + " channels");
  }
  check_kernel_shape(step.op, kernel[1], kernel[2], is_sequence);
  Shape shape = {0, 0, kernel[0]};
  node.window = transposed_window_of(step.op, kernel[1], kernel[2], image.shape, is_sequence, shape);
  int index = step.make.add(std::move(node), step.name(), {image.node});
  View result = Maker::image_view(index, shape, sizes_of_image(shape, 1, is_sequence), 1);
  if (!step.is_given(2)) return result;
  return with_bias(step, result, step.weights(2, "bias"), 1);
}

Value read_batch_normalization(const Step& step) {
  View x = step.view(0);
  if (step.op.flag("training_mode", false)) throw Complaint("has training_mode 1, expected 0");
  if (step.op.has("spatial") && !step.op.flag("spatial")) throw Complaint("has spatial 0, expected 1");
  size_t rank = x.layout.sizes().size();
  if (rank < 2)
    throw Complaint("reads a tensor of sizes " + sizes_text(x.layout.sizes()) + ", expected channels");
  int axis = channel_axis_of(step, x);
  auto parameter = [&](size_t i, const char* what) {
    Tensor tensor = plain(step.constant(i, what));
    if (tensor.sizes.size() != 1)
      throw Complaint(std::string("has a ") + what + " of sizes " + sizes_text(tensor.sizes));
    tensor.sizes = along(axis, tensor.sizes[0], rank);
    return tensor;
  };
  Tensor scale = parameter(1, "scale"), shift = parameter(2, "bias"), mean = parameter(3, "mean"),
         deviation = parameter(4, "variance");
  float epsilon = step.op.real("epsilon", 1e-5F);
  for (double& value : mean.numbers) value = -value;
  for (double& value : deviation.numbers)
    value = static_cast<double>(std::sqrt(static_cast<float>(value) + epsilon));
  for (double value : deviation.numbers) {
    if (!(value > 0)) throw Complaint("has a variance and an epsilon that leave nothing to divide by");
  }
  const std::string& name = step.name();
  x = step.make.affine(x, foreign::Op::add_constant, mean, name + "/mean", true);
  x = step.make.affine(x, foreign::Op::multiply_constant, scale, name + "/scale", true);
  x = step.make.affine(x, foreign::Op::divide_constant, deviation, name + "/deviation", true);
  x = step.make.affine(x, foreign::Op::add_constant, shift, name, true);
  step.make.assume(
      "batch norms compute scale (x - mean) / sqrt(variance + epsilon) + bias in float32 and in this order, "
      "as ONNX's "
      "reference does; some runtimes multiply by scale / sqrt(variance + epsilon)");
  return x;
}

}  // namespace netsurf::qonnx
