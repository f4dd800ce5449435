// Two-dimensional convolution over a batch of channels-last images, as matrix products over unfolded windows.
// Groups, stride, dilation and padding; groups equal to the input channels make it a depthwise convolution.
#pragma once

namespace netsurf::floating {

struct ImageShape {
  int batch = 0, height = 0, width = 0, channels = 0;
};

/// Geometry of a window that slides over an image; padding reads zero in a convolution and never wins in a
/// pool.
struct WindowShape {
  int height = 1, width = 1;
  int stride_y = 1, stride_x = 1;
  int dilation_y = 1, dilation_x = 1;
  int pad_top = 0, pad_left = 0;
  int out_height = 1, out_width = 1;
};

struct ConvShape {
  ImageShape in;
  WindowShape window;
  int filters = 0;
  int groups = 1;  // divides in.channels and filters
};

/// x [batch, height, width, channels], kernel [filters, kh, kw, channels/groups], bias [filters] or null,
/// y [batch, out_height, out_width, filters].
void conv2d_forward(const ConvShape& shape, const float* x, const float* kernel, const float* bias, float* y);

/// From dy (shape of y): dkernel, dbias unless null, dx unless null. Overwrites them.
void conv2d_backward(const ConvShape& shape, const float* x, const float* kernel, const float* dy, float* dx,
                     float* dkernel, float* dbias);

}  // namespace netsurf::floating
