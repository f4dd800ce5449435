// Saved models as protobuf messages, to be edited and loaded again.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>

#include "engine/base/error.h"
#include "models/qonnx/onnx_export.h"
#include "models/qonnx/onnx_import.h"
#include "models/qonnx/onnx_proto.h"

namespace netsurf {

inline onnx::ModelProto saved(const Model& model) {
  onnx::ModelProto proto;
  EXPECT_TRUE(proto.ParseFromString(model_to_onnx(model)));
  return proto;
}

inline Model load(const onnx::ModelProto& proto) {
  return model_from_onnx(proto.SerializeAsString(), "file.onnx");
}

/// The message of the refusal of a saved model after `edit`.
inline std::string refusal(const Model& model, const std::function<void(onnx::ModelProto&)>& edit) {
  onnx::ModelProto proto = saved(model);
  edit(proto);
  try {
    load(proto);
  } catch (const FormatError& error) {
    return error.what();
  } catch (const InputError& error) {
    return error.what();
  }
  return "loaded";
}

inline onnx::NodeProto& node_of(onnx::ModelProto& proto, const std::string& output) {
  for (auto& node : *proto.mutable_graph()->mutable_node()) {
    if (node.output(0) == output) return node;
  }
  throw std::logic_error("no node gives " + output);
}

inline onnx::TensorProto& initializer_of(onnx::ModelProto& proto, const std::string& name) {
  for (auto& tensor : *proto.mutable_graph()->mutable_initializer()) {
    if (tensor.name() == name) return tensor;
  }
  throw std::logic_error("no initializer " + name);
}

inline void set_float(onnx::TensorProto& tensor, size_t element, float value) {
  tensor.mutable_raw_data()->replace(element * sizeof value, sizeof value,
                                     reinterpret_cast<const char*>(&value), sizeof value);
}

inline onnx::AttributeProto& attribute_of(onnx::NodeProto& node, const std::string& name) {
  for (auto& attribute : *node.mutable_attribute()) {
    if (attribute.name() == name) return attribute;
  }
  throw std::logic_error("no attribute " + name);
}

}  // namespace netsurf
