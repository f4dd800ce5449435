#include "models/keras/layers.h"

#include <algorithm>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace netsurf::keras {
namespace {

struct RefusedLayer {
  std::string_view class_name, reason;
};

constexpr std::string_view kPerElement =
    "its fixed-point format differs from element to element, NetSurf has one per tensor";
constexpr std::string_view kRecurrent = "NetSurf has no recurrent layers";
constexpr std::string_view kPython = "it runs Python code";
constexpr std::string_view kProduct = "NetSurf has no such operation on two tensors";

constexpr RefusedLayer kRefused[] = {
    {"FixedPointQuantizer", kPerElement},
    {"HQuantize", kPerElement},
    {"HDense", kPerElement},
    {"HConv2D", kPerElement},
    {"LSTM", kRecurrent},
    {"GRU", kRecurrent},
    {"SimpleRNN", kRecurrent},
    {"Bidirectional", kRecurrent},
    {"QLSTM", kRecurrent},
    {"QGRU", kRecurrent},
    {"QSimpleRNN", kRecurrent},
    {"QBidirectional", kRecurrent},
    {"Lambda", kPython},
    {"TFOpLambda", kPython},
    {"SlicingOpLambda", kPython},
    {"Multiply", kProduct},
    {"Subtract", kProduct},
    {"Average", kProduct},
    {"Maximum", kProduct},
    {"Minimum", kProduct},
    {"Dot", kProduct},
    {"Permute", "NetSurf does not reorder axes"},
    {"QAdaptiveActivation", "its range is learned and kept outside the quantizer"},
    {"QBatchNormalization", "its parameters are quantized to powers of two"},
    {"LayerNormalization", "it computes a mean of its input"},
    {"PReLU", "its slopes differ from element to element"},
    {"ELU", "NetSurf has no exponential function"},
};

}  // namespace

Tensor build_layer(LayerCall& call) {
  std::string_view name = call.layer.class_name;
  std::vector<std::string> known;
  for (auto rows :
       {sum_layers(), convolution_layers(), pooling_layers(), shape_layers(), elementwise_layers()}) {
    for (const LayerRow& row : rows) {
      if (row.class_name == name) return row.build(call);
      known.emplace_back(row.class_name);
    }
  }
  for (const RefusedLayer& row : kRefused) {
    if (row.class_name == name) {
      throw FormatError(call.where() + " is of a class NetSurf does not take: " + std::string(row.reason));
    }
  }
  std::string nearest = nearest_word(name, known);
  throw FormatError(call.where() + " is of a class NetSurf does not know" +
                    (nearest.empty() ? std::string() : "; the nearest it knows is " + nearest));
}

void check_image(const LayerCall& call, const Tensor& tensor, size_t rank) {
  if (tensor.sizes.size() != rank) {
    std::vector<int64_t> sizes(tensor.sizes.begin(), tensor.sizes.end());
    throw FormatError(call.where() + ": reads a tensor of shape " + shape_of(sizes) + ", expected " +
                      (rank == 2 ? "[steps, channels]" : "[height, width, channels]"));
  }
  std::string format = call.config.text("data_format", "channels_last");
  if (format != "channels_last") call.fail("data_format", "is " + quote(format) + ", expected channels_last");
}

std::array<int, 2> image_size(const Tensor& tensor) {
  return tensor.sizes.size() == 2 ? std::array{1, tensor.sizes[0]}
                                  : std::array{tensor.sizes[0], tensor.sizes[1]};
}

Window read_window(const LayerCall& call, const Tensor& tensor, std::string_view size, int default_stride) {
  constexpr int kLargest = 1 << 16;
  size_t axes = tensor.sizes.size() - 1;
  std::vector<int> sizes = call.config.numbers(size, axes, 1, kLargest);
  std::vector<int> strides = sizes;  // of a pool, unless it says otherwise
  if (default_stride > 0 || call.config.find("strides") != nullptr) {
    strides = call.config.numbers("strides", axes, 1, kLargest, default_stride > 0 ? default_stride : 1);
  }
  std::vector<int> dilation = call.config.numbers("dilation_rate", axes, 1, kLargest, 1);
  Window window;
  window.width = sizes.back();
  window.stride_x = strides.back();
  window.dilation_x = dilation.back();
  if (axes == 2) {
    window.height = sizes[0];
    window.stride_y = strides[0];
    window.dilation_y = dilation[0];
  }
  auto [top, bottom, left, right] = tensor.padding;
  auto [height, width] = image_size(tensor);
  std::string padding = call.config.text("padding", "valid");
  std::transform(padding.begin(), padding.end(), padding.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  if (padding == "same") {
    window.pad_same(height + top + bottom, width + left + right);
  } else if (padding == "causal" && axes == 1 && size == "kernel_size") {
    window.pad_left = window.dilation_x * (window.width - 1);
  } else if (padding != "valid") {
    call.fail("padding", "is " + quote(padding) + ", expected same or valid");
  }
  window.pad_top += top;
  window.pad_bottom += bottom;
  window.pad_left += left;
  window.pad_right += right;
  return window;
}

std::vector<int> window_output(const LayerCall& call, const Tensor& tensor, const Window& window,
                               int channels) {
  auto [height, width] = image_size(tensor);
  int out_height = window.out_height(height), out_width = window.out_width(width);
  if (out_height < 1 || out_width < 1) {
    throw FormatError(call.where() + ": a window of " + std::to_string(window.height) + "x" +
                      std::to_string(window.width) + " does not fit into " + std::to_string(height) + "x" +
                      std::to_string(width));
  }
  if (tensor.sizes.size() == 2) return {out_width, channels};
  return {out_height, out_width, channels};
}

}  // namespace netsurf::keras
