#include "tests/support/float_network.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace netsurf::foreign::testing {
namespace {

using Tensors = std::vector<FloatTensor>;

double round_as(double x, core::Rounding mode) {
  double whole = std::trunc(x), part = std::abs(x - whole), sign = x < 0 ? -1 : 1;
  bool odd = std::fmod(std::abs(whole), 2) == 1;
  auto out = [&](bool away) { return whole + (away ? sign : 0); };
  switch (mode) {
    case core::Rounding::half_even:
      return out(part > 0.5 || (part == 0.5 && odd));
    case core::Rounding::half_away:
      return out(part >= 0.5);
    case core::Rounding::half_to_zero:
      return out(part > 0.5);
    case core::Rounding::half_up:
      return std::floor(x + 0.5);
    case core::Rounding::half_down:
      return std::ceil(x - 0.5);
    case core::Rounding::floor:
      return std::floor(x);
    case core::Rounding::ceil:
      return std::ceil(x);
    case core::Rounding::to_zero:
      return whole;
    default:
      return out(part > 0);
  }
}

template <typename T>
T pick(const std::vector<T>& values, size_t channel) {
  return values.size() == 1 ? values[0] : values[channel];
}

/// The constant's real values, from its definition.
std::vector<float> reals(const Constant& constant) {
  if (!constant.quantizer) return constant.values;
  const Quantizer& q = *constant.quantizer;
  size_t count = std::max(constant.values.size(), constant.codes.size());
  size_t per_channel = count / static_cast<size_t>(constant.shape[0]);
  std::vector<float> all;
  for (size_t i = 0; i < count; ++i) {
    size_t channel = i / per_channel;
    if (constant.codes.empty()) {
      all.push_back(quantize_float(constant.values[i], q, channel));
    } else if (q.bipolar) {
      all.push_back(constant.codes[i] > 0 ? pick(q.scale, channel) : -pick(q.scale, channel));
    } else {
      all.push_back(static_cast<float>(constant.codes[i] - pick(q.zero_point, channel)) *
                    pick(q.scale, channel));
    }
  }
  return all;
}

FloatTensor elementwise(const FloatTensor& in, auto function) {
  FloatTensor out = in;
  auto channels = static_cast<size_t>(in.shape.back());
  for (size_t i = 0; i < out.values.size(); ++i) out.values[i] = function(in.values[i], i % channels);
  return out;
}

float pixel(const FloatTensor& t, int y, int x, int c) {
  return t.values[static_cast<size_t>((y * t.shape[1] + x) * t.shape[2] + c)];
}

FloatTensor convolved(const Node& n, const FloatTensor& in) {
  const Shape& k = n.constant->shape;
  std::vector<float> w = reals(*n.constant);
  bool transposed = n.op == Op::conv2d_transpose;
  const Window& window = n.window;
  int height = transposed ? (in.shape[0] - 1) * window.stride_y + window.dilation_y * (k[1] - 1) + 1 -
                                window.pad_top - window.pad_bottom
                          : window.out_height(in.shape[0]);
  int width = transposed ? (in.shape[1] - 1) * window.stride_x + window.dilation_x * (k[2] - 1) + 1 -
                               window.pad_left - window.pad_right
                         : window.out_width(in.shape[1]);
  FloatTensor out{{height, width, k[0]}, {}};
  int outs_per_group = k[0] / n.groups;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int o = 0; o < k[0]; ++o) {
        float sum = 0;
        for (int i = 0; i < k[1]; ++i) {
          for (int j = 0; j < k[2]; ++j) {
            int row = y * window.stride_y - window.pad_top + i * window.dilation_y;
            int column = x * window.stride_x - window.pad_left + j * window.dilation_x;
            if (transposed) {
              int down = y + window.pad_top - i * window.dilation_y;
              int right = x + window.pad_left - j * window.dilation_x;
              if (down % window.stride_y != 0 || right % window.stride_x != 0) continue;
              row = down / window.stride_y;
              column = right / window.stride_x;
              if (down < 0 || right < 0) continue;
            }
            if (row < 0 || row >= in.shape[0] || column < 0 || column >= in.shape[1]) continue;
            for (int c = 0; c < k[3]; ++c) {
              int channel = (transposed ? 0 : (o / outs_per_group) * k[3]) + c;
              sum += pixel(in, row, column, channel) *
                     w[static_cast<size_t>(((o * k[1] + i) * k[2] + j) * k[3] + c)];
            }
          }
        }
        out.values.push_back(sum);
      }
    }
  }
  return out;
}

