// Writes small ONNX files for the tests of the reader, node by node.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "models/qonnx/onnx_proto.h"
#include "models/qonnx/onnx_reader.h"
#include "tests/support/float_network.h"

namespace netsurf::qonnx {

using Floats = std::vector<float>;

class TestFile {
 public:
  explicit TestFile(int64_t opset = 13) {
    model.set_ir_version(8);
    model.add_opset_import()->set_version(opset);
    graph = model.mutable_graph();
    graph->set_name("test");
  }

  TestFile& input(const std::string& name, const std::vector<int64_t>& sizes) {
    info(graph->add_input(), name, sizes);
    return *this;
  }
  TestFile& output(const std::string& name) {
    graph->add_output()->set_name(name);
    return *this;
  }

  onnx::TensorProto& floats(const std::string& name, const std::vector<int64_t>& sizes,
                            const Floats& values) {
    onnx::TensorProto* tensor = tensor_of(name, sizes, onnx::TensorProto::FLOAT);
    for (float value : values) tensor->add_float_data(value);
    return *tensor;
  }
  /// Filled with 0.25, 0.5, ... in turn.
  onnx::TensorProto& filled(const std::string& name, const std::vector<int64_t>& sizes) {
    int64_t count = 1;
    for (int64_t size : sizes) count *= size;
    Floats values;
    for (int64_t i = 0; i < count; ++i) values.push_back(0.25F * static_cast<float>(i + 1));
    return floats(name, sizes, values);
  }
  onnx::TensorProto& integers(const std::string& name, const std::vector<int64_t>& values) {
    auto* tensor = tensor_of(name, {static_cast<int64_t>(values.size())}, onnx::TensorProto::INT64);
    for (int64_t value : values) tensor->add_int64_data(value);
    return *tensor;
  }
  onnx::TensorProto& codes(const std::string& name, const std::vector<int64_t>& sizes, int type,
                           const std::vector<int32_t>& values) {
    onnx::TensorProto* tensor = tensor_of(name, sizes, type);
    for (int32_t value : values) tensor->add_int32_data(value);
    return *tensor;
  }

  /// A node called after its first output; "domain:Type" for another domain.
  onnx::NodeProto& node(const std::string& type, const std::vector<std::string>& inputs,
                        const std::vector<std::string>& outputs) {
    onnx::NodeProto* node = graph->add_node();
    size_t colon = type.find(':');
    node->set_op_type(colon == std::string::npos ? type : type.substr(colon + 1));
    if (colon != std::string::npos) node->set_domain(type.substr(0, colon));
    for (const std::string& name : inputs) node->add_input(name);
    for (const std::string& name : outputs) node->add_output(name);
    node->set_name(outputs[0] + "_node");
    return *node;
  }
  onnx::NodeProto& quant(const std::string& x, const std::string& y, float scale, float zero_point,
                         float bits, bool is_signed = true, bool narrow = false,
                         const std::string& rounding = "ROUND") {
    floats(y + "_s", {}, {scale});
    floats(y + "_z", {}, {zero_point});
    floats(y + "_b", {}, {bits});
    onnx::NodeProto& made = node("qonnx.custom_op.general:Quant", {x, y + "_s", y + "_z", y + "_b"}, {y});
    set(made, "signed", is_signed ? 1 : 0);
    set(made, "narrow", narrow ? 1 : 0);
    set(made, "rounding_mode", rounding);
    return made;
  }

  static void set(onnx::NodeProto& node, const std::string& name, int value) {
    set(node, name, int64_t{value});
  }
  static void set(onnx::NodeProto& node, const std::string& name, int64_t value) {
    onnx::AttributeProto* attribute = added(node, name, onnx::AttributeProto::INT);
    attribute->set_i(value);
  }
  static void set(onnx::NodeProto& node, const std::string& name, float value) {
    added(node, name, onnx::AttributeProto::FLOAT)->set_f(value);
  }
  static void set(onnx::NodeProto& node, const std::string& name, const std::string& value) {
    added(node, name, onnx::AttributeProto::STRING)->set_s(value);
  }
  static void set(onnx::NodeProto& node, const std::string& name, const std::vector<int64_t>& values) {
    onnx::AttributeProto* attribute = added(node, name, onnx::AttributeProto::INTS);
    for (int64_t value : values) attribute->add_ints(value);
  }

  std::string bytes() const { return model.SerializeAsString(); }
  foreign::Graph read() const { return graph_from_onnx(bytes(), "test.onnx"); }

  onnx::ModelProto model;
  onnx::GraphProto* graph;

 private:
  static onnx::AttributeProto* added(onnx::NodeProto& node, const std::string& name,
                                     onnx::AttributeProto::AttributeType type) {
    onnx::AttributeProto* attribute = node.add_attribute();
    attribute->set_name(name);
    attribute->set_type(type);
    return attribute;
  }
  static void info(onnx::ValueInfoProto* made, const std::string& name, const std::vector<int64_t>& sizes) {
    made->set_name(name);
    auto* type = made->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    for (int64_t size : sizes) {
      auto* dim = type->mutable_shape()->add_dim();
      if (size == 0) {
        dim->set_dim_param("N");
      } else {
        dim->set_dim_value(size);
      }
    }
  }
  onnx::TensorProto* tensor_of(const std::string& name, const std::vector<int64_t>& sizes, int type) {
    onnx::TensorProto* tensor = graph->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(type);
    for (int64_t size : sizes) tensor->add_dims(size);
    return tensor;
  }
};

/// The only node of that operation.
inline const foreign::Node& only(const foreign::Graph& graph, foreign::Op op) {
  const foreign::Node* found = nullptr;
  for (const foreign::Node& node : graph.nodes) {
    if (node.op == op) found = &node;
  }
  if (found == nullptr) throw std::runtime_error("no such node");
  return *found;
}

inline std::vector<foreign::Op> ops(const foreign::Graph& graph) {
  std::vector<foreign::Op> result;
  for (const foreign::Node& node : graph.nodes) result.push_back(node.op);
  return result;
}

/// The outputs of the file in float32.
inline Floats computed(const TestFile& file, const Floats& input) {
  foreign::Graph graph = file.read();
  return foreign::testing::output_of(graph, input);
}

/// A file with one node that reads x and puts y out.
inline TestFile single(const std::string& type, const std::vector<int64_t>& sizes, int64_t opset = 13) {
  TestFile file(opset);
  file.input("x", sizes).output("y");
  file.node(type, {"x"}, {"y"});
  return file;
}

}  // namespace netsurf::qonnx
