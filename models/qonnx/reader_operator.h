// One node of an ONNX file: its operator, version and attributes, each asked for by name and type.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/qonnx/reader_tensor.h"

namespace netsurf::qonnx {

/// Operators of one meaning go by several domains.
enum class Domain : uint8_t {
  standard,       // ONNX itself: "", ai.onnx
  quantization,   // QONNX: qonnx.custom_op.general, and before that onnx.brevitas, finn.custom_op.general
  channels_last,  // qonnx.custom_op.channels_last: data and kernels channels last
  other,
};

Domain domain_of(const std::string& name);

class Operator {
 public:
  Operator(const onnx::NodeProto& node, Domain domain, int64_t version)
      : node_(&node), domain_(domain), version_(version) {}

  const onnx::NodeProto& node() const { return *node_; }
  Domain domain() const { return domain_; }
  bool is_channels_last() const { return domain_ == Domain::channels_last; }
  /// Of the operator set of its domain.
  int64_t version() const { return version_; }
  const std::string& type() const { return node_->op_type(); }
  /// Its own name, or that of its first output.
  const std::string& name() const;

  /// Throws Complaint naming the attribute when one is not among the space-separated `known` names, stands
  /// twice, or holds a subgraph.
  void expect_attributes(std::string_view known) const;

  bool has(std::string_view attribute) const;
  // Without a fallback a missing attribute is a Complaint; so is one of another type.
  int64_t integer(std::string_view attribute, std::optional<int64_t> fallback = std::nullopt) const;
  /// An integer attribute that is 0 or 1.
  bool flag(std::string_view attribute, std::optional<bool> fallback = std::nullopt) const;
  float real(std::string_view attribute, std::optional<float> fallback = std::nullopt) const;
  std::string text(std::string_view attribute,
                   const std::optional<std::string>& fallback = std::nullopt) const;
  Sizes integers(std::string_view attribute, const std::optional<Sizes>& fallback = std::nullopt) const;
  std::vector<float> reals(std::string_view attribute) const;
  const onnx::TensorProto& tensor(std::string_view attribute) const;

 private:
  const onnx::AttributeProto* find(std::string_view attribute, int type, bool is_required) const;

  const onnx::NodeProto* node_;
  Domain domain_;
  int64_t version_;
};

}  // namespace netsurf::qonnx
