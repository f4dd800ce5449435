// Computes a foreign graph on floats, naively, to compare with what other programs get from the same file.
#pragma once

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/foreign/graph.h"

namespace netsurf::qonnx {

struct Numbers {
  Shape shape;
  std::vector<float> values;  // channels last
};

class Interpreter {
 public:
  explicit Interpreter(const foreign::Graph& graph) : graph_(graph) {
    for (const foreign::Node& node : graph.nodes)
      constants_.push_back(node.constant.has_value() ? foreign::constant_values(*node.constant)
                                                     : std::vector<float>{});
  }

  /// What every node puts out. `input` is channels last.
  std::vector<Numbers> run(const std::vector<float>& input) const {
    std::vector<Numbers> results;
    for (size_t i = 0; i < graph_.nodes.size(); ++i) results.push_back(step(i, results, input));
    return results;
  }

  std::vector<float> output(const std::vector<float>& input) const {
    return run(input)[static_cast<size_t>(graph_.output)].values;
  }

 private:
  static float rounded_to(float x, const foreign::Quantizer& q, size_t channel) {
    foreign::Quantizer one = q;
    one.scale = {q.scale.size() == 1 ? q.scale[0] : q.scale[channel]};
    one.zero_point = {q.zero_point.size() == 1 ? q.zero_point[0] : q.zero_point[channel]};
    return foreign::constant_values(foreign::Constant{{1}, {x}, one, {}, "x"})[0];
  }

  template <typename Function>
  static Numbers each(const Numbers& x, const Function& function) {
    Numbers result = x;
    auto channels = static_cast<size_t>(x.shape.back());
    for (size_t i = 0; i < result.values.size(); ++i) result.values[i] = function(x.values[i], i % channels);
    return result;
  }

  static Numbers blank(Shape shape) {
    auto count = static_cast<size_t>(num_elements(shape));
    return {std::move(shape), std::vector<float>(count, 0)};
  }

