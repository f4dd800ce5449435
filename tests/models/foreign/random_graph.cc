#include "tests/models/foreign/random_graph.h"

#include <cmath>

namespace netsurf::foreign::testing {
namespace {

using netsurf::testing::Random;

class Drawer {
 public:
  Drawer(Random& random, const GraphStyle& style) : random_(random), style_(style) {}

  Graph draw() {
    graph_.name = "random";
    graph_.source = "random";
    bool image = random_.chance(70);
    Shape shape =
        image ? Shape{random_.pick(3, 6), random_.pick(3, 6), random_.pick(1, 3)} : Shape{random_.pick(2, 8)};
    Node input;
    input.op = Op::input;
    input.shape = shape;
    int at = append(input, shape);
    at = quantize(at, true);
    int blocks = random_.pick(1, 3);
    for (int i = 0; i < blocks; ++i) at = is_image(at) ? draw_image_block(at) : draw_dense_block(at);
    if (is_image(at)) at = draw_end_of_image(at);
    at = dense(at, random_.pick(2, 5));
    if (random_.chance(50)) at = quantize(at, false);
    if (random_.chance(50)) at = plain(Op::softmax, {at}, shapes_[static_cast<size_t>(at)]);
    graph_.output = at;
    return std::move(graph_);
  }

 private:
  bool is_image(int node) const { return shapes_[static_cast<size_t>(node)].size() == 3; }
  int channels(int node) const { return shapes_[static_cast<size_t>(node)].back(); }

  int append(Node node, Shape shape) {
    node.name = "node_" + std::to_string(graph_.nodes.size());
    graph_.nodes.push_back(std::move(node));
    shapes_.push_back(std::move(shape));
    return static_cast<int>(graph_.nodes.size()) - 1;
  }

  int plain(Op op, std::vector<int> inputs, Shape shape) {
    Node node;
    node.op = op;
    node.inputs = std::move(inputs);
    return append(std::move(node), std::move(shape));
  }

  /// Uniform on a fine grid of [-1, 1].
  float real() { return static_cast<float>(random_.between(-4096, 4096)) / 4096; }
  float scale(int lowest, int highest) {
    auto power = static_cast<float>(std::ldexp(1.0, random_.pick(lowest, highest)));
    return style_.is_dyadic ? power : power * (1 + static_cast<float>(random_.pick(0, 999)) / 1000);
  }

  int quantize(int at, bool is_input) {
    Node node;
    node.op = Op::quantize;
    node.inputs = {at};
    Quantizer q;
    q.bits = random_.chance(50) ? random_.pick(1, 4) : random_.pick(5, 8);
    q.is_signed = random_.chance(50) && q.bits > 1;
    q.scale = {scale(-6, -2)};
    q.set_full_range(q.bits > 1 && random_.chance(30));
    if (random_.chance(20)) {
      q.zero_point = {random_.between(q.low, q.high)};
      q.rounds_shifted = !is_input && random_.chance(50);
    } else if (random_.chance(20) && !is_input) {
      q = Quantizer{
          .scale = {scale(-2, 1)}, .bits = 1, .is_signed = false, .bipolar = true, .low = 0, .high = 1};
    }
    if (random_.chance(30)) q.rounding = static_cast<core::Rounding>(random_.pick(0, 8));
    node.quantizer = q;
    return append(std::move(node), shapes_[static_cast<size_t>(at)]);
  }

  Constant kernel(Shape shape) {
    Constant constant;
    constant.shape = shape;
    constant.name = "kernel_" + std::to_string(graph_.nodes.size());
    Quantizer q;
    q.bits = random_.pick(2, 8);
    if (random_.chance(30)) {
      q.scale.clear();
      for (int c = 0; c < shape[0]; ++c) q.scale.push_back(scale(-8, -4));
    } else {
      q.scale = {scale(-8, -4)};
    }
    q.set_full_range(random_.chance(50));
    if (random_.chance(15)) {
      q.bits = 1;
      q.is_signed = false;
      q.bipolar = true;
      q.low = 0;
      q.high = 1;
    }
    int64_t count = num_elements(shape);
    bool has_codes = random_.chance(30);
    for (int64_t i = 0; i < count; ++i) {
      if (has_codes) {
        constant.codes.push_back(static_cast<int32_t>(random_.between(q.low, q.high)));
      } else {
        constant.values.push_back(real() / 4);
      }
    }
    constant.quantizer = q;
    return constant;
  }

  int constant_op(Op op, int at, bool is_learned, auto value) {
    Node node;
    node.op = op;
    node.inputs = {at};
    node.is_learned = is_learned;
    Constant constant;
    constant.shape = {channels(at)};
    for (int c = 0; c < channels(at); ++c) constant.values.push_back(value());
    node.constant = std::move(constant);
    return append(std::move(node), shapes_[static_cast<size_t>(at)]);
  }

  int bias(int at) {
    Node node;
    node.op = Op::add_constant;
    node.inputs = {at};
    node.is_learned = true;
    Constant constant;
    constant.shape = {channels(at)};
    constant.name = "bias_" + std::to_string(graph_.nodes.size());
    for (int c = 0; c < channels(at); ++c) constant.values.push_back(real());
    Quantizer q;
    q.bits = random_.pick(4, 8);
    q.scale = {static_cast<float>(std::ldexp(1.0, random_.pick(-8, -4)))};
    q.set_full_range();
    if (style_.is_dyadic || random_.chance(50)) constant.quantizer = q;
    node.constant = std::move(constant);
    return append(std::move(node), shapes_[static_cast<size_t>(at)]);
  }

