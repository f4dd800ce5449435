#include "models/qonnx/onnx_writer.h"

#include <bit>

namespace netsurf {
namespace {

// Raw tensor data is little endian by definition of the format.
static_assert(std::endian::native == std::endian::little);

void set_type(onnx::ValueInfoProto& info, const std::string& tensor, const std::vector<int64_t>& dims,
              bool batched) {
  info.set_name(tensor);
  auto* type = info.mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::FLOAT);
  auto* shape = type->mutable_shape();
  if (batched) shape->add_dim()->set_dim_param("N");
  for (int64_t size : dims) shape->add_dim()->set_dim_value(size);
}

}  // namespace

std::string OnnxWriter::claim(const std::string& wanted) {
  std::string stem = wanted.empty() ? "unnamed" : wanted;
  std::string name = stem;
  while (!names_.insert(name).second) name = stem + "_" + std::to_string(++last_number_[stem]);
  return name;
}

onnx::NodeProto& OnnxWriter::node(const std::string& op, const std::vector<std::string>& inputs,
                                  const std::string& output) {
  onnx::NodeProto& node = *graph_.add_node();
  node.set_op_type(op);
  node.set_name(output);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(output);
  return node;
}

template <typename T>
std::string OnnxWriter::initializer(const std::string& name, const std::vector<int64_t>& dims,
                                    const std::vector<T>& values, int type) {
  onnx::TensorProto& tensor = *graph_.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (int64_t size : dims) tensor.add_dims(size);
  // The checker refuses data behind a size of zero, even when there is none.
  if (!values.empty()) tensor.set_raw_data(values.data(), values.size() * sizeof(T));
  return name;
}

std::string OnnxWriter::floats(const std::string& name, const std::vector<int64_t>& dims,
                               const std::vector<float>& values) {
  return initializer(name, dims, values, onnx::TensorProto::FLOAT);
}

std::string OnnxWriter::doubles(const std::string& name, const std::vector<int64_t>& dims,
                                const std::vector<double>& values) {
  return initializer(name, dims, values, onnx::TensorProto::DOUBLE);
}

std::string OnnxWriter::integers(const std::string& name, const std::vector<int64_t>& values) {
  return initializer(name, {static_cast<int64_t>(values.size())}, values, onnx::TensorProto::INT64);
}

void OnnxWriter::shape(const std::string& tensor, const std::vector<int64_t>& dims, bool batched) {
  set_type(*graph_.add_value_info(), tensor, dims, batched);
}

void OnnxWriter::input(const std::string& tensor, const std::vector<int64_t>& dims) {
  set_type(*graph_.add_input(), tensor, dims, true);
}

void OnnxWriter::output(const std::string& tensor, const std::vector<int64_t>& dims) {
  auto* stated = graph_.mutable_value_info();
  if (!stated->empty() && stated->rbegin()->name() == tensor) stated->RemoveLast();
  set_type(*graph_.add_output(), tensor, dims, true);
}

void set_attribute(onnx::NodeProto& node, const std::string& name, int64_t value) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INT);
  attribute->set_i(value);
}

void set_attribute(onnx::NodeProto& node, const std::string& name, const std::vector<int64_t>& values) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INTS);
  for (int64_t value : values) attribute->add_ints(value);
}

void set_attribute(onnx::NodeProto& node, const std::string& name, const std::string& text) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::STRING);
  attribute->set_s(text);
}

void set_real(onnx::NodeProto& node, const std::string& name, float value) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::FLOAT);
  attribute->set_f(value);
}

}  // namespace netsurf
