// Windows of convolutions and pooling, from ONNX attributes. A sequence is an image one row high.
#pragma once

#include <utility>

#include "models/qonnx/reader_operator.h"

namespace netsurf::qonnx {

/// Throws Complaint when kernel_shape is given and is not that of the weights.
void check_kernel_shape(const Operator& op, int height, int width, bool is_sequence);
/// kernel_shape as {height, width}, for pooling.
std::pair<int, int> kernel_shape_of(const Operator& op, bool is_sequence);

/// Strides, dilations, pads, auto_pad and ceil_mode for an image [height, width, channels]. Throws Complaint
/// for what leaves no output or is out of range.
Window window_of(const Operator& op, int height, int width, const Shape& image, bool is_sequence);
/// Of a ConvTranspose; sets the first two sizes of `out`.
Window transposed_window_of(const Operator& op, int height, int width, const Shape& image, bool is_sequence,
                            Shape& out);

/// ONNX sizes of an image [height, width, channels] whose channels stand at that axis.
Sizes sizes_of_image(const Shape& shape, int channel_axis, bool is_sequence);

}  // namespace netsurf::qonnx
