// Finds NetSurf's layers in an ONNX graph: each is a pattern of one to four nodes.
#pragma once

#include <vector>

#include "engine/model/layer.h"
#include "models/qonnx/onnx_graph.h"
#include "models/qonnx/onnx_property.h"

namespace netsurf {

struct OnnxNetwork {
  std::vector<Layer> layers;  // in the graph's order, the input first
  std::vector<Parameter> parameters;
};

/// Reads the whole graph. Entries of the property that are used are removed from it. Throws FormatError
/// naming the node.
OnnxNetwork read_network(const OnnxGraph& graph, OnnxProperty& property);

}  // namespace netsurf
