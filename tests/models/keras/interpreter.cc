#include "tests/models/keras/interpreter.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace netsurf::keras {
namespace {

using foreign::Constant;
using foreign::Node;
using foreign::Op;
using foreign::Quantizer;

double quantize(double x, const Quantizer& quantizer, size_t channel) {
  double scale = quantizer.scale[quantizer.scale.size() == 1 ? 0 : channel];
  if (quantizer.bipolar) return x >= 0 ? scale : -scale;
  double steps = x / scale;
  double code =
      quantizer.rounding == core::Rounding::half_down ? std::ceil(steps - 0.5) : std::nearbyint(steps);
  return scale * std::clamp(code, static_cast<double>(quantizer.low), static_cast<double>(quantizer.high));
}

/// The numbers a constant stands for.
std::vector<double> real_values(const Constant& constant) {
  std::vector<double> values(constant.values.begin(), constant.values.end());
  if (!constant.quantizer) return values;
  const Quantizer& quantizer = *constant.quantizer;
  std::vector<int32_t> codes = foreign::quantized_codes(constant);
  size_t per_channel = codes.size() / static_cast<size_t>(constant.shape[0]);
  values.resize(codes.size());
  for (size_t i = 0; i < codes.size(); ++i) {
    double scale = quantizer.scale[quantizer.scale.size() == 1 ? 0 : i / per_channel];
    values[i] = scale * (quantizer.bipolar ? 2 * codes[i] - 1 : codes[i]);
  }
  return values;
}

struct Pixels {
  int height, width, channels;
  explicit Pixels(const Shape& shape) : height(shape[0]), width(shape[1]), channels(shape[2]) {}
  bool holds(int y, int x) const { return y >= 0 && y < height && x >= 0 && x < width; }
  size_t at(int y, int x, int c) const { return static_cast<size_t>((y * width + x) * channels + c); }
};

Image dense(const Node& node, const Image& in) {
  int outs = node.constant->shape[0], ins = node.constant->shape[1];
  std::vector<double> kernel = real_values(*node.constant);
  Image out{{outs}, std::vector<double>(static_cast<size_t>(outs), 0)};
  for (int o = 0; o < outs; ++o) {
    for (int i = 0; i < ins; ++i) {
      out.values[static_cast<size_t>(o)] +=
          kernel[static_cast<size_t>(o * ins + i)] * in.values.at(static_cast<size_t>(i));
    }
  }
  return out;
}

Image conv2d(const Node& node, const Image& in) {
  const Window& w = node.window;
  Pixels from(in.shape);
  int outs = node.constant->shape[0], depth = node.constant->shape[3];
  std::vector<double> kernel = real_values(*node.constant);
  Image out{{w.out_height(from.height), w.out_width(from.width), outs}, {}};
  for (int y = 0; y < out.shape[0]; ++y) {
    for (int x = 0; x < out.shape[1]; ++x) {
      for (int o = 0; o < outs; ++o) {
        double sum = 0;
        for (int i = 0; i < w.height; ++i) {
          for (int j = 0; j < w.width; ++j) {
            int row = y * w.stride_y - w.pad_top + i * w.dilation_y,
                column = x * w.stride_x - w.pad_left + j * w.dilation_x;
            if (!from.holds(row, column)) continue;
            for (int c = 0; c < depth; ++c) {
              int channel = o / (outs / node.groups) * depth + c;
              sum += kernel[static_cast<size_t>(((o * w.height + i) * w.width + j) * depth + c)] *
                     in.values[from.at(row, column, channel)];
            }
          }
        }
        out.values.push_back(sum);
      }
    }
  }
  return out;
}

Image conv2d_transpose(const Node& node, const Image& in) {
  const Window& w = node.window;
  Pixels from(in.shape);
  int outs = node.constant->shape[0];
  std::vector<double> kernel = real_values(*node.constant);
  Image out;
  out.shape = {(from.height - 1) * w.stride_y + w.dilation_y * (w.height - 1) + 1 - w.pad_top - w.pad_bottom,
               (from.width - 1) * w.stride_x + w.dilation_x * (w.width - 1) + 1 - w.pad_left - w.pad_right,
               outs};
  out.values.assign(static_cast<size_t>(num_elements(out.shape)), 0);
  Pixels to(out.shape);
  for (int y = 0; y < from.height; ++y) {
    for (int x = 0; x < from.width; ++x) {
      for (int i = 0; i < w.height; ++i) {
        for (int j = 0; j < w.width; ++j) {
          int row = y * w.stride_y + i * w.dilation_y - w.pad_top,
              column = x * w.stride_x + j * w.dilation_x - w.pad_left;
          if (!to.holds(row, column)) continue;
          for (int o = 0; o < outs; ++o) {
            for (int c = 0; c < from.channels; ++c) {
              out.values[to.at(row, column, o)] +=
                  kernel[static_cast<size_t>(((o * w.height + i) * w.width + j) * from.channels + c)] *
                  in.values[from.at(y, x, c)];
            }
          }
        }
      }
    }
  }
  return out;
}

Image pool(const Node& node, const Image& in) {
  const Window& w = node.window;
  Pixels from(in.shape);
  Image out{{w.out_height(from.height), w.out_width(from.width), from.channels}, {}};
  for (int y = 0; y < out.shape[0]; ++y) {
    for (int x = 0; x < out.shape[1]; ++x) {
      for (int c = 0; c < from.channels; ++c) {
        double sum = 0, largest = -std::numeric_limits<double>::infinity();
        int count = 0;
        for (int i = 0; i < w.height; ++i) {
          for (int j = 0; j < w.width; ++j) {
            int row = y * w.stride_y - w.pad_top + i, column = x * w.stride_x - w.pad_left + j;
            bool holds = from.holds(row, column);
            if (holds || node.counts_padding) ++count;
            if (!holds) continue;
            double value = in.values[from.at(row, column, c)];
            sum += value;
            largest = std::max(largest, value);
          }
        }
        out.values.push_back(node.op == Op::max_pool ? largest : sum / count);
      }
    }
  }
  return out;
}

double elementwise(const Node& node, double x, size_t channel, const std::vector<double>& constant) {
  auto operand = [&] { return constant[constant.size() == 1 ? 0 : channel]; };
  switch (node.op) {
    case Op::quantize:
      return quantize(x, *node.quantizer, channel);
    case Op::add_constant:
      return x + operand();
    case Op::multiply_constant:
      return x * operand();
    case Op::relu:
      return std::max(x, 0.0);
    case Op::leaky_relu:
      return x >= 0 ? x : node.alpha * x;
    case Op::clip:
      return std::clamp(x, node.minimum, node.maximum);
    case Op::hard_tanh:
      return std::clamp(x, -1.0, 1.0);
    case Op::hard_sigmoid:
      return std::clamp(x / 2 + 0.5, 0.0, 1.0);
    case Op::tanh:
      return std::tanh(x);
    case Op::sigmoid:
      return 1 / (1 + std::exp(-x));
    case Op::multi_threshold:
      return node.out_bias +
             node.out_scale * static_cast<double>(std::count_if(constant.begin(), constant.end(),
                                                                [x](double t) { return x >= t; }));
    case Op::identity:
    case Op::softmax:
      return x;
    default:
      throw std::runtime_error("the interpreter does not know the operation of " + node.name);
  }
}

Image joined(const Node& node, const std::vector<Image>& done) {
  Image out = done[static_cast<size_t>(node.inputs[0])];
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    const Image& next = done[static_cast<size_t>(node.inputs[i])];
    if (node.op == Op::add) {
      for (size_t j = 0; j < out.values.size(); ++j) out.values[j] += next.values.at(j);
      continue;
    }
    size_t left = static_cast<size_t>(out.shape.back()), right = static_cast<size_t>(next.shape.back());
    Image both{out.shape, {}};
    both.shape.back() += next.shape.back();
    for (size_t pixel = 0; pixel < out.values.size() / left; ++pixel) {
      for (size_t c = 0; c < left; ++c) both.values.push_back(out.values[pixel * left + c]);
      for (size_t c = 0; c < right; ++c) both.values.push_back(next.values.at(pixel * right + c));
    }
    out = both;
  }
  return out;
}

