// An index over the graph of an untrusted ONNX file: who makes a tensor, who reads it, what is constant; and
// typed, checked access to attributes and numbers. Knows ONNX, not networks. Refusals name the file and the
// node.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "models/qonnx/onnx_proto.h"

namespace netsurf {

class OnnxGraph {
 public:
  /// Checks the wiring: every tensor a node reads was given before by an input, an initializer or a node,
  /// every name is given once. Throws FormatError. Both arguments must outlive the index.
  OnnxGraph(const onnx::GraphProto& graph, const std::string& file);

  /// All nodes but constant ones, in the file's (topological) order.
  const std::vector<const onnx::NodeProto*>& nodes() const { return nodes_; }

  /// The numbers behind a tensor that is an initializer, a Constant node, or a Cast of one to float32; null
  /// for others.
  const onnx::TensorProto* constant(const std::string& tensor) const;

  /// The one node that reads the tensor; null when there are none or several, or when it leaves the graph.
  const onnx::NodeProto* only_reader(const std::string& tensor) const;

  /// The one input that is no initializer, and the one output. Throws FormatError when there are more.
  const onnx::ValueInfoProto& input() const;
  const std::string& output() const;

  [[noreturn]] void refuse(const std::string& why) const;
  [[noreturn]] void refuse(const onnx::NodeProto& node, const std::string& why) const;

  /// Refuses a node with another number of inputs, or not exactly one output.
  void expect_inputs(const onnx::NodeProto& node, int at_least, int at_most) const;
  /// Refuses a node with an attribute that is not in the list.
  void expect_attributes(const onnx::NodeProto& node, std::initializer_list<std::string_view> known) const;

  /// An attribute's value, or the fallback when it is absent; without a fallback absence is refused.
  int64_t integer(const onnx::NodeProto& node, std::string_view name, std::optional<int64_t> fallback) const;
  std::vector<int64_t> integers(const onnx::NodeProto& node, std::string_view name,
                                std::vector<int64_t> fallback) const;
  std::string text(const onnx::NodeProto& node, std::string_view name, const std::string& fallback) const;
  /// A finite real number.
  double real(const onnx::NodeProto& node, std::string_view name, double fallback) const;

  /// `number`, refused outside [low, high]; `name` says what it is. REQUIRES: the range fits an int.
  int in_range(const onnx::NodeProto& node, const char* name, int64_t number, int64_t low,
               int64_t high) const;

  /// Sizes of a constant: at most `max_rank` of them, each 1 to 2^31 - 1. Refusals name `node`, which reads
  /// it.
  std::vector<int> sizes(const onnx::NodeProto& node, const onnx::TensorProto& tensor, size_t max_rank) const;
  /// All numbers of a constant in C order, finite, as many as its sizes say and at most `max_count`. float32,
  /// float64 and integer types.
  std::vector<double> numbers(const onnx::NodeProto& node, const onnx::TensorProto& tensor,
                              uint64_t max_count) const;
  /// The number of a one-element constant that the node reads as `role`.
  double number(const onnx::NodeProto& node, const std::string& tensor, const char* role) const;

 private:
  void add_constant(const onnx::NodeProto& node);
  void add_readers(const onnx::NodeProto& node);
  const onnx::AttributeProto* find(const onnx::NodeProto& node, std::string_view name, int type) const;

  const onnx::GraphProto& graph_;
  const std::string& file_;
  std::vector<const onnx::NodeProto*> nodes_;
  std::unordered_map<std::string, const onnx::TensorProto*> constants_;
  struct Readers {
    const onnx::NodeProto* first = nullptr;
    int count = 0;
  };
  std::unordered_map<std::string, Readers> readers_;
};

/// Whether a node is an operator of ONNX itself with that name.
bool is_op(const onnx::NodeProto& node, std::string_view op);

/// Text from a file, made fit for a message: quoted, cut at 60 bytes, odd characters replaced.
std::string in_quotes(std::string_view text);

}  // namespace netsurf
