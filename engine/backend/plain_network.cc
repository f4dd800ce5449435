#include "engine/backend/plain_network.h"

#include "engine/backend/requantizer.h"
#include "kernels/cpu/elementwise.h"
#include "kernels/cpu/pool.h"
#include "kernels/cpu/sums.h"

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

}  // namespace

PlainNetwork::PlainNetwork(const Model& model) : model_(model) {
  for (int i = 0; i < static_cast<int>(model.layers().size()); ++i) {
    buffer_.push_back(i);
    const Layer& layer = model.layers()[static_cast<size_t>(i)];
    switch (layer.kind) {
      case LayerKind::input:
        break;
      case LayerKind::dense:
      case LayerKind::conv2d:
        add_sums(i);
        break;
      case LayerKind::max_pool:
      case LayerKind::average_pool:
      case LayerKind::global_average_pool:
        add_pool(i);
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

ParameterCodes PlainNetwork::clean_parameters() const {
  ParameterCodes codes;
  for (const Parameter& parameter : model_.parameters()) codes.push_back(parameter.codes);
  return codes;
}

Workspace PlainNetwork::make_workspace() const {
  Workspace workspace;
  size_t count = model_.layers().size();
  workspace.narrow.resize(count);
  workspace.wide.resize(count);
  for (size_t i = 0; i < count; ++i) {
    if (buffer_[i] != static_cast<int>(i)) continue;
    auto size = static_cast<size_t>(model_.type(static_cast<int>(i)).elements()) * kTile;
    if (is_wide(static_cast<int>(i))) {
      workspace.wide[i].resize(size);
    } else {
      workspace.narrow[i].resize(size);
    }
  }
  return workspace;
}

void PlainNetwork::run(const ParameterCodes& parameters, Workspace& workspace) const {
  for (const Step& step : steps_) step(parameters, workspace);
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
  shape.product_shift = alignment.first_shift;
  shape.bias_shift = alignment.second_shift;
  bool is_dense = layer.kind == LayerKind::dense;
  int group_channels = kernel.shape.back();  // input channels of a group
  std::vector<Pixel> pixels = is_dense ? std::vector<Pixel>{{{0, 0, in.shape[0]}}}
                                       : conv_pixels(layer, in.shape, out.shape, group_channels);
  auto from = static_cast<size_t>(buffer_[static_cast<size_t>(layer.inputs[0])]);
  auto to = static_cast<size_t>(index);
  steps_.push_back([=, this, pixels = std::move(pixels), groups = layer.groups,
                    kernel_index = static_cast<size_t>(layer.kernel),
                    bias_index = layer.bias](const ParameterCodes& parameters, Workspace& workspace) {
    int64_t place = 0;  // in the output
    for (const Pixel& pixel : pixels) {
      for (int group = 0; group < groups; ++group, place += int64_t{shape.num_outputs} * kTile) {
        int first_channel = group * shape.num_outputs;
        const int32_t* x = workspace.narrow[from].data() + int64_t{group} * group_channels * kTile;
        const int32_t* weights = parameters[kernel_index].data() + first_channel * shape.kernel_stride;
        const int32_t* bias =
            bias_index < 0 ? nullptr : parameters[static_cast<size_t>(bias_index)].data() + first_channel;
        if (is_wide(index)) {
          cpu::sums_of_products(x, pixel, weights, bias, shape, workspace.wide[to].data() + place);
        } else {
          cpu::sums_of_products(x, pixel, weights, bias, shape, workspace.narrow[to].data() + place);
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
  bool averages = layer.kind != LayerKind::max_pool;
  steps_.push_back([=, this](const ParameterCodes&, Workspace& workspace) {
    if (averages) {
      cpu::average_pool(workspace.narrow[from].data(), shape, workspace.narrow[to].data());
    } else if (is_wide(index)) {
      cpu::max_pool(workspace.wide[from].data(), shape, workspace.wide[to].data());
    } else {
      cpu::max_pool(workspace.narrow[from].data(), shape, workspace.narrow[to].data());
    }
  });
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
  cpu::AffineShape shape{in.elements() / channels, channels, alignment.first_shift, alignment.second_shift};
  auto from = static_cast<size_t>(buffer_[static_cast<size_t>(layer.inputs[0])]);
  auto to = static_cast<size_t>(index);
  bool in_is_wide = in.needs_64_bits();
  steps_.push_back([=, this, scale_index = static_cast<size_t>(layer.scale), shift_index = layer.shift](
                       const ParameterCodes& parameters, Workspace& workspace) {
    const int32_t* scale = parameters[scale_index].data();
    const int32_t* shift = shift_index < 0 ? nullptr : parameters[static_cast<size_t>(shift_index)].data();
    if (in_is_wide) {
      cpu::affine_all(workspace.wide[from].data(), shape, scale, shift, workspace.wide[to].data());
    } else if (is_wide(index)) {
      cpu::affine_all(workspace.narrow[from].data(), shape, scale, shift, workspace.wide[to].data());
    } else {
      cpu::affine_all(workspace.narrow[from].data(), shape, scale, shift, workspace.narrow[to].data());
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
    cpu::JoinShape shape{in.elements() / channels,     channels,     out.shape.back(), adds ? 0 : begin,
                         out.frac_bits - in.frac_bits, adds && i > 0};
    begin += channels;
    auto from = static_cast<size_t>(buffer_[static_cast<size_t>(layer.inputs[i])]);
    auto to = static_cast<size_t>(index);
    bool in_is_wide = in.needs_64_bits();
    steps_.push_back([=, this](const ParameterCodes&, Workspace& workspace) {
      if (in_is_wide) {
        cpu::join_all(workspace.wide[from].data(), shape, workspace.wide[to].data());
      } else if (is_wide(index)) {
        cpu::join_all(workspace.narrow[from].data(), shape, workspace.wide[to].data());
      } else {
        cpu::join_all(workspace.narrow[from].data(), shape, workspace.narrow[to].data());
      }
    });
  }
}

void PlainNetwork::add_activation(int index) {
  const Layer& layer = model_.layers()[static_cast<size_t>(index)];
  const TensorType& in = model_.type(layer.inputs[0]);
  core::Requantizer q = make_requantizer(layer.function, in, layer.format);
  bool narrow_steps = fits_32_bits(q, in);
  int64_t elements = in.elements();
  auto from = static_cast<size_t>(buffer_[static_cast<size_t>(layer.inputs[0])]);
  auto to = static_cast<size_t>(index);
  bool in_is_wide = in.needs_64_bits();
  steps_.push_back([=](const ParameterCodes&, Workspace& workspace) {
    if (in_is_wide) {
      cpu::requantize_all(workspace.wide[from].data(), elements, q, narrow_steps,
                          workspace.narrow[to].data());
    } else {
      cpu::requantize_all(workspace.narrow[from].data(), elements, q, narrow_steps,
                          workspace.narrow[to].data());
    }
  });
}

}  // namespace netsurf