Image upsampled(const Node& node, const Image& in) {
  Pixels from(in.shape);
  Image out{{from.height * node.window.height, from.width * node.window.width, from.channels}, {}};
  for (int y = 0; y < out.shape[0]; ++y) {
    for (int x = 0; x < out.shape[1]; ++x) {
      for (int c = 0; c < from.channels; ++c) {
        out.values.push_back(in.values[from.at(y / node.window.height, x / node.window.width, c)]);
      }
    }
  }
  return out;
}

Image averaged(const Image& in) {
  Pixels from(in.shape);
  Image out{{from.channels}, std::vector<double>(static_cast<size_t>(from.channels), 0)};
  for (size_t i = 0; i < in.values.size(); ++i) out.values[i % out.values.size()] += in.values[i];
  for (double& value : out.values) value /= from.height * from.width;
  return out;
}

Image run(const Node& node, const std::vector<Image>& done) {
  const Image& in = done[static_cast<size_t>(node.inputs.at(0))];
  Image out;
  switch (node.op) {
    case Op::dense:
      return dense(node, in);
    case Op::conv2d:
      return conv2d(node, in);
    case Op::conv2d_transpose:
      return conv2d_transpose(node, in);
    case Op::max_pool:
    case Op::average_pool:
      return pool(node, in);
    case Op::global_average_pool:
      return averaged(in);
    case Op::add:
    case Op::concatenate:
      return joined(node, done);
    case Op::upsample:
      return upsampled(node, in);
    case Op::flatten:
      return {{static_cast<int>(in.values.size())}, in.values};
    case Op::reshape:
      return {node.shape, in.values};
    default:
      break;
  }
  out.shape = in.shape;
  std::vector<double> constant = node.constant ? real_values(*node.constant) : std::vector<double>();
  size_t channels = static_cast<size_t>(in.shape.back());
  for (size_t i = 0; i < in.values.size(); ++i) {
    out.values.push_back(elementwise(node, in.values[i], i % channels, constant));
  }
  return out;
}

}  // namespace

std::vector<Image> interpret(const foreign::Graph& graph, const std::vector<double>& input) {
  std::vector<Image> done;
  for (const Node& node : graph.nodes) {
    if (node.op != Op::input) {
      done.push_back(run(node, done));
    } else if (static_cast<size_t>(num_elements(node.shape)) != input.size()) {
      throw std::runtime_error("the input of " + node.name + " has another size");
    } else {
      done.push_back({node.shape, input});
    }
  }
  return done;
}

}  // namespace netsurf::keras
