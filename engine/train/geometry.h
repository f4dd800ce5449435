// Geometry of nodes in the terms of kernels/floating.
#pragma once

#include "engine/train/network.h"
#include "kernels/floating/conv2d.h"
#include "kernels/floating/quantize.h"

namespace netsurf {

/// The codes and the step of a format.
inline floating::Grid grid_of(const Format& format) {
  return {format.step(), static_cast<double>(format.min_code()), static_cast<double>(format.max_code())};
}

inline floating::ImageShape image_of(const Node& node, int batch) {
  return {batch, node.in[0], node.in[1], node.in[2]};
}

inline floating::WindowShape window_of(const Node& node) {
  const Window& w = node.window;
  return {w.height,
          w.width,
          w.stride_y,
          w.stride_x,
          w.dilation_y,
          w.dilation_x,
          w.pad_top,
          w.pad_left,
          w.out_height(node.in[0]),
          w.out_width(node.in[1])};
}

inline floating::ConvShape conv_of(const Node& node, int batch) {
  return {image_of(node, batch), window_of(node), node.shape[2], node.groups};
}

}  // namespace netsurf
