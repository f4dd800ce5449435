// Convolutions. Keras kernels are [kh, kw, in / groups, out], depthwise [kh, kw, in, multiplier], transposed
// [kh, kw, out, in]; in one dimension without kh. The engine's have the output channel first.
#include "engine/base/error.h"
#include "models/keras/activations.h"
#include "models/keras/layers.h"
#include "models/keras/sums.h"

namespace netsurf::keras {
namespace {

constexpr int kMostChannels = 1 << 20;

std::vector<int64_t> kernel_sizes(size_t rank, const Window& window, int third, int fourth) {
  std::vector<int64_t> sizes = {window.height, window.width, third, fourth};
  if (rank == 2) sizes.erase(sizes.begin());
  return sizes;
}

struct Convolution {
  size_t rank = 3;  // of the input
  bool has_norm = false;
  Dialect dialect = Dialect::keras;
};

void note_padding(LayerCall& call, const Tensor& in) {
  if (!in.padded_by.empty()) {
    call.builder.graph.folded.push_back("zeros of " + in.padded_by + " into the window of " + call.name());
  }
}

Tensor append_convolution(LayerCall& call, const Tensor& in, const QuantizedTensor& kernel,
                          const Window& window, int filters, int groups, std::string_view part) {
  size_t depth = static_cast<size_t>(in.sizes.back() / groups), outs = static_cast<size_t>(filters);
  size_t per_channel = depth * static_cast<size_t>(window.height) * static_cast<size_t>(window.width);
  foreign::Node node = node_of(foreign::Op::conv2d);
  node.window = window;
  node.groups = groups;
  node.constant =
      arrange(call, kernel, filters, {filters, window.height, window.width, in.sizes.back() / groups},
              std::string(part),
              [per_channel, outs](size_t i) { return (i % per_channel) * outs + i / per_channel; });
  return call.append({in}, std::move(node), part, window_output(call, in, window, filters));
}

Tensor build_convolution(LayerCall& call, Convolution kind) {
  const Tensor& in = call.padded_input();
  check_image(call, in, kind.rank);
  int filters = call.config.integer("filters", 1, kMostChannels);
  int groups = call.config.integer("groups", 1, kMostChannels, 1);
  if (in.sizes.back() % groups != 0 || filters % groups != 0) {
    call.fail("groups", "is " + std::to_string(groups) + ", expected a divisor of " +
                            std::to_string(in.sizes.back()) + " input and " + std::to_string(filters) +
                            " output channels");
  }
  Window window = read_window(call, in, "kernel_size", 1);
  StoredTensor kernel =
      call.weight("kernel", 0, kernel_sizes(kind.rank, window, in.sizes.back() / groups, filters));
  std::optional<FoldedNorm> norm;
  if (kind.has_norm) {
    norm = read_norm(call, filters);
    for (size_t i = 0; i < kernel.values.size(); ++i)
      kernel.values[i] *= norm->factor[i % norm->factor.size()];
  }
  QuantizedTensor quantized = quantize(call, "kernel_quantizer", kernel, WeightRole::kernel);
  note_padding(call, in);
  Tensor out = append_convolution(call, in, quantized, window, filters, groups, "kernel");
  out = append_bias(call, out, filters, 1, norm);
  return apply_activation(call, out, "activation", kind.dialect);
}

/// Output channel c * multiplier + m reads input channel c alone.
Tensor append_depthwise(LayerCall& call, const Tensor& in, const QuantizedTensor& kernel,
                        const Window& window, int multiplier, std::string_view part) {
  size_t outs = static_cast<size_t>(in.sizes.back()) * static_cast<size_t>(multiplier);
  size_t per_channel = static_cast<size_t>(window.height) * static_cast<size_t>(window.width);
  foreign::Node node = node_of(foreign::Op::conv2d);
  node.window = window;
  node.groups = in.sizes.back();
  int filters = static_cast<int>(outs);
  node.constant =
      arrange(call, kernel, multiplier, {filters, window.height, window.width, 1}, std::string(part),
              [per_channel, outs](size_t i) { return (i % per_channel) * outs + i / per_channel; });
  return call.append({in}, std::move(node), part, window_output(call, in, window, filters));
}

int read_multiplier(const LayerCall& call, const Tensor& in) {
  return call.config.integer("depth_multiplier", 1, kMostChannels / in.sizes.back() + 1, 1);
}

Tensor build_depthwise(LayerCall& call, Convolution kind) {
  const Tensor& in = call.padded_input();
  check_image(call, in, kind.rank);
  int multiplier = read_multiplier(call, in), filters = in.sizes.back() * multiplier;
  Window window = read_window(call, in, "kernel_size", 1);
  StoredTensor kernel =
      call.weight("depthwise_kernel", 0, kernel_sizes(kind.rank, window, in.sizes.back(), multiplier));
  std::optional<FoldedNorm> norm;
  if (kind.has_norm) {
    norm = read_norm(call, filters);
    for (size_t i = 0; i < kernel.values.size(); ++i)
      kernel.values[i] *= norm->factor[i % norm->factor.size()];
  }
  QuantizedTensor quantized = quantize(call, "depthwise_quantizer", kernel, WeightRole::kernel);
  note_padding(call, in);
  Tensor out = append_depthwise(call, in, quantized, window, multiplier, "kernel");
  out = append_bias(call, out, filters, 1, norm);
  return apply_activation(call, out, "activation", kind.dialect);
}

Tensor build_separable(LayerCall& call, Convolution kind) {
  const Tensor& in = call.padded_input();
  check_image(call, in, kind.rank);
  int multiplier = read_multiplier(call, in), between = in.sizes.back() * multiplier;
  int filters = call.config.integer("filters", 1, kMostChannels);
  Window window = read_window(call, in, "kernel_size", 1);
  const StoredTensor& depthwise =
      call.weight("depthwise_kernel", 0, kernel_sizes(kind.rank, window, in.sizes.back(), multiplier));
  const StoredTensor& pointwise =
      call.weight("pointwise_kernel", 1, kernel_sizes(kind.rank, Window(), between, filters));
  note_padding(call, in);
  Tensor out =
      append_depthwise(call, in, quantize(call, "depthwise_quantizer", depthwise, WeightRole::kernel), window,
                       multiplier, "depthwise");
  out = append_convolution(call, out, quantize(call, "pointwise_quantizer", pointwise, WeightRole::kernel),
                           Window(), filters, 1, "pointwise");
  out = append_bias(call, out, filters, 2, {});
  return apply_activation(call, out, "activation", kind.dialect);
}

/// Without output_padding the output of "same" has size x stride, of "valid" what the windows cover, at least
/// that.
void set_transposed_padding(const std::string& padding, int kernel, int dilation, int stride, int& before,
                            int& after) {
  int excess = dilation * (kernel - 1) + 1 - stride;
  before = padding == "same" && excess > 0 ? excess / 2 : 0;
  after = padding == "same" && excess > 0 ? excess - before : std::min(excess, 0);
}

Tensor build_transposed(LayerCall& call, Convolution kind) {
  const Tensor& in = call.input();
  check_image(call, in, kind.rank);
  if (call.config.find("output_padding") != nullptr)
    call.fail("output_padding", "is given; NetSurf takes null only");
  if (call.config.integer("groups", 1, kMostChannels, 1) != 1) call.fail("groups", "is not 1");
  int filters = call.config.integer("filters", 1, kMostChannels);
  Window window = read_window(call, in, "kernel_size", 1);
  std::string padding = call.config.text("padding", "valid");
  set_transposed_padding(padding, window.height, window.dilation_y, window.stride_y, window.pad_top,
                         window.pad_bottom);
  set_transposed_padding(padding, window.width, window.dilation_x, window.stride_x, window.pad_left,
                         window.pad_right);
  const StoredTensor& kernel =
      call.weight("kernel", 0, kernel_sizes(kind.rank, window, filters, in.sizes.back()));
  size_t depth = static_cast<size_t>(in.sizes.back()), outs = static_cast<size_t>(filters);
  size_t per_channel = depth * static_cast<size_t>(window.height) * static_cast<size_t>(window.width);
  foreign::Node node = node_of(foreign::Op::conv2d_transpose);
  node.window = window;
  node.constant = arrange(call, quantize(call, "kernel_quantizer", kernel, WeightRole::kernel),
                          in.sizes.back(), {filters, window.height, window.width, in.sizes.back()}, "kernel",
                          [per_channel, depth, outs](size_t i) {
                            size_t channel = i / per_channel, pixel = i % per_channel / depth;
                            return (pixel * outs + channel) * depth + i % depth;
                          });
  auto out_size = [](int size, int stride, int dilation, int kernel_size, int pads) {
    return (size - 1) * stride + dilation * (kernel_size - 1) + 1 - pads;
  };
  std::vector<int> sizes = {out_size(in.sizes[0], window.stride_y, window.dilation_y, window.height,
                                     window.pad_top + window.pad_bottom),
                            out_size(in.sizes[1], window.stride_x, window.dilation_x, window.width,
                                     window.pad_left + window.pad_right),
                            filters};
  Tensor out = call.append({in}, std::move(node), "kernel", sizes);
  out = append_bias(call, out, filters, 1, {});
  return apply_activation(call, out, "activation", kind.dialect);
}

constexpr Dialect kKeras = Dialect::keras, kQKeras = Dialect::qkeras;

constexpr LayerRow kRows[] = {
    {"Conv1D",
     [](LayerCall& call) {
       return build_convolution(call, {2, false, kKeras});
     }},
    {"Conv2D",
     [](LayerCall& call) {
       return build_convolution(call, {3, false, kKeras});
     }},
    {"QConv1D",
     [](LayerCall& call) {
       return build_convolution(call, {2, false, kQKeras});
     }},
    {"QConv2D",
     [](LayerCall& call) {
       return build_convolution(call, {3, false, kQKeras});
     }},
    {"QConv2DBatchnorm",
     [](LayerCall& call) {
       return build_convolution(call, {3, true, kQKeras});
     }},
    {"DepthwiseConv2D",
     [](LayerCall& call) {
       return build_depthwise(call, {3, false, kKeras});
     }},
    {"QDepthwiseConv2D",
     [](LayerCall& call) {
       return build_depthwise(call, {3, false, kQKeras});
     }},
    {"QDepthwiseConv2DBatchnorm",
     [](LayerCall& call) {
       return build_depthwise(call, {3, true, kQKeras});
     }},
    {"SeparableConv1D",
     [](LayerCall& call) {
       return build_separable(call, {2, false, kKeras});
     }},
    {"SeparableConv2D",
     [](LayerCall& call) {
       return build_separable(call, {3, false, kKeras});
     }},
    {"QSeparableConv1D",
     [](LayerCall& call) {
       return build_separable(call, {2, false, kQKeras});
     }},
    {"QSeparableConv2D",
     [](LayerCall& call) {
       return build_separable(call, {3, false, kQKeras});
     }},
    {"Conv2DTranspose",
     [](LayerCall& call) {
       return build_transposed(call, {3, false, kKeras});
     }},
    {"QConv2DTranspose",
     [](LayerCall& call) {
       return build_transposed(call, {3, false, kQKeras});
     }},
};

}  // namespace

std::span<const LayerRow> convolution_layers() { return kRows; }

}  // namespace netsurf::keras
