#include "models/qonnx/onnx_reader.h"

#include <algorithm>
#include <set>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "models/qonnx/reader_input.h"
#include "models/qonnx/reader_learned.h"
#include "models/qonnx/reader_table.h"

namespace netsurf::qonnx {
namespace {

using External = std::function<std::string(const onnx::TensorProto&)>;

/// The walk over the nodes of a file.
class Reader {
 public:
  Reader(const Source& source, Budget budget, External external)
      : source_(source), budget_(budget), external_(std::move(external)), make_(graph_, budget_) {}

  foreign::Graph read();

 private:
  const Value* value(const Operator& op, const std::string& tensor);
  void read_node(const Operator& op);
  void finish();

  const Source& source_;
  Budget budget_;
  External external_;
  foreign::Graph graph_;
  Maker make_;
  std::unordered_map<std::string, Value> values_;
  int num_folded_ = 0;
};

const Value* Reader::value(const Operator& op, const std::string& tensor) {
  if (tensor.empty()) return nullptr;
  auto found = values_.find(tensor);
  if (found != values_.end()) return &found->second;
  const onnx::TensorProto* stored = source_.initializer(tensor);
  if (stored == nullptr)
    source_.refuse(op, "reads " + quote(tensor) + ", an output that its node does not give here");
  try {
    auto constant = std::make_shared<const Tensor>(tensor_of(*stored, budget_, external_));
    return &values_.emplace(tensor, std::move(constant)).first->second;
  } catch (const Complaint& complaint) {
    source_.refuse(op, "reads constant " + quote(tensor) + ", which " + complaint.what());
  }
}

void Reader::read_node(const Operator& op) {
  try {
    const OperatorRow& row = row_of(op);
    std::vector<const Value*> inputs;
    Constants constants;
    for (const std::string& input : op.node().input()) {
      inputs.push_back(value(op, input));
      const auto* constant =
          inputs.back() == nullptr ? nullptr : std::get_if<std::shared_ptr<const Tensor>>(inputs.back());
      if (inputs.back() == nullptr || constant != nullptr)
        constants.push_back(constant == nullptr ? nullptr : constant->get());
    }
    if (op.node().output_size() == 0) throw Complaint("has no output");
    if (constants.size() == inputs.size()) {
      if (row.fold == nullptr) throw Complaint("computes with constants alone, which is not supported");
      values_.insert_or_assign(op.node().output(0),
                               std::make_shared<const Tensor>(row.fold(op, constants, budget_)));
      if (op.type() != "Constant") ++num_folded_;
      return;
    }
    if (row.translate == nullptr)
      throw Complaint("is only supported on constants, and reads a computed tensor");
    Value result = row.translate(Step{op, source_, make_, std::move(inputs)});
    for (const std::string& output : op.node().output()) {
      bool is_prediction = std::holds_alternative<View>(result) && std::get<View>(result).is_prediction;
      if (!output.empty() && (output == op.node().output(0) || is_prediction))
        values_.insert_or_assign(output, result);
    }
  } catch (const Complaint& complaint) {
    source_.refuse(op, complaint.what());
  }
}

foreign::Graph Reader::read() {
  graph_.name = source_.graph().name();
  graph_.source = "ONNX";
  values_.emplace(source_.input().name(), read_input(source_, make_));
  for (const Operator& op : source_.operators()) read_node(op);
  finish();
  return std::move(graph_);
}

void Reader::finish() {
  const std::string& output = source_.graph().output(0).name();
  auto found = values_.find(output);
  const View* view = found == values_.end() ? nullptr : std::get_if<View>(&found->second);
  if (view == nullptr)
    source_.refuse("has output " + quote(output) + ", which no node computes from the input");
  graph_.output = view->node;
  if (view->codes_of.has_value()) {
    graph_.output = make_.quantize(*view, *view->codes_of, output).node;
    make_.assume("the output is the codes of a QuantizeLinear: read as the numbers they stand for");
  }
  if (source_.graph().output_size() > 1) {
    make_.assume("the file has " + std::to_string(source_.graph().output_size()) + " outputs: the first, " +
                 quote(output) + ", is taken");
  }
  if (num_folded_ > 0)
    make_.fold(std::to_string(num_folded_) + " nodes on constants alone, computed while reading");
  mark_learned(graph_);
}

/// Numbers that a file may turn into: they are copied a few times on their way, and a short file has no need
/// of more.
Budget budget_for(uint64_t num_bytes) {
  constexpr uint64_t kPerByte = 32, kAtLeast = 1 << 20, kAtMost = uint64_t{1} << 30;
  return Budget(std::min(kAtLeast + kPerByte * std::min(num_bytes, kAtMost), kAtMost));
}

/// Size of the files beside the model that its tensors name.
uint64_t external_bytes(const onnx::ModelProto& model, const std::filesystem::path& folder) {
  std::set<std::string> locations;
  for (const onnx::TensorProto& tensor : model.graph().initializer()) {
    for (const auto& entry : tensor.external_data()) {
      if (entry.key() == "location") locations.insert(entry.value());
    }
  }
  uint64_t sum = 0;
  for (const std::string& location : locations) {
    std::error_code error;
    uint64_t size = std::filesystem::file_size(folder / location, error);
    if (!error) sum += std::min(size, kMaxFileBytes);
  }
  return sum;
}

}  // namespace

foreign::Graph graph_from_onnx(std::string_view bytes, const std::string& file) {
  onnx::ModelProto model = parse_model(bytes, file);
  Source source(model, file);
  return Reader(source, budget_for(bytes.size()), refuse_external).read();
}

foreign::Graph read_onnx(const std::filesystem::path& file) {
  std::string bytes = read_file(file, kMaxFileBytes);
  onnx::ModelProto model = parse_model(bytes, file.string());
  Source source(model, file.string());
  Budget budget = budget_for(bytes.size() + external_bytes(model, file.parent_path()));
  return Reader(source, budget, external_reader(file.parent_path())).read();
}

}  // namespace netsurf::qonnx