FloatTensor pooled(const Node& n, const FloatTensor& in) {
  Window window = n.window;
  if (n.op == Op::global_average_pool) window = Window{.height = in.shape[0], .width = in.shape[1]};
  FloatTensor out{{window.out_height(in.shape[0]), window.out_width(in.shape[1]), in.shape[2]}, {}};
  for (int y = 0; y < out.shape[0]; ++y) {
    for (int x = 0; x < out.shape[1]; ++x) {
      for (int c = 0; c < out.shape[2]; ++c) {
        double sum = 0;
        float largest = -INFINITY;
        int count = 0;
        for (int i = 0; i < window.height; ++i) {
          for (int j = 0; j < window.width; ++j) {
            int row = y * window.stride_y - window.pad_top + i * window.dilation_y;
            int column = x * window.stride_x - window.pad_left + j * window.dilation_x;
            if (row < 0 || row >= in.shape[0] || column < 0 || column >= in.shape[1]) continue;
            sum += static_cast<double>(pixel(in, row, column, c));
            largest = std::max(largest, pixel(in, row, column, c));
            ++count;
          }
        }
        if (n.counts_padding) count = window.height * window.width;
        out.values.push_back(n.op == Op::max_pool ? largest : static_cast<float>(sum / count));
      }
    }
  }
  if (n.op == Op::global_average_pool) out.shape = {out.shape[2]};
  return out;
}

FloatTensor joined(const Node& n, const Tensors& all) {
  const FloatTensor& first = all[static_cast<size_t>(n.inputs[0])];
  FloatTensor out = first;
  if (n.op == Op::add) {
    for (size_t k = 1; k < n.inputs.size(); ++k) {
      const FloatTensor& other = all[static_cast<size_t>(n.inputs[k])];
      for (size_t i = 0; i < out.values.size(); ++i) out.values[i] += other.values[i];
    }
    return out;
  }
  out.values.clear();
  out.shape.back() = 0;
  size_t places = first.values.size() / static_cast<size_t>(first.shape.back());
  for (int input : n.inputs) out.shape.back() += all[static_cast<size_t>(input)].shape.back();
  for (size_t p = 0; p < places; ++p) {
    for (int input : n.inputs) {
      const FloatTensor& part = all[static_cast<size_t>(input)];
      auto channels = static_cast<size_t>(part.shape.back());
      for (size_t c = 0; c < channels; ++c) out.values.push_back(part.values[p * channels + c]);
    }
  }
  return out;
}

FloatTensor upsampled(const Node& n, const FloatTensor& in) {
  FloatTensor out{{in.shape[0] * n.window.height, in.shape[1] * n.window.width, in.shape[2]}, {}};
  for (int y = 0; y < out.shape[0]; ++y) {
    for (int x = 0; x < out.shape[1]; ++x) {
      for (int c = 0; c < out.shape[2]; ++c)
        out.values.push_back(pixel(in, y / n.window.height, x / n.window.width, c));
    }
  }
  return out;
}

