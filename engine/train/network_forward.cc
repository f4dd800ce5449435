// The forward pass of Network: training on quantized numbers, evaluation as the frozen network computes.
#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/train/geometry.h"
#include "engine/train/network.h"
#include "engine/train/random.h"
#include "kernels/floating/conv2d.h"
#include "kernels/floating/dense.h"
#include "kernels/floating/elementwise.h"
#include "kernels/floating/parallel.h"
#include "kernels/floating/pool.h"
#include "kernels/floating/quantize.h"
#include "kernels/floating/reduce.h"

namespace netsurf {
namespace {

constexpr double kPoolReach = 1 << 22;  // codes; an average stays inside what it averages, far below
constexpr float kRunningShare = 0.05f;  // of the newest batch in the running moments

std::vector<float> rounded(const std::vector<float>& values, int bits) {
  std::vector<float> used(values.size());
  floating::quantize_forward(static_cast<int64_t>(values.size()), grid_of(Format::fit(values, bits)),
                             values.data(), used.data());
  return used;
}

}  // namespace

void Network::forward(int batch, bool training, uint64_t step) {
  for (Node& node : nodes_) forward_node(node, batch, training, step);
}

void Network::forward_node(Node& node, int batch, bool training, uint64_t step) {
  const int64_t count = batch * num_elements(node.shape);
  auto used = [&](int tensor) {
    return tensor < 0 ? nullptr : tensors_[static_cast<size_t>(tensor)].used.data();
  };
  switch (node.kind) {
    case NodeKind::input:
      floating::quantize_forward(count, grid_of(node.format), node.output.data(), node.output.data());
      break;
    case NodeKind::dense:
      floating::dense_forward({batch, node.in[0], node.shape[0]}, in(node), used(node.kernel),
                              used(node.bias), node.output.data());
      break;
    case NodeKind::conv2d:
      floating::conv2d_forward(conv_of(node, batch), in(node), used(node.kernel), used(node.bias),
                               node.output.data());
      break;
    case NodeKind::max_pool:
      floating::max_pool_forward(image_of(node, batch), window_of(node), in(node), node.output.data(),
                                 node.winner.data());
      break;
    case NodeKind::average_pool: {
      floating::average_pool_forward(image_of(node, batch), window_of(node), in(node), node.output.data());
      const floating::Grid grid{std::ldexp(1.0, -node.frac_bits), -kPoolReach, kPoolReach};
      floating::quantize_forward(count, grid, node.output.data(), node.output.data());
      break;
    }
    case NodeKind::affine:
    case NodeKind::batch_norm:
      forward_affine(node, batch, training);
      break;
    case NodeKind::activation:
      forward_activation(node, batch);
      break;
    case NodeKind::add:
      std::copy_n(in(node), count, node.output.data());
      for (size_t i = 1; i < node.inputs.size(); ++i)
        floating::accumulate(count, in(node, i), node.output.data());
      break;
    case NodeKind::concatenate: {
      const int whole = node.shape.back();
      for (size_t i = 0, offset = 0; i < node.inputs.size(); ++i) {
        const int part = nodes_[static_cast<size_t>(node.inputs[i])].shape.back();
        floating::put_columns(count / whole, part, whole, static_cast<int>(offset), in(node, i),
                              node.output.data());
        offset += static_cast<size_t>(part);
      }
      break;
    }
    case NodeKind::dropout:
      forward_dropout(node, &node - nodes_.data(), batch, training, step);
      break;
    case NodeKind::alias:
      break;
  }
}

void Network::forward_affine(Node& node, int batch, bool training) {
  const int channels = node.shape.back();
  const int64_t rows = batch * num_elements(node.shape) / channels;
  std::vector<float> scale, shift;
  if (training && node.kind == NodeKind::batch_norm) {
    const auto size = static_cast<size_t>(channels);
    node.mean.resize(size);
    node.variance.resize(size);
    floating::moments(rows, channels, in(node), node.mean.data(), node.variance.data());
    scale.resize(size);
    shift.resize(size);
    floating::batch_norm_affine(channels, tensors_[static_cast<size_t>(node.scale)].value.data(),
                                tensors_[static_cast<size_t>(node.shift)].value.data(), node.mean.data(),
                                node.variance.data(), kBatchNormEpsilon, scale.data(), shift.data());
    for (size_t c = 0; c < size; ++c) {
      node.running_mean[c] += kRunningShare * (node.mean[c] - node.running_mean[c]);
      node.running_variance[c] += kRunningShare * (node.variance[c] - node.running_variance[c]);
    }
  } else {
    affine_of(node, scale, shift);
  }
  node.used_scale = rounded(scale, options_.affine_bits);
  node.used_shift = rounded(shift, options_.affine_bits);
  floating::affine_forward(rows, channels, in(node), node.used_scale.data(), node.used_shift.data(),
                           node.output.data());
}

void Network::forward_activation(Node& node, int batch) {
  const int64_t count = batch * num_elements(node.shape);
  const floating::Grid grid = grid_of(node.format);
  switch (node.function) {
    case ActivationFunction::linear:
      floating::quantize_forward(count, grid, in(node), node.output.data());
      break;
    case ActivationFunction::relu:
      floating::clipped_quantize_forward(count, 0.0f, INFINITY, grid, in(node), node.output.data());
      break;
    case ActivationFunction::hard_tanh:
      floating::clipped_quantize_forward(count, -1.0f, 1.0f, grid, in(node), node.output.data());
      break;
    case ActivationFunction::hard_sigmoid: {
      const float* x = in(node);
      for (int64_t i = 0; i < count; ++i) node.output[static_cast<size_t>(i)] = 0.5f * x[i] + 0.5f;
      floating::clipped_quantize_forward(count, 0.0f, 1.0f, grid, node.output.data(), node.output.data());
      break;
    }
    case ActivationFunction::leaky_relu:
      throw InputError("layer \"" + node.name + "\" is a leaky ReLU, which cannot be trained here");
  }
}

void Network::forward_dropout(Node& node, int64_t index, int batch, bool training, uint64_t step) {
  const int64_t count = batch * num_elements(node.shape);
  const float* x = in(node);
  if (!training) {
    std::copy_n(x, count, node.output.data());
    return;
  }
  const TrainRandom random(options_.seed, RandomUse::dropout, step);
  const uint64_t base = static_cast<uint64_t>(index) << 40;
  const auto rate = static_cast<float>(node.rate);
  const float keep = 1.0f / (1.0f - rate);
  floating::parallel_ranges(count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto at = static_cast<size_t>(i);
      node.saved[at] = random.uniform(base + at) < rate ? 0.0f : keep;
      node.output[at] = x[i] * node.saved[at];
    }
  });
}

}  // namespace netsurf
