// The backward pass of Network: straight through every rounding.
#include <algorithm>

#include "engine/train/geometry.h"
#include "engine/train/network.h"
#include "kernels/floating/conv2d.h"
#include "kernels/floating/dense.h"
#include "kernels/floating/elementwise.h"
#include "kernels/floating/pool.h"
#include "kernels/floating/quantize.h"

namespace netsurf {

float* Network::gradient_target(const Node& node, size_t i) {
  Node& source = store(node, i);
  if (source.kind == NodeKind::input) return nullptr;
  return written_[static_cast<size_t>(source.storage)] ? scratch_.data() : source.gradient.data();
}

void Network::commit_gradient(const Node& node, size_t i, int batch) {
  Node& source = store(node, i);
  if (source.kind == NodeKind::input) return;
  uint8_t& written = written_[static_cast<size_t>(source.storage)];
  if (written)
    floating::accumulate(batch * num_elements(source.shape), scratch_.data(), source.gradient.data());
  written = 1;
}

void Network::backward(int batch) {
  std::fill(written_.begin(), written_.end(), uint8_t{0});
  written_[static_cast<size_t>(nodes_.back().storage)] = 1;
  for (size_t i = nodes_.size(); i-- > 1;) {
    if (nodes_[i].kind != NodeKind::alias) backward_node(nodes_[i], batch);
  }
}

void Network::backward_node(Node& node, int batch) {
  const int64_t count = batch * num_elements(node.shape);
  const float* dy = node.gradient.data();
  auto used = [&](int tensor) { return tensors_[static_cast<size_t>(tensor)].used.data(); };
  auto gradient = [&](int tensor) {
    return tensor < 0 ? nullptr : tensors_[static_cast<size_t>(tensor)].gradient.data();
  };
  if (node.kind == NodeKind::add || node.kind == NodeKind::concatenate) {
    const int whole = node.shape.back();
    for (size_t i = 0, offset = 0; i < node.inputs.size(); ++i) {
      const int part = nodes_[static_cast<size_t>(node.inputs[i])].shape.back();
      if (float* target = gradient_target(node, i); target != nullptr) {
        if (node.kind == NodeKind::add) {
          std::copy_n(dy, count, target);
        } else {
          floating::take_columns(count / whole, part, whole, static_cast<int>(offset), dy, target);
        }
      }
      offset += static_cast<size_t>(part);
      commit_gradient(node, i, batch);
    }
    return;
  }
  float* dx = gradient_target(node, 0);
  const int channels = node.shape.back();
  switch (node.kind) {
    case NodeKind::dense:
      floating::dense_backward({batch, node.in[0], node.shape[0]}, in(node), used(node.kernel), dy, dx,
                               gradient(node.kernel), gradient(node.bias));
      break;
    case NodeKind::conv2d:
      floating::conv2d_backward(conv_of(node, batch), in(node), used(node.kernel), dy, dx,
                                gradient(node.kernel), gradient(node.bias));
      break;
    case NodeKind::max_pool:
      if (dx != nullptr)
        floating::max_pool_backward(image_of(node, batch), window_of(node), node.winner.data(), dy, dx);
      break;
    case NodeKind::average_pool:
      if (dx != nullptr) floating::average_pool_backward(image_of(node, batch), window_of(node), dy, dx);
      break;
    case NodeKind::affine:
      floating::affine_backward(count / channels, channels, in(node), node.used_scale.data(), dy, dx,
                                gradient(node.scale), gradient(node.shift));
      break;
    case NodeKind::batch_norm:
      floating::batch_norm_backward(count / channels, channels, in(node),
                                    tensors_[static_cast<size_t>(node.scale)].value.data(), node.mean.data(),
                                    node.variance.data(), kBatchNormEpsilon, dy, dx, gradient(node.scale),
                                    gradient(node.shift));
      break;
    case NodeKind::activation:
      if (dx != nullptr) backward_activation(node, batch, dx);
      break;
    case NodeKind::dropout:
      if (dx != nullptr) {
        for (int64_t i = 0; i < count; ++i) dx[i] = dy[i] * node.saved[static_cast<size_t>(i)];
      }
      break;
    default:
      break;
  }
  commit_gradient(node, 0, batch);
}

void Network::backward_activation(Node& node, int batch, float* dx) {
  const int64_t count = batch * num_elements(node.shape);
  const double step = node.format.step();
  auto bottom = static_cast<float>(static_cast<double>(node.format.min_code()) * step);
  auto top = static_cast<float>(static_cast<double>(node.format.max_code()) * step);
  if (node.function == ActivationFunction::relu) bottom = std::max(bottom, 0.0f);
  if (node.function == ActivationFunction::hard_tanh) {
    bottom = std::max(bottom, -1.0f);
    top = std::min(top, 1.0f);
  }
  if (node.function == ActivationFunction::hard_sigmoid) {
    bottom = -1.0f;
    top = 1.0f;
  }
  floating::clipped_backward(count, bottom, top, in(node), node.gradient.data(), dx);
  if (node.function != ActivationFunction::hard_sigmoid) return;
  for (int64_t i = 0; i < count; ++i) dx[i] *= 0.5f;
}

}  // namespace netsurf
