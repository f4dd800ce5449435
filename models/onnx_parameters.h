// The stored tensors of an untrusted ONNX graph: constants behind Quant nodes, possibly transposed or
// reshaped on the way to the layer that uses them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/model/layer.h"
#include "models/onnx_graph.h"
#include "models/onnx_property.h"

namespace netsurf {

/// Whether a node is a Quant of one of its domains.
bool is_quant(const onnx::NodeProto& node);

/// The format a Quant node rounds to: constant scale 2^-f, zero point 0, constant bit width, not narrow,
/// rounding half to even. Consumes the node's entry in property.one_bit. Throws FormatError for any other.
Format read_quant(const OnnxGraph& graph, const onnx::NodeProto& quant, OnnxProperty& property);

class OnnxParameters {
 public:
  /// Finds the Quant nodes that read a constant, and what only reorders their outputs. Entries of the
  /// property that are used are removed from it. Arguments must outlive it.
  OnnxParameters(const OnnxGraph& graph, OnnxProperty& property);

  /// Whether the tensor is a stored one, and whether the node only makes one.
  bool holds(const std::string& tensor) const { return views_.count(tensor) > 0; }
  bool owns(const onnx::NodeProto& node) const { return nodes_.count(&node) > 0; }

  /// Index, in parameters(), of a tensor that `node` reads as a matrix [in, out], an image kernel [out, in,
  /// kh, kw], or one number per channel along the axis that has `axes_behind` axes behind it. Throws
  /// FormatError for other shapes.
  int matrix(const onnx::NodeProto& node, const std::string& tensor);
  int image_kernel(const onnx::NodeProto& node, const std::string& tensor);
  int channels(const onnx::NodeProto& node, const std::string& tensor, int count, int axes_behind);

  /// Those that were asked for, in that order.
  std::vector<Parameter>& parameters() { return parameters_; }

 private:
  struct View {
    const onnx::NodeProto* quant = nullptr;
    std::vector<int> dims;
    bool is_transposed = false;  // a matrix with its axes exchanged
    bool is_reshaped = false;
  };
  /// How a parameter was read first; another layer must read it the same way.
  struct Use {
    int index = 0;
    Shape shape;
    std::vector<int> axes;
  };

  void add_view(const onnx::NodeProto& node);
  const View& view(const onnx::NodeProto& node, const std::string& tensor) const;
  /// The parameter behind a view, read on first use: constant of sizes `dims`, its axes permuted.
  int use(const onnx::NodeProto& node, const View& view, const std::vector<int>& dims,
          const std::vector<int>& axes);

  const OnnxGraph& graph_;
  OnnxProperty& property_;
  std::unordered_map<std::string, View> views_;
  std::unordered_set<const onnx::NodeProto*> nodes_;
  std::unordered_set<const onnx::TensorProto*> read_;
  std::map<const onnx::NodeProto*, Use> uses_;  // by Quant node
  std::vector<Parameter> parameters_;
};

}  // namespace netsurf
