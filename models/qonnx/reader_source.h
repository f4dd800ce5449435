// The file as it was stored: its one graph, checked to hang together, and its nodes in an order that does not
// depend on the order they stand in.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "models/qonnx/reader_operator.h"

namespace netsurf::qonnx {

inline constexpr int64_t kOldestOpset = 7;   // from here on broadcasting is numpy's
inline constexpr int64_t kNewestOpset = 27;  // later ones may mean something else
inline constexpr int kMaxNodes = 65536;

/// Parses untrusted bytes. Throws FormatError beginning with `file` for what is no ONNX model, is nested too
/// deep, has another operator set than these, or functions of its own.
onnx::ModelProto parse_model(std::string_view bytes, const std::string& file);

class Source {
 public:
  /// Checks the graph of a parsed model, which must outlive this: no tensor given twice, none missing, no
  /// cycle. Throws FormatError beginning with `file`.
  Source(const onnx::ModelProto& model, std::string file);

  const onnx::GraphProto& graph() const { return model_.graph(); }
  const std::string& file() const { return file_; }

  /// The nodes that the outputs need, each after those it reads; depth first from the first output.
  const std::vector<Operator>& operators() const { return operators_; }
  const onnx::ValueInfoProto& input() const { return *input_; }
  /// nullptr for a tensor that is not stored.
  const onnx::TensorProto* initializer(const std::string& name) const;
  /// The `finn_datatype` that QONNX notes for a tensor; empty where there is none.
  std::string data_type(const std::string& name) const;
  /// The operators that read a tensor.
  std::vector<const Operator*> readers(const std::string& name) const;

  [[noreturn]] void refuse(const std::string& why) const;
  [[noreturn]] void refuse(const Operator& op, const std::string& why) const;

 private:
  void collect_tensors();
  void collect_nodes();
  void find_input();
  void order_nodes();
  Operator operator_of(const onnx::NodeProto& node) const;

  const onnx::ModelProto& model_;
  std::string file_;
  std::unordered_map<std::string, const onnx::TensorProto*> initializers_;
  std::unordered_map<std::string, std::string> data_types_;
  std::unordered_map<std::string, int> givers_;  // tensor -> node that puts it out
  std::unordered_map<std::string, std::vector<size_t>> readers_;
  std::unordered_map<std::string, int64_t> opsets_;
  const onnx::ValueInfoProto* input_ = nullptr;
  std::vector<Operator> operators_;
};

/// Reads tensors kept outside the file from the model's own folder. Throws Complaint for a path that leaves
/// it (absolute, by "..", or through a link), a missing file, or a range outside of it.
std::function<std::string(const onnx::TensorProto&)> external_reader(const std::filesystem::path& folder);
/// For models that come as bytes: refuses.
std::string refuse_external(const onnx::TensorProto& tensor);

}  // namespace netsurf::qonnx
