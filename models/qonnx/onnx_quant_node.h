// The quantizer nodes of QONNX as our own files use them: what one says, and how its roundings are called.
#pragma once

#include <string_view>

#include "engine/model/layer.h"
#include "models/qonnx/onnx_graph.h"
#include "models/qonnx/onnx_property.h"

namespace netsurf {

/// Whether a node is a Quant, a BipolarQuant or a MultiThreshold of one of their domains.
bool is_quant(const onnx::NodeProto& node);
bool is_bipolar_quant(const onnx::NodeProto& node);
bool is_multi_threshold(const onnx::NodeProto& node);

/// QONNX's name of a rounding mode; empty for half_up and half_down, which it does not have.
std::string_view qonnx_rounding(core::Rounding rounding);

/// MultiThreshold's data_layout for samples of `rank` axes behind the batch.
std::string_view threshold_layout(size_t rank, bool channels_first);

/// What a Quant node rounds to: codes of `format`, the lowest (of an unsigned format the highest) left out
/// when narrow; a code stands for (code - zero_point) steps.
struct QuantNode {
  Format format;
  bool is_narrow = false;
  int32_t zero_point = 0;
  core::Rounding rounding = core::Rounding::half_even;
};

/// Scale 2^-f, zero point and bit width must be constants. Consumes the node's entry in property.one_bit.
/// Throws FormatError for any other node.
QuantNode read_quant(const OnnxGraph& graph, const onnx::NodeProto& quant, OnnxProperty& property);

/// The same for a node that may only round half to even to the whole of a format, without a zero point.
Format read_plain_quant(const OnnxGraph& graph, const onnx::NodeProto& quant, OnnxProperty& property);

/// The fraction bits of the power of two that `scale` is. Throws FormatError naming the node for any other
/// number.
int read_frac_bits(const OnnxGraph& graph, const onnx::NodeProto& node, double scale);

}  // namespace netsurf
