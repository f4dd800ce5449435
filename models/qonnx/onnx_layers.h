// The layers found so far in an ONNX graph: which tensors carry their outputs, in which order of axes and of
// what shape.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/model/layer.h"
#include "models/qonnx/onnx_graph.h"
#include "models/qonnx/onnx_property.h"

namespace netsurf {

/// How the axes of a tensor stand after the batch.
enum class AxisOrder {
  channels_last,   // as NetSurf keeps them; also everything that is no image
  channels_first,  // an image as ONNX operators read it
  one_pixel,       // [c, 1, 1]: a global average that no Flatten has made a vector yet
};

/// A tensor of the graph that carries a layer's output.
struct LayerOutput {
  int layer = 0;
  AxisOrder order = AxisOrder::channels_last;
};

class OnnxLayers {
 public:
  /// Arguments must outlive it. Entries of property.names are removed as layers take them.
  OnnxLayers(const OnnxGraph& graph, OnnxProperty& property) : graph_(graph), property_(property) {}

  std::vector<Layer>& layers() { return layers_; }
  const Shape& shape_of(const LayerOutput& output) const {
    return shapes_[static_cast<size_t>(output.layer)];
  }

  /// Whether the tensor is a layer's output, and which; refused, naming `node`, which reads it, when it is
  /// none.
  const LayerOutput& output(const onnx::NodeProto& node, const std::string& tensor) const;
  /// As output(), and it must be an image with channels first.
  LayerOutput image(const onnx::NodeProto& node, const std::string& tensor) const;
  /// As output(), and it must be as NetSurf keeps it.
  LayerOutput plain(const onnx::NodeProto& node, const std::string& tensor) const;
  /// As output(), and its elements must come in the order in which NetSurf keeps them.
  LayerOutput elements(const onnx::NodeProto& node, const std::string& tensor) const;
  /// The layer that gives the graph's output, which nobody may read.
  void check_last() const;

  /// A sample of `node`'s output may have these sizes: each positive, 2^31 - 1 elements at most, image sides
  /// up to 2^20.
  void check_shape(const onnx::NodeProto& node, const std::vector<int64_t>& sizes) const;

  /// Appends a layer whose pattern ends in node `last`.
  void add(const onnx::NodeProto& last, Layer layer, const std::vector<int64_t>& sizes,
           AxisOrder order = AxisOrder::channels_last);
  /// The same, of the shape and order of one of its inputs.
  void add_alike(const onnx::NodeProto& last, Layer layer, const LayerOutput& like);
  /// Another tensor that carries the same layer's output.
  void add_alias(const std::string& tensor, LayerOutput output) { outputs_[tensor] = output; }

  /// The next node of a pattern: of the given operator, the only reader of `node`'s output, in no pattern
  /// yet; else null.
  const onnx::NodeProto* follow(const onnx::NodeProto& node, std::string_view op) const;
  /// The same, but refused when it is not there; it is in a pattern from now on.
  const onnx::NodeProto& expect_next(const onnx::NodeProto& node, std::string_view op);
  void mark_read(const onnx::NodeProto& node) { read_.insert(&node); }
  bool is_read(const onnx::NodeProto& node) const { return read_.count(&node) > 0; }

 private:
  const OnnxGraph& graph_;
  OnnxProperty& property_;
  std::unordered_map<std::string, LayerOutput> outputs_;
  std::unordered_set<const onnx::NodeProto*> read_;  // inside or at the end of a pattern
  std::vector<Layer> layers_;
  std::vector<Shape> shapes_;  // of the layers' outputs
};

}  // namespace netsurf
