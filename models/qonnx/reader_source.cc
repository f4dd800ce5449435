#include "models/qonnx/reader_source.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <unordered_set>

#include "engine/base/error.h"

namespace netsurf::qonnx {
namespace {

constexpr int kMaxNesting = 32;  // of protobuf messages; a network without subgraphs needs eight

}  // namespace

onnx::ModelProto parse_model(std::string_view bytes, const std::string& file) {
  if (bytes.size() > kMaxFileBytes) {
    throw FormatError(file + ": " + std::to_string(bytes.size()) +
                      " bytes are too many, an ONNX file holds at most 2 GiB");
  }
  // Below the command line nothing prints, protobuf included.
  google::protobuf::LogSilencer silence;
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetRecursionLimit(kMaxNesting);
  onnx::ModelProto model;
  if (!model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    throw FormatError(file + ": not an ONNX model, cut short, or nested deeper than " +
                      std::to_string(kMaxNesting) + " (" + std::to_string(bytes.size()) + " bytes)");
  }
  if (!model.has_graph() || model.graph().node_size() == 0) throw FormatError(file + ": holds no ONNX graph");
  if (model.functions_size() > 0) {
    throw FormatError(file + ": defines functions of its own, which are not supported; inline them");
  }
  if (model.graph().node_size() > kMaxNodes) {
    throw FormatError(file + ": has " + std::to_string(model.graph().node_size()) +
                      " nodes, expected at most " + std::to_string(kMaxNodes));
  }
  return model;
}

Source::Source(const onnx::ModelProto& model, std::string file) : model_(model), file_(std::move(file)) {
  for (const auto& opset : model.opset_import()) {
    std::string domain = opset.domain() == "ai.onnx" ? "" : opset.domain();
    opsets_[domain] = std::max(opsets_[domain], opset.version());
  }
  int64_t version = opsets_.count("") > 0 ? opsets_[""] : 0;
  if (version < kOldestOpset || version > kNewestOpset) {
    throw FormatError(file_ + ": uses version " + std::to_string(version) +
                      " of the ONNX operators, expected " + std::to_string(kOldestOpset) + " to " +
                      std::to_string(kNewestOpset) + "; convert it with onnx.version_converter");
  }
  collect_tensors();
  collect_nodes();
  find_input();
  order_nodes();
}

void Source::refuse(const std::string& why) const { throw FormatError(file_ + ": the ONNX graph " + why); }

void Source::refuse(const Operator& op, const std::string& why) const {
  std::string type = quote(op.type());
  throw FormatError(file_ + ": node " + quote(op.name()) + " (" + type.substr(1, type.size() - 2) + ") " +
                    why);
}

Operator Source::operator_of(const onnx::NodeProto& node) const {
  auto found = opsets_.find(node.domain() == "ai.onnx" ? "" : node.domain());
  return {node, domain_of(node.domain()), found == opsets_.end() ? 1 : found->second};
}

void Source::collect_tensors() {
  if (graph().sparse_initializer_size() > 0) refuse("has sparse initializers, which are not supported");
  for (const auto& tensor : graph().initializer()) {
    if (!initializers_.emplace(tensor.name(), &tensor).second)
      refuse("has two initializers called " + quote(tensor.name()));
  }
  for (const auto& note : graph().quantization_annotation()) {
    for (const auto& entry : note.quant_parameter_tensor_names()) {
      if (entry.key() == "finn_datatype") data_types_[note.tensor_name()] = entry.value();
    }
  }
}

void Source::collect_nodes() {
  std::unordered_set<std::string> given;
  for (const auto& [name, tensor] : initializers_) given.insert(name);
  std::unordered_set<std::string> inputs;
  for (const auto& info : graph().input()) {
    if (!inputs.insert(info.name()).second) refuse("has two inputs called " + quote(info.name()));
    given.insert(info.name());
  }
  for (int i = 0; i < graph().node_size(); ++i) {
    for (const std::string& output : graph().node(i).output()) {
      if (output.empty()) continue;
      if (!given.insert(output).second)
        refuse(operator_of(graph().node(i)), "gives tensor " + quote(output) + ", which exists already");
      givers_[output] = i;
    }
  }
  for (const auto& node : graph().node()) {
    for (const std::string& input : node.input()) {
      if (!input.empty() && given.count(input) == 0) {
        refuse(operator_of(node),
               "reads tensor " + quote(input) + ", which no input, initializer or node gives");
      }
    }
  }
  if (graph().output_size() == 0) refuse("has no output");
  for (const auto& info : graph().output()) {
    if (given.count(info.name()) == 0) refuse("has output " + quote(info.name()) + ", which no node gives");
  }
}

void Source::find_input() {
  std::string names;
  int count = 0;
  for (const auto& info : graph().input()) {
    if (initializers_.count(info.name()) > 0) continue;
    input_ = &info;
    names += (count++ > 0 ? ", " : "") + quote(info.name());
  }
  if (count != 1) {
    refuse("has " + std::to_string(count) + " inputs" + (count > 0 ? " (" + names.substr(0, 300) + ")" : "") +
           ", expected one");
  }
}

void Source::order_nodes() {
  enum class State : uint8_t { fresh, open, done };
  std::vector<State> states(static_cast<size_t>(graph().node_size()), State::fresh);
  struct Frame {
    int node, next_input;
  };
  std::vector<Frame> stack;
  // A stack of our own: a long chain of nodes must not exhaust the program's.
  for (const auto& info : graph().output()) {
    auto root = givers_.find(info.name());
    if (root == givers_.end() || states[static_cast<size_t>(root->second)] == State::done) continue;
    stack.push_back({root->second, 0});
    states[static_cast<size_t>(root->second)] = State::open;
    while (!stack.empty()) {
      Frame& top = stack.back();
      const auto& node = graph().node(top.node);
      if (top.next_input == node.input_size()) {
        states[static_cast<size_t>(top.node)] = State::done;
        for (const std::string& input : node.input()) {
          std::vector<size_t>& readers = readers_[input];
          if (readers.empty() || readers.back() != operators_.size()) readers.push_back(operators_.size());
        }
        operators_.push_back(operator_of(node));
        stack.pop_back();
        continue;
      }
      auto giver = givers_.find(node.input(top.next_input++));
      if (giver == givers_.end()) continue;
      State& state = states[static_cast<size_t>(giver->second)];
      if (state == State::open)
        refuse(operator_of(graph().node(giver->second)), "reads what it gives itself: the graph has a cycle");
      if (state == State::done) continue;
      state = State::open;
      stack.push_back({giver->second, 0});
    }
  }
}

const onnx::TensorProto* Source::initializer(const std::string& name) const {
  auto found = initializers_.find(name);
  return found == initializers_.end() ? nullptr : found->second;
}

std::string Source::data_type(const std::string& name) const {
  auto found = data_types_.find(name);
  return found == data_types_.end() ? "" : found->second;
}

std::vector<const Operator*> Source::readers(const std::string& name) const {
  std::vector<const Operator*> result;
  auto found = readers_.find(name);
  if (found == readers_.end()) return result;
  for (size_t i : found->second) result.push_back(&operators_[i]);
  return result;
}

}  // namespace netsurf::qonnx
