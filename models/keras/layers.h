// The layer classes NetSurf takes, one table row each, and those it refuses with a reason.
#pragma once

#include <span>
#include <string_view>

#include "models/keras/builder.h"

namespace netsurf::keras {

struct LayerRow {
  std::string_view class_name;
  Tensor (*build)(LayerCall& call);
};

std::span<const LayerRow> sum_layers();
std::span<const LayerRow> convolution_layers();
std::span<const LayerRow> pooling_layers();
std::span<const LayerRow> shape_layers();
std::span<const LayerRow> elementwise_layers();

/// Builds one call of a layer. Throws FormatError for classes it refuses, with the reason, or does not know.
Tensor build_layer(LayerCall& call);

/// The window of attribute `size` (of a pool or a convolution), its strides and dilation, over `tensor` with
/// the zeros asked for before; padding "same" or "valid". A tensor of [steps, channels] is an image of
/// height 1. Throws FormatError for a tensor that is no image, for "causal", and for channels_first.
Window read_window(const LayerCall& call, const Tensor& tensor, std::string_view size, int default_stride);
/// {height, width} of an image.
std::array<int, 2> image_size(const Tensor& tensor);
/// Throws FormatError unless `tensor` has `rank` sizes and the layer's data_format is channels_last.
void check_image(const LayerCall& call, const Tensor& tensor, size_t rank);
/// The sizes of the output of `window` over `tensor` with `channels` channels, of the same rank. Throws
/// FormatError when nothing is left.
std::vector<int> window_output(const LayerCall& call, const Tensor& tensor, const Window& window,
                               int channels);

}  // namespace netsurf::keras