  int batch_norm(int at) {
    at = constant_op(Op::add_constant, at, true, [&] { return real(); });
    at = constant_op(Op::multiply_constant, at, true,
                     [&] { return random_.chance(20) ? real() : 1 + real() / 2; });
    return constant_op(Op::add_constant, at, true, [&] { return real() / 2; });
  }

  int activated(int at) {
    if (!style_.is_dyadic && random_.chance(50)) at = batch_norm(at);
    int function = random_.pick(0, 6);
    Shape shape = shapes_[static_cast<size_t>(at)];
    if (function == 1) at = plain(Op::relu, {at}, shape);
    if (function == 2) {
      at = plain(Op::leaky_relu, {at}, shape);
      graph_.nodes.back().alpha = static_cast<double>(style_.is_dyadic ? 0.125f : 0.1f);
    }
    if (function == 3) at = plain(Op::hard_tanh, {at}, shape);
    if (function == 4) at = plain(Op::hard_sigmoid, {at}, shape);
    if (function == 5 && !style_.is_dyadic)
      at = plain(random_.chance(50) ? Op::tanh : Op::sigmoid, {at}, shape);
    if (function == 6) {
      at = plain(Op::clip, {at}, shape);
      graph_.nodes.back().minimum = -0.5;
      graph_.nodes.back().maximum = 0.75;
    }
    if (is_image(at) && random_.chance(20)) at = max_pool(at);
    return quantize(at, false);
  }

  int dense(int at, int outputs) {
    Node node;
    node.op = Op::dense;
    node.inputs = {at};
    node.constant = kernel({outputs, channels(at)});
    at = append(std::move(node), {outputs});
    return random_.chance(60) ? bias(at) : at;
  }

  int conv(int at) {
    const Shape in = shapes_[static_cast<size_t>(at)];
    Node node;
    node.inputs = {at};
    bool depthwise = random_.chance(25), transposed = !depthwise && random_.chance(15);
    node.op = transposed ? Op::conv2d_transpose : Op::conv2d;
    node.groups = depthwise ? in[2] : 1;
    int outputs = depthwise ? in[2] : random_.pick(1, 4);
    node.window =
        Window{.height = random_.pick(1, std::min(3, in[0])), .width = random_.pick(1, std::min(3, in[1]))};
    node.window.stride_y = random_.pick(1, 2);
    node.window.stride_x = random_.pick(1, 2);
    if (!transposed && random_.chance(50)) node.window.pad_same(in[0], in[1]);
    node.constant = kernel({outputs, node.window.height, node.window.width, in[2] / node.groups});
    Shape out = {node.window.out_height(in[0]), node.window.out_width(in[1]), outputs};
    if (transposed) {
      out[0] = (in[0] - 1) * node.window.stride_y + node.window.height;
      out[1] = (in[1] - 1) * node.window.stride_x + node.window.width;
    }
    at = append(std::move(node), out);
    return random_.chance(60) ? bias(at) : at;
  }

  int max_pool(int at) {
    const Shape in = shapes_[static_cast<size_t>(at)];
    Node node;
    node.op = Op::max_pool;
    node.inputs = {at};
    node.window = Window{.height = std::min(2, in[0]), .width = std::min(2, in[1])};
    Shape out = {node.window.out_height(in[0]), node.window.out_width(in[1]), in[2]};
    return append(std::move(node), out);
  }

  int draw_image_block(int at) {
    at = activated(conv(at));
    const Shape shape = shapes_[static_cast<size_t>(at)];
    if (random_.chance(30)) {
      int branch = activated(at);
      bool adds = random_.chance(50) && shapes_[static_cast<size_t>(branch)] == shape;
      bool same_size = shapes_[static_cast<size_t>(branch)][0] == shape[0] &&
                       shapes_[static_cast<size_t>(branch)][1] == shape[1];
      if (same_size) {
        Shape out = shape;
        if (!adds) out[2] *= 2;
        at = quantize(plain(adds ? Op::add : Op::concatenate, {at, branch}, out), false);
      } else {
        at = branch;
      }
    }
    if (random_.chance(15)) {
      Node node;
      node.op = Op::upsample;
      node.inputs = {at};
      node.window = Window{.height = 2, .width = 1};
      Shape out = shapes_[static_cast<size_t>(at)];
      out[0] *= 2;
      at = append(std::move(node), out);
    }
    return at;
  }

  int draw_dense_block(int at) { return activated(dense(at, random_.pick(2, 6))); }

  int draw_end_of_image(int at) {
    const Shape shape = shapes_[static_cast<size_t>(at)];
    if (random_.chance(30)) return quantize(plain(Op::global_average_pool, {at}, {shape[2]}), false);
    return plain(Op::flatten, {at}, {static_cast<int>(num_elements(shape))});
  }

  Random& random_;
  GraphStyle style_;
  Graph graph_;
  std::vector<Shape> shapes_;
};

}  // namespace

Graph random_graph(Random& random, const GraphStyle& style) { return Drawer(random, style).draw(); }

}  // namespace netsurf::foreign::testing
