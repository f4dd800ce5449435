#include "engine/train/lowering.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/train/random.h"

namespace netsurf {
namespace {

constexpr double kSpreadSteps = 16;       // kernels start within this many steps of zero
constexpr float kAffineReach = 65536.0f;  // scales and shifts stay in [-reach, reach]
constexpr double kMaxRate = 8;

class Lowering {
 public:
  Lowering(const Benchmark& benchmark, const NetworkOptions& options)
      : benchmark_(benchmark), options_(options), shapes_(output_shapes(benchmark)) {
    readers_.resize(benchmark.layers.size());
    for (size_t i = 0; i < benchmark.layers.size(); ++i) {
      for (int from : benchmark.layers[i].inputs) {
        if (from >= 0) readers_[static_cast<size_t>(from)].push_back(static_cast<int>(i));
      }
    }
  }

  Lowered run() {
    Node input;
    input.name = "input";
    input.shape = input.in = benchmark_.input_shape;
    input.format = benchmark_.input_format;
    input.frac_bits = input.format.frac_bits();
    result_.nodes.push_back(std::move(input));
    for (size_t i = 0; i < benchmark_.layers.size(); ++i) add(i);
    return std::move(result_);
  }

 private:
  void add(size_t i) {
    const LayerSpec& spec = benchmark_.layers[i];
    Node node;
    node.name = spec.name;
    for (int from : spec.inputs)
      node.inputs.push_back(from == kNetworkInput ? 0 : node_of_[static_cast<size_t>(from)]);
    const Node& source = result_.nodes[static_cast<size_t>(node.inputs[0])];
    node.in = source.shape;
    node.shape = shapes_[i];
    node.frac_bits = source.frac_bits;
    switch (spec.kind) {
      case SpecKind::dense:
      case SpecKind::conv2d:
      case SpecKind::depthwise_conv2d:
        add_weights(spec, i, node);
        break;
      case SpecKind::max_pool:
        set(node, NodeKind::max_pool, LayerKind::max_pool);
        node.window = resolve_window(spec, node.in);
        break;
      case SpecKind::average_pool:
        set(node, NodeKind::average_pool, LayerKind::average_pool);
        node.window = resolve_window(spec, node.in);
        break;
      case SpecKind::global_average_pool:
        set(node, NodeKind::average_pool, LayerKind::global_average_pool);
        node.window.height = node.in[0];
        node.window.width = node.in[1];
        break;
      case SpecKind::alpha:
        if (feeds_only(i, SpecKind::batch_norm)) {
          node_of_.push_back(node.inputs[0]);
          return;
        }
        set(node, NodeKind::affine, LayerKind::affine);
        add_affine(node, "scale", alpha_start(i), "shift");
        break;
      case SpecKind::batch_norm:
        set(node, NodeKind::batch_norm, LayerKind::affine);
        // Two standard deviations reach the top of the scheme's range, so that activations do not begin
        // saturated.
        add_affine(node, "gamma", std::min(1.0, 0.5 * std::ldexp(1.0, options_.quantization.integer_bits)),
                   "beta");
        node.running_mean.assign(static_cast<size_t>(node.shape.back()), 0.0f);
        node.running_variance.assign(static_cast<size_t>(node.shape.back()), 1.0f);
        break;
      case SpecKind::relu:
      case SpecKind::bits:
      case SpecKind::tanh:
      case SpecKind::hard_sigmoid:
        set(node, NodeKind::activation, LayerKind::activation);
        node.function = function_of(spec.kind);
        node.format = format_of(spec, options_.quantization);
        node.frac_bits = node.format.frac_bits();
        break;
      case SpecKind::add:
      case SpecKind::concatenate:
        if (spec.kind == SpecKind::add) {
          set(node, NodeKind::add, LayerKind::add);
        } else {
          set(node, NodeKind::concatenate, LayerKind::concatenate);
        }
        for (int from : node.inputs)
          node.frac_bits = std::max(node.frac_bits, result_.nodes[static_cast<size_t>(from)].frac_bits);
        break;
      case SpecKind::flatten:
        set(node, NodeKind::alias, LayerKind::flatten);
        break;
      case SpecKind::reshape:
        set(node, NodeKind::alias, LayerKind::reshape);
        break;
      case SpecKind::softmax:
        set(node, NodeKind::alias, LayerKind::softmax);
        break;
      case SpecKind::dropout:
        set(node, NodeKind::dropout, LayerKind::input);
        node.rate = spec.rate;
        node.vanishes = true;
        break;
    }
    node_of_.push_back(static_cast<int>(result_.nodes.size()));
    result_.nodes.push_back(std::move(node));
  }

  static void set(Node& node, NodeKind kind, LayerKind frozen) {
    node.kind = kind;
    node.frozen = frozen;
  }