  Numbers step(size_t index, const std::vector<Numbers>& before, const std::vector<float>& input) const {
    using foreign::Op;
    const foreign::Node& n = graph_.nodes[index];
    const std::vector<float>& c = constants_[index];
    auto constant = [&](size_t channel) { return c.size() == 1 ? c[0] : c.at(channel); };
    if (n.op == Op::input) {
      if (static_cast<int64_t>(input.size()) != num_elements(n.shape))
        throw std::runtime_error("input of another size");
      return {n.shape, input};
    }
    const Numbers& x = before.at(static_cast<size_t>(n.inputs.at(0)));
    switch (n.op) {
      case Op::quantize:
        return each(x, [&](float v, size_t k) { return rounded_to(v, *n.quantizer, k); });
      case Op::multi_threshold:
        return each(x, [&](float v, size_t k) {
          auto t = static_cast<size_t>(n.constant->shape[1]);
          size_t row = n.constant->shape[0] == 1 ? 0 : k;
          auto first = c.begin() + static_cast<std::ptrdiff_t>(row * t);
          auto count =
              std::count_if(first, first + static_cast<std::ptrdiff_t>(t), [&](float at) { return v >= at; });
          return static_cast<float>(count) * n.out_scale + n.out_bias;
        });
      case Op::add_constant:
        return each(x, [&](float v, size_t k) { return v + constant(k); });
      case Op::multiply_constant:
        return each(x, [&](float v, size_t k) { return v * constant(k); });
      case Op::divide_constant:
        return each(x, [&](float v, size_t k) { return v / constant(k); });
      case Op::relu:
        return each(x, [](float v, size_t) { return std::max(v, 0.0F); });
      case Op::leaky_relu:
        return each(x, [&](float v, size_t) { return v >= 0 ? v : v * static_cast<float>(n.alpha); });
      case Op::clip:
        return each(x, [&](float v, size_t) {
          return static_cast<float>(std::clamp(static_cast<double>(v), n.minimum, n.maximum));
        });
      case Op::hard_tanh:
        return each(x, [](float v, size_t) { return std::clamp(v, -1.0F, 1.0F); });
      case Op::hard_sigmoid:
        return each(x, [](float v, size_t) { return std::clamp(0.5F * v + 0.5F, 0.0F, 1.0F); });
      case Op::tanh:
        return each(x, [](float v, size_t) { return std::tanh(v); });
      case Op::sigmoid:
        return each(x, [](float v, size_t) { return 1 / (1 + std::exp(-v)); });
      case Op::identity:
        return x;
      case Op::flatten:
        return {{static_cast<int>(x.values.size())}, x.values};
      case Op::reshape:
        if (num_elements(n.shape) != static_cast<int64_t>(x.values.size()))
          throw std::runtime_error("reshape");
        return {n.shape, x.values};
      case Op::dense:
        return dense(n, x, c);
      case Op::conv2d:
        return convolved(n, x, c);
      case Op::conv2d_transpose:
        return transposed(n, x, c);
      case Op::max_pool:
      case Op::average_pool:
        return pooled(n, x);
      case Op::global_average_pool:
        return average(x);
      case Op::upsample:
        return grown(n, x);
      case Op::add: {
        Numbers sum = x;
        for (size_t i = 1; i < n.inputs.size(); ++i) {
          const Numbers& other = before.at(static_cast<size_t>(n.inputs[i]));
          if (other.shape != x.shape) throw std::runtime_error("add of different shapes");
          for (size_t k = 0; k < sum.values.size(); ++k) sum.values[k] += other.values[k];
        }
        return sum;
      }
      case Op::concatenate: {
        Shape shape = x.shape;
        shape.back() = 0;
        for (int i : n.inputs) shape.back() += before.at(static_cast<size_t>(i)).shape.back();
        Numbers joined{shape, {}};
        for (size_t p = 0; p < x.values.size() / static_cast<size_t>(x.shape.back()); ++p) {
          for (int i : n.inputs) {
            const Numbers& part = before[static_cast<size_t>(i)];
            auto from = part.values.begin() + static_cast<std::ptrdiff_t>(p) * part.shape.back();
            joined.values.insert(joined.values.end(), from, from + part.shape.back());
          }
        }
        return joined;
      }
      case Op::softmax: {
        Numbers result = x;
        float largest = *std::max_element(x.values.begin(), x.values.end()), sum = 0;
        for (float& v : result.values) sum += v = std::exp(v - largest);
        for (float& v : result.values) v /= sum;
        return result;
      }
      case Op::argmax:
        return {{1},
                {static_cast<float>(std::max_element(x.values.begin(), x.values.end()) - x.values.begin())}};
      default:
        throw std::runtime_error("node " + n.name + " is not computed here");
    }
  }

  static Numbers dense(const foreign::Node& n, const Numbers& x, const std::vector<float>& w) {
    if (x.shape.size() != 1 || n.constant->shape[1] != x.shape[0])
      throw std::runtime_error("dense " + n.name);
    Numbers result = blank({n.constant->shape[0]});
    size_t features = x.values.size();
    for (size_t o = 0; o < result.values.size(); ++o) {
      double sum = 0;
      for (size_t i = 0; i < features; ++i)
        sum += static_cast<double>(w[o * features + i]) * static_cast<double>(x.values[i]);
      result.values[o] = static_cast<float>(sum);
    }
    return result;
  }

