// The parameters of an untrusted ONNX graph: constants behind Quant or BipolarQuant nodes, and those that the
// property lists as wired in; possibly transposed or reshaped on the way to the layer that uses them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/model/layer.h"
#include "models/qonnx/onnx_graph.h"
#include "models/qonnx/onnx_property.h"

namespace netsurf {

class OnnxParameters {
 public:
  /// Finds the quantizers that read a constant, and what only reorders their outputs. Entries of the
  /// property that are used are removed from it. Arguments must outlive it.
  OnnxParameters(const OnnxGraph& graph, OnnxProperty& property);

  /// Whether the tensor is a stored one, and whether the node only makes one.
  bool holds(const std::string& tensor) const {
    return views_.count(tensor) > 0 || find_wired(tensor) != nullptr;
  }
  bool owns(const onnx::NodeProto& node) const { return nodes_.count(&node) > 0; }

  /// Index, in parameters(), of a tensor that `node` reads as a matrix [in, out], an image kernel [out, in,
  /// kh, kw], a transposed one [in, out, kh, kw], thresholds [channels or 1, t], or one number per channel
  /// along the axis that has `axes_behind` axes behind it. Throws FormatError for other shapes.
  int matrix(const onnx::NodeProto& node, const std::string& tensor);
  int image_kernel(const onnx::NodeProto& node, const std::string& tensor);
  int transposed_kernel(const onnx::NodeProto& node, const std::string& tensor);
  int thresholds(const onnx::NodeProto& node, const std::string& tensor);
  int channels(const onnx::NodeProto& node, const std::string& tensor, int count, int axes_behind);

  /// Those that were asked for, in that order.
  std::vector<Parameter>& parameters() { return parameters_; }

 private:
  struct View {
    const onnx::TensorProto* data = nullptr;
    const onnx::NodeProto* quant = nullptr;  // null when wired in
    std::vector<int> dims;
    std::vector<int> axes;  // of `data` that stand here, in this order
    bool is_reshaped = false;
  };
  /// How a parameter was read first; another layer must read it the same way.
  struct Use {
    int index = 0;
    Shape shape;
    std::vector<int> axes;
  };

  void add_view(const onnx::NodeProto& node);
  View transposed(const onnx::NodeProto& node, View view) const;
  View reshaped(const onnx::NodeProto& node, View view) const;
  /// The numbers behind a tensor that the property lists as a wired-in parameter, else null.
  const onnx::TensorProto* find_wired(const std::string& tensor) const;
  View view(const onnx::NodeProto& node, const std::string& tensor) const;
  View data_view(const onnx::NodeProto& node, const onnx::TensorProto& data,
                 const onnx::NodeProto* quant) const;
  View view_of_rank(const onnx::NodeProto& node, const std::string& tensor, size_t rank,
                    const char* expected) const;
  /// Format, zero point and kind of the parameter behind a view; takes its entries out of the property.
  Parameter read_kind(const View& view);
  /// The parameter behind a view, read on first use: its axis k is axis axes[k] of the view.
  int use(const onnx::NodeProto& node, const View& view, const std::vector<int>& axes);

  const OnnxGraph& graph_;
  OnnxProperty& property_;
  std::unordered_map<std::string, View> views_;
  std::unordered_set<const onnx::NodeProto*> nodes_;
  std::unordered_set<const onnx::TensorProto*> read_;
  std::map<const onnx::TensorProto*, Use> uses_;
  std::map<std::string, ConstantEntry> wired_;  // of the property, for tensors that several layers read
  std::vector<Parameter> parameters_;
};

}  // namespace netsurf
