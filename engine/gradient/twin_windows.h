// The geometry of a model's layers in the terms of kernels/floating.
#pragma once

#include "engine/model/layer.h"
#include "kernels/floating/conv2d.h"

namespace netsurf {

inline floating::ImageShape image_shape(const Shape& shape) {
  return {.batch = 1, .height = shape[0], .width = shape[1], .channels = shape[2]};
}

inline floating::WindowShape window_shape(const Window& window, int out_height, int out_width) {
  return {.height = window.height,
          .width = window.width,
          .stride_y = window.stride_y,
          .stride_x = window.stride_x,
          .dilation_y = window.dilation_y,
          .dilation_x = window.dilation_x,
          .pad_top = window.pad_top,
          .pad_left = window.pad_left,
          .out_height = out_height,
          .out_width = out_width};
}

}  // namespace netsurf