  static ActivationFunction function_of(SpecKind kind) {
    if (kind == SpecKind::relu) return ActivationFunction::relu;
    if (kind == SpecKind::tanh) return ActivationFunction::hard_tanh;
    return kind == SpecKind::hard_sigmoid ? ActivationFunction::hard_sigmoid : ActivationFunction::linear;
  }

  bool feeds_only(size_t i, SpecKind kind) const {
    return readers_[i].size() == 1 && benchmark_.layers[static_cast<size_t>(readers_[i][0])].kind == kind;
  }

  Tensor& new_tensor(const std::string& name, Shape shape, float fill) {
    Tensor tensor;
    tensor.name = name;
    tensor.value.assign(static_cast<size_t>(num_elements(shape)), fill);
    tensor.shape = std::move(shape);
    tensor.bottom = -kAffineReach;
    tensor.top = kAffineReach;
    result_.tensors.push_back(std::move(tensor));
    return result_.tensors.back();
  }

  void add_affine(Node& node, const char* scale, double start, const char* shift) {
    const int channels = node.shape.back();
    node.scale = static_cast<int>(result_.tensors.size());
    new_tensor(node.name + "/" + scale, {channels}, static_cast<float>(start));
    node.shift = static_cast<int>(result_.tensors.size());
    new_tensor(node.name + "/" + shift, {channels}, 0.0f);
  }

  void add_weights(const LayerSpec& spec, size_t i, Node& node) {
    const bool dense = spec.kind == SpecKind::dense;
    set(node, dense ? NodeKind::dense : NodeKind::conv2d, dense ? LayerKind::dense : LayerKind::conv2d);
    node.format = format_of(spec, options_.quantization);
    node.frac_bits += node.format.frac_bits();
    const int outputs = node.shape.back();
    Shape shape{outputs, node.in.back()};
    if (!dense) {
      node.groups = spec.kind == SpecKind::depthwise_conv2d ? node.in[2] : spec.groups;
      node.window = resolve_window(spec, node.in);
      shape = {outputs, node.window.height, node.window.width, node.in[2] / node.groups};
    }
    node.kernel = static_cast<int>(result_.tensors.size());
    Tensor& kernel = new_tensor(spec.name + "/kernel", shape, 0.0f);
    kernel.l1 = spec.l1;
    kernel.l2 = spec.l2;
    kernel.bottom = static_cast<float>(static_cast<double>(node.format.min_code()) * node.format.step());
    kernel.top = static_cast<float>(static_cast<double>(node.format.max_code()) * node.format.step());
    const double limit = glorot_limit(kernel.shape, node.groups);
    const double half_range = 0.5 * std::ldexp(1.0, node.format.integer_bits);
    const bool scaled = feeds_only(i, SpecKind::alpha) || feeds_only(i, SpecKind::batch_norm);
    const double steps = scaled ? kSpreadSteps : 2;
    const double spread = std::min(half_range, std::max(limit, steps * node.format.step()));
    kernel.rate = scaled ? std::clamp(spread / limit, 1.0, kMaxRate) : 1;
    const TrainRandom random(options_.seed, RandomUse::initialize, static_cast<uint64_t>(node.kernel));
    for (size_t e = 0; e < kernel.value.size(); ++e) {
      const double uniform = static_cast<double>(random.uniform(e));
      kernel.value[e] = static_cast<float>(spread * (node.format.is_signed ? 2 * uniform - 1 : uniform));
      kernel.value[e] = std::clamp(kernel.value[e], kernel.bottom, kernel.top);
    }
    alpha_of_.resize(i + 1, 1.0);
    alpha_of_[i] = limit / spread;
    if (!spec.has_bias) return;
    node.bias = static_cast<int>(result_.tensors.size());
    new_tensor(spec.name + "/bias", {outputs}, 0.0f);
  }

  static double glorot_limit(const Shape& kernel, int groups) {
    double field = 1;
    for (size_t axis = 1; axis + 1 < kernel.size(); ++axis) field *= kernel[axis];
    const double fan_in = field * kernel.back();
    const double fan_out = field * std::max(kernel[0] / groups, 1);
    return std::sqrt(6.0 / (fan_in + fan_out));
  }

  double alpha_start(size_t i) const {
    const int from = benchmark_.layers[i].inputs[0];
    return from >= 0 && static_cast<size_t>(from) < alpha_of_.size() ? alpha_of_[static_cast<size_t>(from)]
                                                                     : 1.0;
  }

  const Benchmark& benchmark_;
  const NetworkOptions& options_;
  std::vector<Shape> shapes_;
  std::vector<std::vector<int>> readers_;
  std::vector<int> node_of_;      // of each layer line
  std::vector<double> alpha_of_;  // of each dense or convolution line: where an alpha after it should start
  Lowered result_;
};

}  // namespace

Lowered lower(const Benchmark& benchmark, const NetworkOptions& options) {
  return Lowering(benchmark, options).run();
}

}  // namespace netsurf
