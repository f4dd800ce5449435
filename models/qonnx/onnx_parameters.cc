#include "models/qonnx/onnx_parameters.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/qonnx/onnx_layout.h"
#include "models/qonnx/onnx_quant_node.h"

namespace netsurf {
namespace {

constexpr size_t kMaxRank = 4;

std::string sizes_text(const std::vector<int>& dims) {
  std::string text;
  for (int size : dims) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "[" + text + "]";
}

/// As the quantizer nodes compute it, but in float64.
int32_t code_of(double value, const Parameter& p) {
  if (p.bipolar) return value >= 0 ? 1 : 0;
  double code = std::nearbyint(std::ldexp(value, p.format.frac_bits())) + p.zero_point;
  return static_cast<int32_t>(
      std::clamp(code, static_cast<double>(p.format.min_code()), static_cast<double>(p.format.max_code())));
}

}  // namespace

OnnxParameters::OnnxParameters(const OnnxGraph& graph, OnnxProperty& property)
    : graph_(graph), property_(property), wired_(property.constants) {
  for (const onnx::NodeProto* node : graph.nodes()) add_view(*node);
}

OnnxParameters::View OnnxParameters::data_view(const onnx::NodeProto& node, const onnx::TensorProto& data,
                                               const onnx::NodeProto* quant) const {
  View made{&data, quant, graph_.sizes(node, data, kMaxRank), {}, false};
  made.axes.resize(made.dims.size());
  std::iota(made.axes.begin(), made.axes.end(), 0);
  return made;
}

OnnxParameters::View OnnxParameters::transposed(const onnx::NodeProto& node, View view) const {
  graph_.expect_inputs(node, 1, 1);
  graph_.expect_attributes(node, {"perm"});
  std::vector<int64_t> turned(view.dims.size());
  std::iota(turned.rbegin(), turned.rend(), 0);
  std::vector<int64_t> perm = graph_.integers(node, "perm", turned), sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  std::reverse(turned.begin(), turned.end());
  if (view.is_reshaped || sorted != turned) {
    graph_.refuse(node, "transposes a stored tensor " + sizes_text(view.dims) +
                            " that was reshaped, or by axes that are not its own");
  }
  View made = view;
  for (size_t k = 0; k < perm.size(); ++k) {
    made.dims[k] = view.dims[static_cast<size_t>(perm[k])];
    made.axes[k] = view.axes[static_cast<size_t>(perm[k])];
  }
  return made;
}

OnnxParameters::View OnnxParameters::reshaped(const onnx::NodeProto& node, View view) const {
  graph_.expect_inputs(node, 2, 2);
  graph_.expect_attributes(node, {"allowzero"});
  const onnx::TensorProto* sizes = graph_.constant(node.input(1));
  if (sizes == nullptr)
    graph_.refuse(node, "reshapes a stored tensor to computed sizes, expected constant ones");
  std::vector<double> wanted = graph_.numbers(node, *sizes, kMaxRank);
  bool fits = std::is_sorted(view.axes.begin(), view.axes.end());
  double product = 1;
  for (double size : wanted) {
    fits = fits && size >= 1 && size <= INT32_MAX;
    product *= size;
  }
  // A float64 product of at most four such sizes is exact wherever it can equal the count.
  double count = 1;
  for (int size : view.dims) count *= size;
  if (!fits || product != count) {
    graph_.refuse(node, "does not reshape the stored tensor " + sizes_text(view.dims) +
                            " to sizes of as many elements");
  }
  view.dims.assign(wanted.begin(), wanted.end());
  view.is_reshaped = true;
  return view;
}

void OnnxParameters::add_view(const onnx::NodeProto& node) {
  if (node.input_size() == 0) return;
  const std::string& x = node.input(0);
  View made;
  if ((is_quant(node) || is_bipolar_quant(node)) && graph_.constant(x) != nullptr) {
    const onnx::TensorProto* data = graph_.constant(x);
    // Reading one constant through many Quant nodes would let a small file ask for any amount of memory.
    if (!read_.insert(data).second)
      graph_.refuse(node,
                    "reads constant " + in_quotes(data->name()) + ", which another quantizer reads too");
    if (find_wired(x) != nullptr)
      graph_.refuse(node,
                    "reads constant " + in_quotes(data->name()) + ", which the property says is wired in");
    made = data_view(node, *data, &node);
  } else if (holds(x) && is_op(node, "Transpose")) {
    made = transposed(node, view(node, x));
  } else if (holds(x) && is_op(node, "Reshape")) {
    made = reshaped(node, view(node, x));
  } else {
    return;
  }
  views_[node.output(0)] = std::move(made);
  nodes_.insert(&node);
}

const onnx::TensorProto* OnnxParameters::find_wired(const std::string& tensor) const {
  const onnx::TensorProto* data = wired_.empty() ? nullptr : graph_.constant(tensor);
  return data != nullptr && wired_.count(data->name()) > 0 ? data : nullptr;
}

OnnxParameters::View OnnxParameters::view(const onnx::NodeProto& node, const std::string& tensor) const {
  auto found = views_.find(tensor);
  if (found != views_.end()) return found->second;
  const onnx::TensorProto* data = find_wired(tensor);
  if (data == nullptr) {
    graph_.refuse(node, "reads tensor " + in_quotes(tensor) +
                            " where a stored one is expected: a constant behind a Quant node");
  }
  return data_view(node, *data, nullptr);
}

OnnxParameters::View OnnxParameters::view_of_rank(const onnx::NodeProto& node, const std::string& tensor,
                                                  size_t rank, const char* expected) const {
  View found = view(node, tensor);
  if (found.is_reshaped || found.dims.size() != rank) {
    graph_.refuse(node, "reads stored tensor " + in_quotes(tensor) + " of sizes " + sizes_text(found.dims) +
                            ", expected " + expected);
  }
  return found;
}

Parameter OnnxParameters::read_kind(const View& view) {
  Parameter parameter;
  if (view.quant == nullptr) {
    const ConstantEntry& entry = wired_.at(view.data->name());
    property_.constants.erase(view.data->name());
    parameter.format = entry.format;
    parameter.zero_point = entry.zero_point;
    parameter.bipolar = entry.bipolar;
    parameter.constant = true;
  } else if (is_bipolar_quant(*view.quant)) {
    graph_.expect_inputs(*view.quant, 2, 2);
    graph_.expect_attributes(*view.quant, {});
    double scale = graph_.number(*view.quant, view.quant->input(1), "scale");
    parameter.format = Format{1, 1 - read_frac_bits(graph_, *view.quant, scale), false};
    parameter.bipolar = true;
  } else {
    QuantNode quant = read_quant(graph_, *view.quant, property_);
    if (quant.is_narrow) graph_.refuse(*view.quant, "has narrow = 1; a stored tensor has the full range (0)");
    if (quant.rounding != core::Rounding::half_even) {
      graph_.refuse(*view.quant, "has rounding mode " + std::string(name_of(quant.rounding)) +
                                     ", expected ROUND (half to even) for a stored tensor");
    }
    parameter.format = quant.format;
    parameter.zero_point = quant.zero_point;
  }
  return parameter;
}

int OnnxParameters::use(const onnx::NodeProto& node, const View& view, const std::vector<int>& axes) {
  const onnx::TensorProto& data = *view.data;
  // Sizes and axes of the constant itself; one number per channel keeps its order whatever its sizes.
  std::vector<int> dims(view.dims.size());
  std::vector<int> order;
  for (size_t k = 0; k < dims.size(); ++k) dims[static_cast<size_t>(view.axes[k])] = view.dims[k];
  Shape shape;
  for (int axis : axes) {
    order.push_back(view.axes[static_cast<size_t>(axis)]);
    shape.push_back(view.dims[static_cast<size_t>(axis)]);
  }
  auto [found, is_new] = uses_.try_emplace(&data, Use{static_cast<int>(parameters_.size()), shape, order});
  if (!is_new) {
    if (found->second.shape != shape || found->second.axes != order) {
      graph_.refuse(node, "shares stored tensor " + in_quotes(data.name()) +
                              " with a layer that reads it in another shape");
    }
    return found->second.index;
  }

  Parameter parameter = read_kind(view);
  auto named = property_.names.extract(data.name());
  parameter.name = named.empty() ? data.name() : named.mapped();
  parameter.shape = shape;
  std::vector<double> values = graph_.numbers(node, data, kMaxFileBytes);
  std::vector<size_t> sources = transposed_order(dims, order);
  parameter.codes.resize(values.size());
  for (size_t i = 0; i < sources.size(); ++i) parameter.codes[i] = code_of(values[sources[i]], parameter);
  if (auto pruned = property_.pruned.extract(data.name()); !pruned.empty()) {
    if (pruned.mapped().size() != (sources.size() + 7) / 8) {
      graph_.refuse("has a prune mask of " + std::to_string(pruned.mapped().size()) + " bytes for the " +
                    std::to_string(sources.size()) + " elements of " + in_quotes(data.name()));
    }
    std::vector<uint8_t> flags = unpack_flags(pruned.mapped(), sources.size());
    for (size_t source : sources) parameter.pruned.push_back(flags[source]);
  }
  parameters_.push_back(std::move(parameter));
  return found->second.index;
}

int OnnxParameters::matrix(const onnx::NodeProto& node, const std::string& tensor) {
  return use(node, view_of_rank(node, tensor, 2, "[in, out]"), {1, 0});
}

int OnnxParameters::image_kernel(const onnx::NodeProto& node, const std::string& tensor) {
  return use(node, view_of_rank(node, tensor, 4, "[out, in / groups, height, width]"), {0, 2, 3, 1});
}

int OnnxParameters::transposed_kernel(const onnx::NodeProto& node, const std::string& tensor) {
  return use(node, view_of_rank(node, tensor, 4, "[in, out, height, width]"), {1, 2, 3, 0});
}

int OnnxParameters::thresholds(const onnx::NodeProto& node, const std::string& tensor) {
  return use(node, view_of_rank(node, tensor, 2, "[channels or 1, thresholds]"), {0, 1});
}

int OnnxParameters::channels(const onnx::NodeProto& node, const std::string& tensor, int count,
                             int axes_behind) {
  View found = view(node, tensor);
  std::vector<int> dims = found.dims;
  bool fits = dims.size() > static_cast<size_t>(axes_behind);
  for (size_t k = 0; fits && k < dims.size(); ++k) {
    bool is_channel_axis = dims.size() - 1 - k == static_cast<size_t>(axes_behind);
    fits = dims[k] == (is_channel_axis ? count : 1);
  }
  if (!fits) {
    graph_.refuse(node, "reads stored tensor " + in_quotes(tensor) + " of sizes " + sizes_text(dims) +
                            ", expected " + std::to_string(count) + " numbers along the channel axis");
  }
  found.dims = {count};
  found.axes = {0};
  return use(node, found, {0});
}

}  // namespace netsurf
