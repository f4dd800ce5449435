#include "engine/backend/plain_network.h"

#include <algorithm>

#include "engine/backend/requantizer.h"
#include "kernels/cpu/elementwise.h"
#include "kernels/cpu/pool.h"
#include "kernels/cpu/sums.h"
#include "kernels/cpu/threshold.h"
#include "kernels/cpu/upsample.h"

namespace netsurf {
namespace {

using cpu::kTile;

/// The stretches of input that one output pixel's first group of channels reads; later groups read the same,
/// further on by the channels of a group each.
using Pixel = std::vector<cpu::Stretch>;

/// One per output pixel. Neighbouring columns merge into one stretch when they are neighbours in memory.
std::vector<Pixel> conv_pixels(const Layer& layer, const Shape& in, const Shape& out, int group_channels) {
  const Window& w = layer.window;
  bool columns_touch = layer.groups == 1 && w.dilation_x == 1;
  std::vector<Pixel> pixels;
  for (int row = 0; row < out[0]; ++row) {
    for (int column = 0; column < out[1]; ++column) {
      Pixel pixel;
      for (int i = 0; i < w.height; ++i) {
        int y = row * w.stride_y - w.pad_top + i * w.dilation_y;
        if (y < 0 || y >= in[0]) continue;
        bool extends = false;
        for (int j = 0; j < w.width; ++j) {
          int x = column * w.stride_x - w.pad_left + j * w.dilation_x;
          if (x < 0 || x >= in[1]) continue;
          if (extends) {
            pixel.back().length += group_channels;
            continue;
          }
          pixel.push_back(
              {(int64_t{y} * in[1] + x) * in[2], (i * w.width + j) * group_channels, group_channels});
          extends = columns_touch;
        }
      }
      pixels.push_back(std::move(pixel));
    }
  }
  return pixels;
}

/// One per output pixel of a transposed convolution: the input pixels that reach it; there may be none.
std::vector<Pixel> transposed_pixels(const Window& w, const Shape& in, const Shape& out) {
  std::vector<Pixel> pixels;
  for (int row = 0; row < out[0]; ++row) {
    for (int column = 0; column < out[1]; ++column) {
      Pixel pixel;
      for (int i = 0; i < w.height; ++i) {
        int below = row + w.pad_top - i * w.dilation_y;
        if (below < 0 || below % w.stride_y != 0 || below / w.stride_y >= in[0]) continue;
        for (int j = 0; j < w.width; ++j) {
          int right = column + w.pad_left - j * w.dilation_x;
          if (right < 0 || right % w.stride_x != 0 || right / w.stride_x >= in[1]) continue;
          pixel.push_back({(int64_t{below / w.stride_y} * in[1] + right / w.stride_x) * in[2],
                           (i * w.width + j) * in[2], in[2]});
        }
      }
      pixels.push_back(std::move(pixel));
    }
  }
  return pixels;
}

std::vector<Pixel> pixels_of(const Layer& layer, const Shape& in, const Shape& out, int group_channels) {
  if (layer.kind == LayerKind::dense) return {{{0, 0, in[0]}}};
  return layer.kind == LayerKind::conv2d_transpose ? transposed_pixels(layer.window, in, out)
                                                   : conv_pixels(layer, in, out, group_channels);
}

}  // namespace

PlainNetwork::PlainNetwork(const Model& model) : model_(model) {
  for (int i = 0; i < static_cast<int>(model.layers().size()); ++i) {
    buffer_.push_back(i);
    steps_.emplace_back();
    const Layer& layer = model.layers()[static_cast<size_t>(i)];
    switch (layer.kind) {
      case LayerKind::input:
        break;
      case LayerKind::dense:
      case LayerKind::conv2d:
      case LayerKind::conv2d_transpose:
        add_sums(i);
        break;
      case LayerKind::max_pool:
      case LayerKind::average_pool:
      case LayerKind::global_average_pool:
      case LayerKind::sum_pool:
        add_pool(i);
        break;
      case LayerKind::upsample:
        add_upsample(i);
        break;
      case LayerKind::threshold:
        add_threshold(i);
        break;
      case LayerKind::affine:
        add_affine(i);
        break;
      case LayerKind::add:
      case LayerKind::concatenate:
        add_join(i);
        break;
      case LayerKind::activation:
        add_activation(i);
        break;
      case LayerKind::flatten:
      case LayerKind::reshape:
      case LayerKind::softmax:
        buffer_.back() = buffer_[static_cast<size_t>(layer.inputs[0])];
        break;
    }
  }
}

ParameterOperands PlainNetwork::clean_parameters() const {
  ParameterOperands operands;
  for (const Parameter& parameter : model_.parameters()) {
    operands.push_back(parameter.codes);
    for (int32_t& code : operands.back()) code = parameter.operand(code);
  }
  return operands;
}

Activations PlainNetwork::make_activations() const {
  Activations activations;
  activations.narrow.resize(model_.layers().size());
  activations.wide.resize(model_.layers().size());
  size_t longest = 0;
  for (const Layer& layer : model_.layers()) {
    if (layer.thresholds < 0) continue;
    const Parameter& rows = model_.parameters()[static_cast<size_t>(layer.thresholds)];
    longest = std::max(longest, static_cast<size_t>(rows.shape[1]));
  }
  activations.row.resize(longest);
  return activations;
}

Workspace PlainNetwork::make_workspace() const {
  Workspace workspace;
  workspace.activations = make_activations();
  size_t count = model_.layers().size();
  workspace.narrow.resize(count);
  workspace.wide.resize(count);
  for (size_t i = 0; i < count; ++i) {
    if (buffer_[i] != static_cast<int>(i)) continue;
    auto size = static_cast<size_t>(model_.type(static_cast<int>(i)).elements()) * kTile;
    if (is_wide(static_cast<int>(i))) {
      workspace.wide[i].resize(size);
      workspace.activations.wide[i] = workspace.wide[i].data();
    } else {
      workspace.narrow[i].resize(size);
      workspace.activations.narrow[i] = workspace.narrow[i].data();
    }
  }
  return workspace;
}

void PlainNetwork::run(const ParameterOperands& parameters, Activations& activations) const {
  for (int i = 0; i < static_cast<int>(steps_.size()); ++i) run_layer(i, parameters, activations);
}

void PlainNetwork::run_layer(int layer, const ParameterOperands& parameters, Activations& activations) const {
  for (const Step& step : steps_[static_cast<size_t>(layer)]) step(parameters, activations);
}

void PlainNetwork::add_sums(int index) {
  const Layer& layer = model_.layers()[static_cast<size_t>(index)];
  const TensorType& in = model_.type(layer.inputs[0]);
  const TensorType& out = model_.type(index);
  const Parameter& kernel = model_.parameters()[static_cast<size_t>(layer.kernel)];
  int product_frac_bits = in.frac_bits + kernel.format.frac_bits();
  Alignment alignment =
      align(product_frac_bits, layer.bias < 0
                                   ? product_frac_bits
                                   : model_.parameters()[static_cast<size_t>(layer.bias)].format.frac_bits());

  cpu::SumShape shape;
  shape.kernel_stride = num_elements(kernel.shape) / kernel.shape[0];
  shape.num_outputs = kernel.shape[0] / layer.groups;
  shape.product_shift = shift_within(index, alignment.first_shift);
  shape.bias_shift = shift_within(index, alignment.second_shift);
  int group_channels = kernel.shape.back();  // input channels of a group
  std::vector<Pixel> pixels = pixels_of(layer, in.shape, out.shape, group_channels);
  auto from = static_cast<size_t>(buffer_[static_cast<size_t>(layer.inputs[0])]);
  auto to = static_cast<size_t>(index);
  steps_.back().push_back([=, this, pixels = std::move(pixels), groups = layer.groups,
                           kernel_index = static_cast<size_t>(layer.kernel),
                           bias_index = layer.bias](const ParameterOperands& parameters, Activations& at) {
    int64_t place = 0;  // in the output
    for (const Pixel& pixel : pixels) {
      for (int group = 0; group < groups; ++group, place += int64_t{shape.num_outputs} * kTile) {
        int first_channel = group * shape.num_outputs;
        const int32_t* x = at.narrow[from] + int64_t{group} * group_channels * kTile;
        const int32_t* weights = parameters[kernel_index].data() + first_channel * shape.kernel_stride;
        const int32_t* bias =
            bias_index < 0 ? nullptr : parameters[static_cast<size_t>(bias_index)].data() + first_channel;
        if (is_wide(index)) {
          cpu::sums_of_products(x, pixel, weights, bias, shape, at.wide[to] + place);
        } else {
          cpu::sums_of_products(x, pixel, weights, bias, shape, at.narrow[to] + place);
        }
      }
    }
  });
}

void PlainNetwork::add_pool(int index) {
  const Layer& layer = model_.layers()[static_cast<size_t>(index)];
  const Shape& in = model_.type(layer.inputs[0]).shape;
  bool is_global = layer.kind == LayerKind::global_average_pool;
  Window w = layer.window;
  if (is_global) w = Window{.height = in[0], .width = in[1]};
  cpu::PoolShape shape{in[0],        in[1],     in[2],      w.out_height(in[0]), w.out_width(in[1]),
                       w.height,     w.width,   w.stride_y, w.stride_x,          w.dilation_y,
                       w.dilation_x, w.pad_top, w.pad_left};
  auto from = static_cast<size_t>(buffer_[static_cast<size_t>(layer.inputs[0])]);
  auto to = static_cast<size_t>(index);
  bool averages = is_global || layer.kind == LayerKind::average_pool;
  bool sums = layer.kind == LayerKind::sum_pool;
  steps_.back().push_back([=, this](const ParameterOperands&, Activations& at) {
    if (averages) {
      cpu::average_pool(at.narrow[from], shape, at.narrow[to]);
    } else if (sums && is_wide(index)) {
      cpu::sum_pool(at.narrow[from], shape, at.wide[to]);
    } else if (sums) {
      cpu::sum_pool(at.narrow[from], shape, at.narrow[to]);
    } else if (is_wide(index)) {
      cpu::max_pool(at.wide[from], shape, at.wide[to]);
    } else {
      cpu::max_pool(at.narrow[from], shape, at.narrow[to]);
    }
  });
}

void PlainNetwork::add_upsample(int index) {
  const Layer& layer = model_.layers()[static_cast<size_t>(index)];
  const Shape& in = model_.type(layer.inputs[0]).shape;
  cpu::UpsampleShape shape{in[0], in[1], in[2], layer.window.height, layer.window.width};
  auto from = static_cast<size_t>(buffer_[static_cast<size_t>(layer.inputs[0])]);
  auto to = static_cast<size_t>(index);
  steps_.back().push_back([=, this](const ParameterOperands&, Activations& at) {
    if (is_wide(index)) {
      cpu::upsample(at.wide[from], shape, at.wide[to]);
    } else {
      cpu::upsample(at.narrow[from], shape, at.narrow[to]);
    }
  });
}

void PlainNetwork::add_threshold(int index) {
  const Layer& layer = model_.layers()[static_cast<size_t>(index)];
  const TensorType& in = model_.type(layer.inputs[0]);
  auto thresholds_index = static_cast<size_t>(layer.thresholds);
  const Shape& rows = model_.parameters()[thresholds_index].shape;
  int channels = in.shape.back();
  cpu::ThresholdShape shape{in.elements() / channels,          channels, rows[1], rows[0] == 1, layer.low,
                            (layer.high - layer.low) / rows[1]};
  auto from = static_cast<size_t>(buffer_[static_cast<size_t>(layer.inputs[0])]);
  auto to = static_cast<size_t>(index);
  bool in_is_wide = in.needs_64_bits();
  steps_.back().push_back([=](const ParameterOperands& parameters, Activations& at) {
    const int32_t* thresholds = parameters[thresholds_index].data();
    if (in_is_wide) {
      cpu::threshold_all(at.wide[from], shape, thresholds, at.row.data(), at.narrow[to]);
    } else {
      cpu::threshold_all(at.narrow[from], shape, thresholds, at.row.data(), at.narrow[to]);
    }
  });
}

int PlainNetwork::shift_within(int index, int shift) const {
  return std::min(shift, is_wide(index) ? 63 : 31);
}

void PlainNetwork::add_affine(int index) {
  const Layer& layer = model_.layers()[static_cast<size_t>(index)];
  const TensorType& in = model_.type(layer.inputs[0]);
  int product_frac_bits =
      in.frac_bits + model_.parameters()[static_cast<size_t>(layer.scale)].format.frac_bits();
  Alignment alignment =
      align(product_frac_bits,
            layer.shift < 0 ? product_frac_bits
                            : model_.parameters()[static_cast<size_t>(layer.shift)].format.frac_bits());
  int channels = in.shape.back();
  cpu::AffineShape shape{in.elements() / channels, channels, shift_within(index, alignment.first_shift),
                         shift_within(index, alignment.second_shift)};
  auto from = static_cast<size_t>(buffer_[static_cast<size_t>(layer.inputs[0])]);
  auto to = static_cast<size_t>(index);
  bool in_is_wide = in.needs_64_bits();
  steps_.back().push_back([=, this, scale_index = static_cast<size_t>(layer.scale),
                           shift_index = layer.shift](const ParameterOperands& parameters, Activations& at) {
    const int32_t* scale = parameters[scale_index].data();
    const int32_t* shift = shift_index < 0 ? nullptr : parameters[static_cast<size_t>(shift_index)].data();
    if (in_is_wide) {
      cpu::affine_all(at.wide[from], shape, scale, shift, at.wide[to]);
    } else if (is_wide(index)) {
      cpu::affine_all(at.narrow[from], shape, scale, shift, at.wide[to]);
    } else {
      cpu::affine_all(at.narrow[from], shape, scale, shift, at.narrow[to]);
    }
  });
}

void PlainNetwork::add_join(int index) {
  const Layer& layer = model_.layers()[static_cast<size_t>(index)];
  const TensorType& out = model_.type(index);
  bool adds = layer.kind == LayerKind::add;
  int begin = 0;
  for (size_t i = 0; i < layer.inputs.size(); ++i) {
    const TensorType& in = model_.type(layer.inputs[i]);
    int channels = in.shape.back();
    cpu::JoinShape shape{in.elements() / channels,
                         channels,
                         out.shape.back(),
                         adds ? 0 : begin,
                         shift_within(index, out.frac_bits - in.frac_bits),
                         adds && i > 0};
    begin += channels;
    auto from = static_cast<size_t>(buffer_[static_cast<size_t>(layer.inputs[i])]);
    auto to = static_cast<size_t>(index);
    bool in_is_wide = in.needs_64_bits();
    steps_.back().push_back([=, this](const ParameterOperands&, Activations& at) {
      if (in_is_wide) {
        cpu::join_all(at.wide[from], shape, at.wide[to]);
      } else if (is_wide(index)) {
        cpu::join_all(at.narrow[from], shape, at.wide[to]);
      } else {
        cpu::join_all(at.narrow[from], shape, at.narrow[to]);
      }
    });
  }
}

void PlainNetwork::add_activation(int index) {
  const Layer& layer = model_.layers()[static_cast<size_t>(index)];
  const TensorType& in = model_.type(layer.inputs[0]);
  core::Requantizer q = make_requantizer(layer, in);
  bool narrow_steps = fits_32_bits(q, in);
  int64_t elements = in.elements();
  auto from = static_cast<size_t>(buffer_[static_cast<size_t>(layer.inputs[0])]);
  auto to = static_cast<size_t>(index);
  bool in_is_wide = in.needs_64_bits();
  steps_.back().push_back([=](const ParameterOperands&, Activations& at) {
    if (in_is_wide) {
      cpu::requantize_all(at.wide[from], elements, q, narrow_steps, at.narrow[to]);
    } else {
      cpu::requantize_all(at.narrow[from], elements, q, narrow_steps, at.narrow[to]);
    }
  });
}

}  // namespace netsurf