  /// Calls visit(output row, column, kernel row, column, input row, column) for every pair inside the image.
  template <typename Visit>
  static void over_window(const Window& w, const Shape& in, int height, int width, const Visit& visit) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        for (int i = 0; i < w.height; ++i) {
          for (int j = 0; j < w.width; ++j) {
            int row = y * w.stride_y - w.pad_top + i * w.dilation_y,
                column = x * w.stride_x - w.pad_left + j * w.dilation_x;
            if (row >= 0 && row < in[0] && column >= 0 && column < in[1]) visit(y, x, i, j, row, column);
          }
        }
      }
    }
  }

  static Numbers convolved(const foreign::Node& n, const Numbers& x, const std::vector<float>& w) {
    const Shape& k = n.constant->shape;
    if (x.shape.size() != 3 || k[3] * n.groups != x.shape[2]) throw std::runtime_error("conv2d " + n.name);
    Shape shape = {n.window.out_height(x.shape[0]), n.window.out_width(x.shape[1]), k[0]};
    std::vector<double> sums(static_cast<size_t>(num_elements(shape)), 0);
    over_window(
        n.window, x.shape, shape[0], shape[1], [&](int oy, int ox, int i, int j, int row, int column) {
          for (int o = 0; o < k[0]; ++o) {
            int first = o / (k[0] / n.groups) * k[3];
            for (int c = 0; c < k[3]; ++c) {
              sums[static_cast<size_t>((oy * shape[1] + ox) * k[0] + o)] +=
                  static_cast<double>(w[static_cast<size_t>(((o * k[1] + i) * k[2] + j) * k[3] + c)]) *
                  static_cast<double>(
                      x.values[static_cast<size_t>((row * x.shape[1] + column) * x.shape[2] + first + c)]);
            }
          }
        });
    return {shape, std::vector<float>(sums.begin(), sums.end())};
  }

  static Numbers transposed(const foreign::Node& n, const Numbers& x, const std::vector<float>& w) {
    const Shape& k = n.constant->shape;
    const Window& v = n.window;
    Shape shape = {(x.shape[0] - 1) * v.stride_y + v.dilation_y * (k[1] - 1) + 1 - v.pad_top - v.pad_bottom,
                   (x.shape[1] - 1) * v.stride_x + v.dilation_x * (k[2] - 1) + 1 - v.pad_left - v.pad_right,
                   k[0]};
    Numbers result = blank(shape);
    // The window slides over the output, the input taking the place of a convolution's output.
    over_window(v, shape, x.shape[0], x.shape[1], [&](int y, int xx, int i, int j, int row, int column) {
      for (int o = 0; o < k[0]; ++o) {
        for (int c = 0; c < k[3]; ++c) {
          result.values[static_cast<size_t>((row * shape[1] + column) * k[0] + o)] +=
              w[static_cast<size_t>(((o * k[1] + i) * k[2] + j) * k[3] + c)] *
              x.values[static_cast<size_t>((y * x.shape[1] + xx) * x.shape[2] + c)];
        }
      }
    });
    return result;
  }

  static Numbers pooled(const foreign::Node& n, const Numbers& x) {
    Shape shape = {n.window.out_height(x.shape[0]), n.window.out_width(x.shape[1]), x.shape[2]};
    bool is_max = n.op == foreign::Op::max_pool;
    Numbers result = blank(shape);
    if (is_max) std::fill(result.values.begin(), result.values.end(), -HUGE_VALF);
    std::vector<int> counts(result.values.size(), 0);
    over_window(n.window, x.shape, shape[0], shape[1], [&](int oy, int ox, int, int, int row, int column) {
      for (int c = 0; c < shape[2]; ++c) {
        auto at = static_cast<size_t>((oy * shape[1] + ox) * shape[2] + c);
        float value = x.values[static_cast<size_t>((row * x.shape[1] + column) * shape[2] + c)];
        result.values[at] = is_max ? std::max(result.values[at], value) : result.values[at] + value;
        ++counts[at];
      }
    });
    for (size_t i = 0; !is_max && i < counts.size(); ++i)
      result.values[i] /= static_cast<float>(n.counts_padding ? n.window.height * n.window.width : counts[i]);
    return result;
  }

  static Numbers average(const Numbers& x) {
    auto channels = static_cast<size_t>(x.shape[2]);
    Numbers result = blank({x.shape[2]});
    for (size_t i = 0; i < x.values.size(); ++i) result.values[i % channels] += x.values[i];
    for (float& v : result.values) v /= static_cast<float>(x.shape[0] * x.shape[1]);
    return result;
  }

  static Numbers grown(const foreign::Node& n, const Numbers& x) {
    Numbers result = blank({x.shape[0] * n.window.height, x.shape[1] * n.window.width, x.shape[2]});
    size_t at = 0;
    for (int row = 0; row < result.shape[0]; ++row) {
      for (int column = 0; column < result.shape[1]; ++column) {
        for (int c = 0; c < x.shape[2]; ++c) {
          int from = (row / n.window.height * x.shape[1] + column / n.window.width) * x.shape[2] + c;
          result.values[at++] = x.values[static_cast<size_t>(from)];
        }
      }
    }
    return result;
  }

  const foreign::Graph& graph_;
  std::vector<std::vector<float>> constants_;
};

}  // namespace netsurf::qonnx