FloatTensor run_node(const Node& n, const Tensors& all, const FloatTensor& input) {
  if (n.op == Op::input) return input;
  const FloatTensor& in = all[static_cast<size_t>(n.inputs[0])];
  std::vector<float> k = n.constant ? reals(*n.constant) : std::vector<float>{0};
  auto alpha = static_cast<float>(n.alpha);
  switch (n.op) {
    case Op::quantize:
      return elementwise(in, [&](float x, size_t c) { return quantize_float(x, *n.quantizer, c); });
    case Op::multi_threshold:
      return elementwise(in, [&](float x, size_t c) {
        auto count = static_cast<size_t>(n.constant->shape[1]);
        size_t row = n.constant->shape[0] == 1 ? 0 : c;
        float reached = 0;
        for (size_t j = 0; j < count; ++j) reached += x >= k[row * count + j] ? 1.0f : 0.0f;
        return reached * n.out_scale + n.out_bias;
      });
    case Op::dense: {
      FloatTensor out{{n.constant->shape[0]}, {}};
      size_t ins = in.values.size();
      for (size_t o = 0; o < static_cast<size_t>(out.shape[0]); ++o) {
        float sum = 0;
        for (size_t i = 0; i < ins; ++i) sum += in.values[i] * k[o * ins + i];
        out.values.push_back(sum);
      }
      return out;
    }
    case Op::conv2d:
    case Op::conv2d_transpose:
      return convolved(n, in);
    case Op::add_constant:
      return elementwise(in, [&](float x, size_t c) { return x + pick(k, c); });
    case Op::multiply_constant:
      return elementwise(in, [&](float x, size_t c) { return x * pick(k, c); });
    case Op::divide_constant:
      return elementwise(in, [&](float x, size_t c) { return x / pick(k, c); });
    case Op::relu:
      return elementwise(in, [](float x, size_t) { return std::max(x, 0.0f); });
    case Op::leaky_relu:
      return elementwise(in, [&](float x, size_t) { return x < 0 ? alpha * x : x; });
    case Op::clip:
      return elementwise(in, [&](float x, size_t) {
        return std::clamp(x, static_cast<float>(n.minimum), static_cast<float>(n.maximum));
      });
    case Op::hard_tanh:
      return elementwise(in, [](float x, size_t) { return std::clamp(x, -1.0f, 1.0f); });
    case Op::hard_sigmoid:
      return elementwise(in, [](float x, size_t) { return std::clamp(x / 2 + 0.5f, 0.0f, 1.0f); });
    case Op::tanh:
      return elementwise(in, [](float x, size_t) { return std::tanh(x); });
    case Op::sigmoid:
      return elementwise(in, [](float x, size_t) { return 1 / (1 + std::exp(-x)); });
    case Op::max_pool:
    case Op::average_pool:
    case Op::global_average_pool:
      return pooled(n, in);
    case Op::add:
    case Op::concatenate:
      return joined(n, all);
    case Op::upsample:
      return upsampled(n, in);
    case Op::flatten:
      return {{static_cast<int>(in.values.size())}, in.values};
    case Op::reshape:
      return {n.shape, in.values};
    default:
      return in;  // softmax and argmax: compared before them
  }
}

}  // namespace

float quantize_float(float x, const Quantizer& q, size_t channel) {
  float scale = pick(q.scale, channel);
  if (q.bipolar) return x >= 0 ? scale : -scale;
  auto zero_point = static_cast<double>(pick(q.zero_point, channel));
  double shift = q.rounds_shifted ? zero_point : 0;
  double code = round_as(static_cast<double>(x / scale) + shift, q.rounding) - shift + zero_point;
  if (q.wraps) {
    double modulus = std::ldexp(1, q.bits);
    code -= std::floor((code - (q.is_signed ? -modulus / 2 : 0)) / modulus) * modulus;
  }
  code = std::clamp(code, static_cast<double>(q.low), static_cast<double>(q.high));
  return static_cast<float>(code - zero_point) * scale;
}

Tensors run_floats(const Graph& graph, const FloatTensor& input) {
  Tensors all;
  for (const Node& n : graph.nodes) all.push_back(run_node(n, all, input));
  return all;
}

std::vector<float> output_of(const Graph& graph, const std::vector<float>& input) {
  return run_floats(graph, {graph.nodes[0].shape, input})[static_cast<size_t>(graph.output)].values;
}

}  // namespace netsurf::foreign::testing
