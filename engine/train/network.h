// The network while it is trained: float master values, and a forward pass on exactly the numbers the frozen
// network will use.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/model/benchmark.h"
#include "engine/model/layer.h"

namespace netsurf {

/// A trainable tensor.
struct Tensor {
  std::string name;
  Shape shape;
  std::vector<float> value;  // master values
  std::vector<float> used;   // what the forward pass reads: quantized
  std::vector<float> gradient;
  std::vector<uint8_t> pruned;  // kernels: 1 = held at zero
  float bottom = 0, top = 0;    // values are clipped to [bottom, top] after every step
  double l1 = 0, l2 = 0;
  double rate = 1;  // multiplies the learning rate
};

enum class NodeKind : uint8_t {
  input,
  dense,
  conv2d,
  max_pool,
  average_pool,
  affine,
  batch_norm,
  activation,
  add,
  concatenate,
  alias,
  dropout
};

struct Node {
  std::string name;
  NodeKind kind = NodeKind::input;
  LayerKind frozen = LayerKind::input;  // what it becomes
  bool vanishes = false;                // leaves nothing in the frozen network (dropout, folded batch norm)
  std::vector<int> inputs;
  Shape in, shape;                                     // of the first input, of the output
  int kernel = -1, bias = -1, scale = -1, shift = -1;  // tensors; of batch norm: gamma and beta
  Format format;                                       // kernel (dense, conv2d), output (input, activation)
  int frac_bits = 0;                                   // average_pool: of the grid it rounds to
  ActivationFunction function = ActivationFunction::linear;
  Window window;
  int groups = 1;
  double rate = 0;                                    // dropout
  std::vector<float> running_mean, running_variance;  // batch_norm

  int storage = 0;                      // node whose buffers hold this node's output: another one for alias
  std::vector<float> output, gradient;  // [batch, shape]
  std::vector<float> mean, variance;    // batch_norm: of the last batch
  std::vector<float> used_scale, used_shift;  // affine, batch_norm: quantized
  std::vector<float> saved;     // dropout: factors; hard_sigmoid, average pool: what was rounded
  std::vector<int32_t> winner;  // max_pool
};

struct NetworkOptions {
  Format quantization;
  int bias_bits = 0;  // 0: as many as needed at the kernel's step
  int affine_bits = 16;
  uint64_t seed = 1;
};

class Network {
 public:
  /// Lowers the benchmark and initializes. `max_batch` samples fit its buffers.
  Network(const Benchmark& benchmark, const NetworkOptions& options, int max_batch);

  /// Where to write a batch: [batch, input shape] of real values; forward rounds them to the input format.
  float* input() { return nodes_.front().output.data(); }
  int64_t input_size() const { return num_elements(nodes_.front().shape); }
  int64_t output_size() const { return num_elements(nodes_.back().shape); }
  const float* output() const { return nodes_[static_cast<size_t>(nodes_.back().storage)].output.data(); }
  /// Where to write the loss gradient before backward: [batch, output size].
  float* output_gradient() { return nodes_[static_cast<size_t>(nodes_.back().storage)].gradient.data(); }

  /// Rounds the master values into `used`. Call after they changed, before forward.
  void quantize_parameters();
  /// Training: batch norm with the batch's moments, dropout drawn for `step`. Otherwise as the frozen network
  /// computes.
  void forward(int batch, bool training, uint64_t step = 0);
  /// Fills the gradients of all tensors. REQUIRES: forward(batch, true) before.
  void backward(int batch);

  /// Turns every batch norm into the dense or convolution layer before it. Throws InputError where there is
  /// none.
  void fold_batch_norm();
  bool has_batch_norm() const;

  std::vector<Tensor>& tensors() { return tensors_; }
  const std::vector<Tensor>& tensors() const { return tensors_; }
  std::vector<Node>& nodes() { return nodes_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const NetworkOptions& options() const { return options_; }

  /// Values of scale and shift the frozen affine layer of an affine or batch_norm node has, before rounding.
  void affine_of(const Node& node, std::vector<float>& scale, std::vector<float>& shift) const;

 private:
  void forward_node(Node& node, int batch, bool training, uint64_t step);
  void forward_affine(Node& node, int batch, bool training);
  void forward_activation(Node& node, int batch);
  void forward_dropout(Node& node, int64_t index, int batch, bool training, uint64_t step);
  void backward_node(Node& node, int batch);
  void backward_activation(Node& node, int batch, float* dx);
  const float* in(const Node& node, size_t i = 0) const;
  Node& store(const Node& node, size_t i = 0);
  /// Where the gradient of an input may be written: its buffer the first time, scratch after; null for the
  /// network's input.
  float* gradient_target(const Node& node, size_t i);
  void commit_gradient(const Node& node, size_t i, int batch);

  NetworkOptions options_;
  std::vector<Tensor> tensors_;
  std::vector<Node> nodes_;
  std::vector<uint8_t> written_;
  std::vector<float> scratch_;
};

inline constexpr float kBatchNormEpsilon = 1e-3f;

}  // namespace netsurf
