#include "models/qonnx/onnx_graph.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_set>

#include "engine/base/error.h"

namespace netsurf {
namespace {

/// Copies `count` numbers of type T, which stand either as raw bytes or in a typed field; empty when neither
/// fits.
template <typename T, typename Field>
std::vector<double> copy_numbers(const onnx::TensorProto& tensor, const Field& field, size_t count) {
  std::vector<double> result;
  if (tensor.has_raw_data()) {
    const std::string& raw = tensor.raw_data();
    if (raw.size() / sizeof(T) != count || raw.size() % sizeof(T) != 0) return result;
    result.resize(count);
    for (size_t i = 0; i < count; ++i) {
      T value;
      std::memcpy(&value, raw.data() + i * sizeof(T), sizeof(T));
      result[i] = static_cast<double>(value);
    }
  } else if (static_cast<size_t>(field.size()) == count) {
    result.reserve(count);
    for (auto value : field) result.push_back(static_cast<double>(value));
  }
  return result;
}

std::vector<double> stored_numbers(const onnx::TensorProto& tensor, size_t count) {
  switch (tensor.data_type()) {
    case onnx::TensorProto::FLOAT:
      return copy_numbers<float>(tensor, tensor.float_data(), count);
    case onnx::TensorProto::DOUBLE:
      return copy_numbers<double>(tensor, tensor.double_data(), count);
    case onnx::TensorProto::INT64:
      return copy_numbers<int64_t>(tensor, tensor.int64_data(), count);
    case onnx::TensorProto::INT32:
      return copy_numbers<int32_t>(tensor, tensor.int32_data(), count);
    case onnx::TensorProto::INT16:
      return copy_numbers<int16_t>(tensor, tensor.int32_data(), count);
    case onnx::TensorProto::INT8:
      return copy_numbers<int8_t>(tensor, tensor.int32_data(), count);
    case onnx::TensorProto::UINT16:
      return copy_numbers<uint16_t>(tensor, tensor.int32_data(), count);
    case onnx::TensorProto::UINT8:
      return copy_numbers<uint8_t>(tensor, tensor.int32_data(), count);
    default:
      return {};
  }
}

}  // namespace

std::string in_quotes(std::string_view text) {
  constexpr size_t kLongest = 60;
  std::string shown(text.substr(0, kLongest));
  for (char& c : shown) {
    if (c < ' ' || c > '~') c = '?';
  }
  return '"' + shown + (text.size() > kLongest ? "...\"" : "\"");
}

bool is_op(const onnx::NodeProto& node, std::string_view op) {
  return node.op_type() == op && (node.domain().empty() || node.domain() == "ai.onnx");
}

OnnxGraph::OnnxGraph(const onnx::GraphProto& graph, const std::string& file) : graph_(graph), file_(file) {
  if (graph.sparse_initializer_size() > 0) refuse("has sparse initializers, which are not supported");
  std::unordered_set<std::string> given;
  for (const auto& tensor : graph.initializer()) {
    if (!given.insert(tensor.name()).second)
      refuse("has two initializers called " + in_quotes(tensor.name()));
    constants_[tensor.name()] = &tensor;
  }
  std::unordered_set<std::string> inputs;
  for (const auto& info : graph.input()) {
    if (!inputs.insert(info.name()).second) refuse("has two inputs called " + in_quotes(info.name()));
    given.insert(info.name());
  }
  for (const auto& node : graph.node()) {
    for (const std::string& input : node.input()) {
      if (input.empty()) refuse(node, "leaves an input out, which is not supported");
      if (given.count(input) == 0) {
        refuse(node, "reads tensor " + in_quotes(input) +
                         ", which no input, initializer or earlier node gives (missing, or a cycle)");
      }
    }
    if (node.output_size() != 1 || node.output(0).empty()) {
      refuse(node, "has " + std::to_string(node.output_size()) + " outputs, expected one");
    }
    if (!given.insert(node.output(0)).second)
      refuse(node, "gives tensor " + in_quotes(node.output(0)) + ", which exists already");
    add_readers(node);
    add_constant(node);
  }
  for (const auto& info : graph.output()) ++readers_[info.name()].count;
}

void OnnxGraph::add_readers(const onnx::NodeProto& node) {
  for (const std::string& input : node.input()) {
    Readers& readers = readers_[input];
    if (readers.count++ == 0) readers.first = &node;
  }
}

void OnnxGraph::add_constant(const onnx::NodeProto& node) {
  if (is_op(node, "Constant")) {
    expect_attributes(node, {"value"});
    const onnx::AttributeProto* value = find(node, "value", onnx::AttributeProto::TENSOR);
    if (value == nullptr) refuse(node, "has no value");
    constants_[node.output(0)] = &value->t();
    return;
  }
  if (is_op(node, "Cast") && node.input_size() == 1 && constant(node.input(0)) != nullptr) {
    expect_attributes(node, {"to"});
    if (integer(node, "to", std::nullopt) != onnx::TensorProto::FLOAT)
      refuse(node, "casts to a type other than float32");
    constants_[node.output(0)] = constant(node.input(0));
    return;
  }
  nodes_.push_back(&node);
}

const onnx::TensorProto* OnnxGraph::constant(const std::string& tensor) const {
  auto found = constants_.find(tensor);
  return found == constants_.end() ? nullptr : found->second;
}

const onnx::NodeProto* OnnxGraph::only_reader(const std::string& tensor) const {
  auto found = readers_.find(tensor);
  return found == readers_.end() || found->second.count != 1 ? nullptr : found->second.first;
}

const onnx::ValueInfoProto& OnnxGraph::input() const {
  const onnx::ValueInfoProto* only = nullptr;
  int count = 0;
  for (const auto& info : graph_.input()) {
    if (constants_.count(info.name()) > 0) continue;
    only = &info;
    ++count;
  }
  if (count != 1) refuse("has " + std::to_string(count) + " inputs, expected one");
  return *only;
}

const std::string& OnnxGraph::output() const {
  if (graph_.output_size() != 1)
    refuse("has " + std::to_string(graph_.output_size()) + " outputs, expected one");
  return graph_.output(0).name();
}

void OnnxGraph::refuse(const std::string& why) const { throw FormatError(file_ + ": the ONNX graph " + why); }

void OnnxGraph::refuse(const onnx::NodeProto& node, const std::string& why) const {
  std::string name = !node.name().empty() || node.output_size() == 0 ? node.name() : node.output(0);
  std::string op = in_quotes(node.op_type());
  throw FormatError(file_ + ": node " + in_quotes(name) + " (" + op.substr(1, op.size() - 2) + ") " + why);
}

void OnnxGraph::expect_inputs(const onnx::NodeProto& node, int at_least, int at_most) const {
  if (node.input_size() >= at_least && node.input_size() <= at_most) return;
  refuse(node, "has " + std::to_string(node.input_size()) + " inputs, expected " + std::to_string(at_least) +
                   (at_most > at_least ? " to " + std::to_string(at_most) : ""));
}

void OnnxGraph::expect_attributes(const onnx::NodeProto& node,
                                  std::initializer_list<std::string_view> known) const {
  for (const auto& attribute : node.attribute()) {
    if (std::find(known.begin(), known.end(), attribute.name()) == known.end()) {
      refuse(node, "has attribute " + in_quotes(attribute.name()) + ", which is not supported");
    }
  }
}

const onnx::AttributeProto* OnnxGraph::find(const onnx::NodeProto& node, std::string_view name,
                                            int type) const {
  for (const auto& attribute : node.attribute()) {
    if (attribute.name() != name) continue;
    if (attribute.type() != type) {
      refuse(node, "has attribute " + in_quotes(name) + " of type " + std::to_string(attribute.type()) +
                       ", expected type " + std::to_string(type));
    }
    return &attribute;
  }
  return nullptr;
}

int64_t OnnxGraph::integer(const onnx::NodeProto& node, std::string_view name,
                           std::optional<int64_t> fallback) const {
  const onnx::AttributeProto* found = find(node, name, onnx::AttributeProto::INT);
  if (found != nullptr) return found->i();
  if (!fallback.has_value()) refuse(node, "has no attribute " + in_quotes(name));
  return *fallback;
}

std::vector<int64_t> OnnxGraph::integers(const onnx::NodeProto& node, std::string_view name,
                                         std::vector<int64_t> fallback) const {
  const onnx::AttributeProto* found = find(node, name, onnx::AttributeProto::INTS);
  if (found == nullptr) return fallback;
  return std::vector<int64_t>(found->ints().begin(), found->ints().end());
}

std::string OnnxGraph::text(const onnx::NodeProto& node, std::string_view name,
                            const std::string& fallback) const {
  const onnx::AttributeProto* found = find(node, name, onnx::AttributeProto::STRING);
  return found == nullptr ? fallback : found->s();
}

double OnnxGraph::real(const onnx::NodeProto& node, std::string_view name, double fallback) const {
  const onnx::AttributeProto* found = find(node, name, onnx::AttributeProto::FLOAT);
  if (found == nullptr) return fallback;
  if (!std::isfinite(found->f())) refuse(node, "has attribute " + in_quotes(name) + " that is not finite");
  return found->f();
}

int OnnxGraph::in_range(const onnx::NodeProto& node, const char* name, int64_t number, int64_t low,
                        int64_t high) const {
  if (number < low || number > high) {
    refuse(node, "has " + std::to_string(number) + " in its " + name + ", expected " + std::to_string(low) +
                     " to " + std::to_string(high));
  }
  return static_cast<int>(number);
}

std::vector<int> OnnxGraph::sizes(const onnx::NodeProto& node, const onnx::TensorProto& tensor,
                                  size_t max_rank) const {
  if (static_cast<size_t>(tensor.dims_size()) > max_rank) {
    refuse(node, "reads constant " + in_quotes(tensor.name()) + " with " +
                     std::to_string(tensor.dims_size()) + " dimensions, expected at most " +
                     std::to_string(max_rank));
  }
  std::vector<int> result;
  for (int64_t size : tensor.dims()) {
    if (size < 1 || size > INT32_MAX) {
      refuse(node, "reads constant " + in_quotes(tensor.name()) + " with a dimension of size " +
                       std::to_string(size));
    }
    result.push_back(static_cast<int>(size));
  }
  return result;
}

std::vector<double> OnnxGraph::numbers(const onnx::NodeProto& node, const onnx::TensorProto& tensor,
                                       uint64_t max_count) const {
  constexpr size_t kMaxRank = 8;
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL || tensor.external_data_size() > 0) {
    refuse(node, "reads constant " + in_quotes(tensor.name()) +
                     ", whose numbers are in another file; save them inside the model");
  }
  uint64_t count = 1;
  for (int size : sizes(node, tensor, kMaxRank)) {
    count *= static_cast<uint64_t>(size);
    if (count > max_count) {
      refuse(node, "reads constant " + in_quotes(tensor.name()) + " of more than " +
                       std::to_string(max_count) + " elements, expected fewer");
    }
  }
  std::vector<double> result = stored_numbers(tensor, count);
  if (result.size() != count) {
    refuse(node,
           "reads constant " + in_quotes(tensor.name()) + ", which does not hold the " +
               std::to_string(count) +
               " numbers its sizes ask for, or has a type other than float32, float64 or integers (type " +
               std::to_string(tensor.data_type()) + ")");
  }
  for (double value : result) {
    if (!std::isfinite(value))
      refuse(node,
             "reads constant " + in_quotes(tensor.name()) + ", which holds a number that is not finite");
  }
  return result;
}

double OnnxGraph::number(const onnx::NodeProto& node, const std::string& tensor, const char* role) const {
  const onnx::TensorProto* found = constant(tensor);
  if (found == nullptr) refuse(node, "has a " + std::string(role) + " that is computed, expected a constant");
  return numbers(node, *found, 1)[0];
}

}  // namespace netsurf
