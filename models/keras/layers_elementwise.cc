// Activations, batch norms, and layers that join tensors.
#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "models/keras/activations.h"
#include "models/keras/layers.h"
#include "models/keras/sums.h"

namespace netsurf::keras {
namespace {

using foreign::Op;

Tensor build_activation(LayerCall& call, Dialect dialect) {
  const Tensor& in = call.input();
  if (call.config.find("activation") == nullptr) call.fail("activation", "is missing");
  Tensor out = apply_activation(call, in, "activation", dialect);
  return out.node == in.node ? call.append(in, node_of(Op::identity), "identity") : out;
}

Tensor relu(LayerCall& call) {
  const Tensor& in = call.input();
  double slope = call.config.number("negative_slope", 0), threshold = call.config.number("threshold", 0);
  if (threshold != 0) call.fail("threshold", "is not 0, which NetSurf does not take");
  bool bounded = call.config.find("max_value") != nullptr;
  if (slope < 0 || (slope > 0 && bounded)) {
    call.fail("negative_slope", "is " + std::to_string(slope) +
                                    (bounded ? " together with a max_value" : "") +
                                    ", which NetSurf does not take");
  }
  foreign::Node node = node_of(slope > 0 ? Op::leaky_relu : bounded ? Op::clip : Op::relu);
  node.alpha = slope;
  if (bounded) node.maximum = call.config.number("max_value");
  if (bounded && !(node.maximum > 0)) call.fail("max_value", "is not above 0");
  return call.append(in, std::move(node), "relu");
}

Tensor leaky_relu(LayerCall& call) {
  const Tensor& in = call.input();
  foreign::Node node = node_of(Op::leaky_relu);
  // Keras 3 calls it negative_slope.
  node.alpha = call.config.number("negative_slope", call.config.number("alpha", 0.3));
  if (node.alpha < 0) call.fail("alpha", "is below 0");
  return call.append(in, std::move(node), "leaky_relu");
}

Tensor softmax(LayerCall& call) {
  const Tensor& in = call.input();
  int rank = static_cast<int>(in.sizes.size()), axis = call.config.integer("axis", -8, 8, -1);
  if (axis != -1 && axis != rank) call.fail("axis", "is " + std::to_string(axis) + ", expected the last one");
  return call.append(in, node_of(Op::softmax), "softmax");
}

foreign::Node constant_node(const LayerCall& call, Op op, std::vector<float> values,
                            const std::string& part) {
  foreign::Node node = node_of(op);
  node.is_learned = true;
  node.constant.emplace();
  node.constant->shape = {static_cast<int>(values.size())};
  node.constant->values = std::move(values);
  node.constant->name = call.name() + "/" + part;
  return node;
}

void check_last_axis(const LayerCall& call, const Tensor& tensor) {
  int rank = static_cast<int>(tensor.sizes.size());
  int axis = call.config.numbers("axis", 1, -8, 8, -1)[0];
  if (axis != -1 && axis != rank) call.fail("axis", "is " + std::to_string(axis) + ", expected the last one");
}

/// TensorFlow's two orders in float32: its fused kernel, which Keras 2 uses on images, computes
/// (x - mean) factor + beta; otherwise it is x factor + (beta - mean factor).
Tensor batch_norm(LayerCall& call) {
  const Tensor& in = call.input();
  check_last_axis(call, in);
  int channels = in.sizes.back(), number = 0;
  size_t count = static_cast<size_t>(channels);
  float epsilon = static_cast<float>(call.config.number("epsilon", 0.001));
  std::vector<float> factor(count, 1.0f), shift(count, 0.0f);
  if (call.config.flag("scale", true)) factor = call.weight("gamma", number++, {channels}).values;
  if (call.config.flag("center", true)) shift = call.weight("beta", number++, {channels}).values;
  std::vector<float> mean = call.weight("moving_mean", number++, {channels}).values;
  const StoredTensor& variance = call.weight("moving_variance", number, {channels});
  for (size_t c = 0; c < count; ++c) {
    float shifted = variance.values[c] + epsilon;
    if (!(shifted > 0)) call.fail("moving_variance", "plus epsilon is not above 0");
    factor[c] *= reciprocal_root(shifted);
  }
  bool fused = in.sizes.size() == 3 && call.builder.keras_major() < 3;
  Tensor out = in;
  if (fused) {
    for (float& value : mean) value = -value;
    out = call.append(out, constant_node(call, Op::add_constant, std::move(mean), "mean"), "mean");
    out = call.append(out, constant_node(call, Op::multiply_constant, std::move(factor), "scale"), "scale");
  } else {
    for (size_t c = 0; c < count; ++c) shift[c] -= mean[c] * factor[c];
    out = call.append(out, constant_node(call, Op::multiply_constant, std::move(factor), "scale"), "scale");
  }
  return call.append(out, constant_node(call, Op::add_constant, std::move(shift), "shift"), "shift");
}

Tensor add(LayerCall& call) {
  const std::vector<Tensor>& inputs = call.inputs();
  for (const Tensor& tensor : inputs) {
    if (tensor.sizes != inputs[0].sizes) {
      throw FormatError(call.where() + ": reads tensors of different shapes, which NetSurf does not add");
    }
  }
  return call.append(inputs, node_of(Op::add), "add", inputs[0].sizes);
}

Tensor concatenate(LayerCall& call) {
  const std::vector<Tensor>& inputs = call.inputs();
  check_last_axis(call, inputs[0]);
  std::vector<int> sizes = inputs[0].sizes;
  int64_t channels = 0;
  for (const Tensor& tensor : inputs) {
    if (tensor.sizes.size() != sizes.size() ||
        !std::equal(sizes.begin(), sizes.end() - 1, tensor.sizes.begin(), tensor.sizes.end() - 1)) {
      throw FormatError(call.where() + ": reads tensors of different shapes, which cannot be concatenated");
    }
    channels += tensor.sizes.back();
  }
  constexpr int64_t kMostChannels = 1 << 28;
  sizes.back() = static_cast<int>(std::min(channels, kMostChannels + 1));
  return call.append(inputs, node_of(Op::concatenate), "concatenate", sizes);
}

constexpr LayerRow kRows[] = {
    {"Activation", [](LayerCall& call) { return build_activation(call, Dialect::keras); }},
    {"QActivation", [](LayerCall& call) { return build_activation(call, Dialect::qkeras); }},
    {"ReLU", relu},
    {"LeakyReLU", leaky_relu},
    {"Softmax", softmax},
    {"BatchNormalization", batch_norm},
    {"BatchNormalizationV1", batch_norm},
    {"BatchNormalizationV2", batch_norm},
    {"SyncBatchNormalization", batch_norm},
    {"Add", add},
    {"Concatenate", concatenate},
};

}  // namespace

std::span<const LayerRow> elementwise_layers() { return kRows; }

}  // namespace netsurf::keras
