#include "models/foreign/lower.h"

#include <algorithm>

#include "engine/base/error.h"
#include "models/foreign/lowering.h"

namespace netsurf::foreign {
namespace {

/// Whether `name` is what the user called the node: the whole of it, or its end after a slash.
bool is_called(const std::string& name, const std::string& wanted) {
  if (name == wanted) return true;
  return name.size() > wanted.size() && name.ends_with(wanted) &&
         name[name.size() - wanted.size() - 1] == '/';
}

std::string some_names(const Graph& graph) {
  std::string names;
  size_t first = graph.nodes.size() > 12 ? graph.nodes.size() - 12 : 0;
  for (size_t i = first; i < graph.nodes.size(); ++i)
    names += (names.empty() ? "" : ", ") + graph.nodes[i].name;
  return (first > 0 ? "..., " : "") + names;
}

constexpr size_t kMostSteps = 64;
constexpr int64_t kMostNumbers = int64_t{1} << 27;

int64_t numbers_in(const Value& value) {
  auto count = static_cast<int64_t>(value.unit.size() + 2 * value.reach_low.size());
  for (const Step& step : value.chain) count += static_cast<int64_t>(step.constant.size()) + 64;
  return count;
}

}  // namespace

void Lowering::refuse(const Node& node, const std::string& why) const {
  throw InputError("node \"" + node.name + "\": " + why);
}

const Value& Lowering::input_of(int index, size_t slot) const {
  return values_[static_cast<size_t>(node(index).inputs[slot])];
}

size_t Lowering::channels(const Value& value) const {
  return static_cast<size_t>(builder_.type(value.layer).shape.back());
}

void Lowering::put(int index, Value value) {
  if (value.chain.size() > kMostSteps) {
    refuse(node(index), "is more than " + std::to_string(kMostSteps) +
                            " operations on real numbers away from the last quantizer");
  }
  held_[static_cast<size_t>(index)] = numbers_in(value);
  num_held_ += held_[static_cast<size_t>(index)];
  if (num_held_ > kMostNumbers) refuse(node(index), "the constants between quantizers take too much memory");
  value.num_readers = num_readers_[static_cast<size_t>(index)];
  values_[static_cast<size_t>(index)] = std::move(value);
}

void Lowering::release_inputs(int index) {
  for (int input : node(index).inputs) {
    if (--unread_[static_cast<size_t>(input)] > 0) continue;
    num_held_ -= held_[static_cast<size_t>(input)];
    value(input) = {};
  }
}

int Lowering::named_output() const {
  const std::string& wanted = options_.output;
  std::vector<std::string> names;
  for (const Node& n : graph_.nodes) {
    if (n.name == wanted) names = {wanted};
    if (n.name == wanted) break;
    if (is_called(n.name, wanted)) names.push_back(n.name);
  }
  int last = -1, num_roots = static_cast<int>(names.size());
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    const std::string& name = graph_.nodes[i].name;
    std::string root = names.empty() ? wanted : names[0];
    if (name == root || name.starts_with(root + "/")) last = static_cast<int>(i);
  }
  if (num_roots > 1 || last < 0) {
    throw InputError("--end_at " + wanted + " names " + std::to_string(num_roots) +
                     " nodes, expected one; the network ends in: " + some_names(graph_));
  }
  return last;
}

void Lowering::choose_output() {
  output_ = graph_.output;
  if (!options_.output.empty()) output_ = named_output();
  is_needed_.assign(graph_.nodes.size(), false);
  num_readers_.assign(graph_.nodes.size(), 0);
  is_needed_[static_cast<size_t>(output_)] = true;
  for (int i = output_; i >= 0; --i) {
    if (!is_needed_[static_cast<size_t>(i)]) continue;
    for (int input : node(i).inputs) {
      is_needed_[static_cast<size_t>(input)] = true;
      ++num_readers_[static_cast<size_t>(input)];
    }
  }
}

void Lowering::lower_node(int index) {
  const Node& n = node(index);
  if (n.op != Op::input && n.inputs.empty()) refuse(n, "reads nothing");
  switch (n.op) {
    case Op::input:
      return lower_input(index);
    case Op::quantize:
      return lower_quantize(index);
    case Op::multi_threshold:
      return lower_multi_threshold(index);
    case Op::dense:
    case Op::conv2d:
    case Op::conv2d_transpose:
      return lower_sums(index);
    case Op::add_constant:
      return lower_add_constant(index);
    case Op::max_pool:
    case Op::average_pool:
    case Op::global_average_pool:
      return lower_pool(index);
    case Op::add:
    case Op::concatenate:
      return lower_join(index);
    case Op::flatten:
    case Op::reshape:
    case Op::upsample:
    case Op::softmax:
    case Op::argmax:
      return lower_shape(index);
    case Op::identity:
      return put(index, input_of(index));
    default:
      break;
  }
  Value v = input_of(index);
  Step step;
  step.op = n.op;
  if (n.constant) {
    step.constant = constant_values(*n.constant);
    if (step.constant.size() != 1 && step.constant.size() != channels(v)) {
      refuse(n, "its constant has " + std::to_string(step.constant.size()) + " elements, expected 1 or " +
                    std::to_string(channels(v)) + " (one per channel)");
    }
  } else if (is_affine(step)) {
    refuse(n, "has no constant");
  }
  step.alpha = n.alpha;
  step.minimum = static_cast<float>(n.minimum);
  step.maximum = static_cast<float>(n.maximum);
  step.is_learned =
      n.is_learned && step.constant.size() == channels(v);  // one number for all channels stays outside
  step.node = n.name;
  v.chain.push_back(std::move(step));
  put(index, std::move(v));
}

void Lowering::finish() {
  const Node& last = node(output_);
  Value v = settled(value(output_), last.name);
  if (!is_uniform(v.unit)) v = affine(v, {}, 1, last.name);
  if (builder_.layer(v.layer).kind == LayerKind::input)
    refuse(last, "only the encoding of the data stands before it; nothing would be stored");
  value(output_) = v;
}

Lowered Lowering::run() {
  if (graph_.nodes.empty() || graph_.output < 0) throw InputError("the network has no nodes");
  choose_output();
  values_.resize(graph_.nodes.size());
  unread_ = num_readers_;
  held_.assign(graph_.nodes.size(), 0);
  is_input_encoding_.assign(graph_.nodes.size(), false);
  for (int i = 0; i <= output_; ++i) {
    if (!is_needed_[static_cast<size_t>(i)]) continue;
    lower_node(i);
    release_inputs(i);
  }
  finish();

  const Value& last = value(output_);
  Builder::Network network = std::move(builder_).take(last.layer);
  network.layers.back().unit = static_cast<float>(last.unit[0]);
  Lowered lowered{Model::build(graph_.name, std::move(network.layers), std::move(network.parameters)),
                  graph_.folded, graph_.assumptions, std::move(result_.differences)};
  lowered.folded.insert(lowered.folded.end(), result_.folded.begin(), result_.folded.end());
  lowered.assumptions.insert(lowered.assumptions.end(), result_.assumptions.begin(),
                             result_.assumptions.end());
  return lowered;
}

Lowered lower(const Graph& graph, const LowerOptions& options) { return Lowering(graph, options).run(); }

}  // namespace netsurf::foreign
