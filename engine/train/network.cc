#include "engine/train/network.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/train/geometry.h"
#include "engine/train/lowering.h"
#include "kernels/floating/elementwise.h"
#include "kernels/floating/quantize.h"

namespace netsurf {
Network::Network(const Benchmark& benchmark, const NetworkOptions& options, int max_batch)
    : options_(options) {
  Lowered lowered = lower(benchmark, options);
  nodes_ = std::move(lowered.nodes);
  tensors_ = std::move(lowered.tensors);
  size_t largest = 0;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    Node& node = nodes_[i];
    node.storage = node.kind == NodeKind::alias ? nodes_[static_cast<size_t>(node.inputs[0])].storage
                                                : static_cast<int>(i);
    if (node.kind == NodeKind::alias) continue;
    const size_t size = static_cast<size_t>(num_elements(node.shape)) * static_cast<size_t>(max_batch);
    node.output.resize(size);
    if (i > 0) node.gradient.resize(size);
    largest = std::max(largest, size);
    if (node.kind == NodeKind::max_pool) node.winner.resize(size);
    if (node.kind == NodeKind::dropout) node.saved.resize(size);
  }
  scratch_.resize(largest);
  written_.resize(nodes_.size());
  for (Tensor& tensor : tensors_) {
    tensor.gradient.resize(tensor.value.size());
    tensor.used.resize(tensor.value.size());
  }
}

void Network::quantize_parameters() {
  for (const Node& node : nodes_) {
    if (node.kernel < 0) continue;
    Tensor& kernel = tensors_[static_cast<size_t>(node.kernel)];
    floating::quantize_forward(static_cast<int64_t>(kernel.value.size()), grid_of(node.format),
                               kernel.value.data(), kernel.used.data());
    if (node.bias < 0) continue;
    Tensor& bias = tensors_[static_cast<size_t>(node.bias)];
    const int bits = options_.bias_bits == 0 ? kMaxParameterBits : options_.bias_bits;
    const floating::Grid grid{node.format.step(), -std::ldexp(1.0, bits - 1), std::ldexp(1.0, bits - 1) - 1};
    floating::quantize_forward(static_cast<int64_t>(bias.value.size()), grid, bias.value.data(),
                               bias.used.data());
  }
}

const float* Network::in(const Node& node, size_t i) const {
  const Node& source = nodes_[static_cast<size_t>(node.inputs[i])];
  return nodes_[static_cast<size_t>(source.storage)].output.data();
}

Node& Network::store(const Node& node, size_t i) {
  return nodes_[static_cast<size_t>(nodes_[static_cast<size_t>(node.inputs[i])].storage)];
}

void Network::affine_of(const Node& node, std::vector<float>& scale, std::vector<float>& shift) const {
  scale = tensors_[static_cast<size_t>(node.scale)].value;
  shift = tensors_[static_cast<size_t>(node.shift)].value;
  if (node.kind != NodeKind::batch_norm) return;
  std::vector<float> gamma = scale, beta = shift;
  floating::batch_norm_affine(node.shape.back(), gamma.data(), beta.data(), node.running_mean.data(),
                              node.running_variance.data(), kBatchNormEpsilon, scale.data(), shift.data());
}

bool Network::has_batch_norm() const {
  return std::any_of(nodes_.begin(), nodes_.end(),
                     [](const Node& node) { return node.kind == NodeKind::batch_norm; });
}

void Network::fold_batch_norm() {
  std::vector<int> readers(nodes_.size(), 0);
  for (const Node& node : nodes_) {
    for (int from : node.inputs) ++readers[static_cast<size_t>(from)];
  }
  for (Node& node : nodes_) {
    if (node.kind != NodeKind::batch_norm) continue;
    Node& source = nodes_[static_cast<size_t>(node.inputs[0])];
    if (source.kernel < 0 || source.bias < 0 || readers[static_cast<size_t>(node.inputs[0])] != 1) {
      throw InputError("batch_norm \"" + node.name + "\" cannot be folded into \"" + source.name +
                       "\"; expected a dense or convolution layer with a bias that nothing else reads. Use "
                       "batch_norm affine");
    }
    std::vector<float> scale, shift;
    affine_of(node, scale, shift);
    Tensor& kernel = tensors_[static_cast<size_t>(source.kernel)];
    Tensor& bias = tensors_[static_cast<size_t>(source.bias)];
    const size_t row = kernel.value.size() / scale.size();
    for (size_t e = 0; e < kernel.value.size(); ++e) kernel.value[e] *= scale[e / row];
    for (size_t c = 0; c < scale.size(); ++c) bias.value[c] = bias.value[c] * scale[c] + shift[c];
    source.format = Format::fit(kernel.value, source.format.bits, source.format.is_signed);
    kernel.bottom = static_cast<float>(static_cast<double>(source.format.min_code()) * source.format.step());
    kernel.top = static_cast<float>(static_cast<double>(source.format.max_code()) * source.format.step());
    kernel.rate = 1;
    for (int tensor : {node.scale, node.shift}) tensors_[static_cast<size_t>(tensor)] = Tensor{};
    node.kind = NodeKind::alias;
    node.vanishes = true;
    node.scale = node.shift = -1;
  }
  // Aliases of a folded layer follow it to its new buffer.
  for (Node& node : nodes_) {
    if (node.kind == NodeKind::alias) node.storage = nodes_[static_cast<size_t>(node.inputs[0])].storage;
  }
}

}  // namespace netsurf
