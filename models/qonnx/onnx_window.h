// The window of a convolution or pool in an untrusted ONNX graph.
#pragma once

#include "engine/model/layer.h"
#include "models/qonnx/onnx_graph.h"

namespace netsurf {

/// Size, strides, dilations and pads of a node: two axes, explicit pads, each number at most 4,096. The given
/// size stands for a missing kernel_shape; 0 makes it required. Throws FormatError naming the node.
Window read_window(const OnnxGraph& graph, const onnx::NodeProto& node, int height, int width);

}  // namespace netsurf
