// Writes the foreign graph node by node, and keeps for every computed tensor where its numbers lie.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "models/foreign/graph.h"
#include "models/qonnx/reader_layout.h"
#include "models/qonnx/reader_tensor.h"

namespace netsurf::qonnx {

/// A computed tensor: the node of the foreign graph that holds its numbers, and how the file counts through
/// them.
struct View {
  int node = -1;
  Shape shape;  // of the node: [features] or [height, width, channels]
  Layout layout = Layout::same({});
  std::optional<Grid> codes_of;  // after a QuantizeLinear: what it quantizes by; the node holds what it reads
  bool is_prediction = false;    // after ArgMax or TopK
  std::string moved_by;          // name of the last node that only gave it other sizes
};

using Value = std::variant<std::shared_ptr<const Tensor>, View>;

class Maker {
 public:
  Maker(foreign::Graph& graph, Budget& budget) : graph_(graph), budget_(budget) {}

  foreign::Graph& graph() { return graph_; }
  Budget& budget() { return budget_; }

  /// Appends a node that reads `inputs`; its name gets a number where it is taken.
  int add(foreign::Node node, const std::string& name, std::vector<int> inputs);
  /// Appends a node that keeps sizes and order.
  View then(const View& x, foreign::Node node, const std::string& name);
  View then(const View& x, foreign::Op op, const std::string& name);

  /// The tensor as [features], through a flatten node where it is an image.
  View flat(const View& x, const std::string& name);
  /// The tensor as an image whose channels stand at that axis of the ONNX tensor: of [1, C, H, W], [1, H, W,
  /// C], [1, C, W] or [1, W, C], the last two being one row high. Throws Complaint when the engine would have
  /// to transpose data.
  View image(const View& x, int channel_axis, const std::string& name);
  /// A new tensor of an image node: `sizes` with its spatial axes and channels as image() reads them.
  static View image_view(int node, Shape shape, Sizes sizes, int channel_axis);

  /// For every channel of x (the last axis of its shape) the index into a constant of these sizes; flattens x
  /// where the constant varies over an image. Throws Complaint when it does not fit.
  std::vector<int64_t> channels(View& x, const Sizes& constant, const std::string& name);
  /// The constant as [channels] or [1], for an operation on x.
  foreign::Constant per_channel(View& x, const Tensor& constant, const std::string& name);
  /// x + constant, x * constant or x / constant.
  View affine(View x, foreign::Op op, const Tensor& constant, const std::string& name, bool is_learned);
  /// A quantizer whose scale and zero point are broadcast against x.
  View quantize(View x, const Grid& grid, const std::string& name);

  void assume(const std::string& text);
  void fold(const std::string& text);

 private:
  foreign::Graph& graph_;
  Budget& budget_;
  std::unordered_set<std::string> names_;
  std::unordered_map<std::string, int> copies_;  // of a name, made so far
  std::unordered_set<std::string> said_;
};

/// Sizes of one dimension for every axis but one.
Sizes along(int axis, int64_t size, size_t rank);

}  // namespace netsurf::qonnx
