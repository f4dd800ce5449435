#include "models/onnx_parameters.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "models/onnx_layout.h"

namespace netsurf {
namespace {

constexpr size_t kMaxRank = 4;

std::string sizes_text(const std::vector<int>& dims) {
  std::string text;
  for (int size : dims) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "[" + text + "]";
}

}  // namespace

bool is_quant(const onnx::NodeProto& node) {
  return node.op_type() == "Quant" &&
         std::find(kQuantDomains.begin(), kQuantDomains.end(), node.domain()) != kQuantDomains.end();
}

Format read_quant(const OnnxGraph& graph, const onnx::NodeProto& quant, OnnxProperty& property) {
  graph.expect_inputs(quant, 4, 4);
  graph.expect_attributes(quant, {"signed", "narrow", "rounding_mode"});
  double scale = graph.number(quant, quant.input(1), "scale");
  double zero_point = graph.number(quant, quant.input(2), "zero point");
  double bits = graph.number(quant, quant.input(3), "bit width");
  int exponent = 0;
  if (scale <= 0 || std::frexp(scale, &exponent) != 0.5) {
    graph.refuse(quant, "has scale " + std::to_string(scale) + ", expected a power of two");
  }
  if (zero_point != 0) graph.refuse(quant, "has zero point " + std::to_string(zero_point) + ", expected 0");
  if (bits < 1 || bits > kMaxParameterBits || bits != std::floor(bits)) {
    graph.refuse(quant, "has bit width " + std::to_string(bits) + ", expected a whole number from 1 to 32");
  }
  int64_t is_signed = graph.integer(quant, "signed", std::nullopt),
          narrow = graph.integer(quant, "narrow", std::nullopt);
  if (is_signed != 0 && is_signed != 1)
    graph.refuse(quant, "has signed = " + std::to_string(is_signed) + ", expected 0 or 1");
  if (narrow != 0)
    graph.refuse(quant, "has narrow = " + std::to_string(narrow) + "; only the full range (0) is supported");
  std::string rounding = graph.text(quant, "rounding_mode", "ROUND");
  std::transform(rounding.begin(), rounding.end(), rounding.begin(),
                 [](unsigned char c) { return std::toupper(c); });
  if (rounding != "ROUND" && rounding != "HALF_EVEN") {
    graph.refuse(quant, "has rounding mode " + in_quotes(rounding) + ", expected ROUND (half to even)");
  }
  Format format{static_cast<int>(bits), 0, is_signed == 1};
  bool is_two_valued = property.one_bit.erase(quant.output(0)) > 0;
  if (format.bits == 1 && format.is_signed && !is_two_valued) {
    graph.refuse(quant, "is signed with one bit, which tools take for -1 and +1; this is not supported");
  }
  int frac_bits = 1 - exponent;
  format.integer_bits = format.bits - (format.is_signed ? 1 : 0) - frac_bits;
  return format;
}

OnnxParameters::OnnxParameters(const OnnxGraph& graph, OnnxProperty& property)
    : graph_(graph), property_(property) {
  for (const onnx::NodeProto* node : graph.nodes()) add_view(*node);
}

void OnnxParameters::add_view(const onnx::NodeProto& node) {
  if (node.input_size() == 0) return;
  const std::string& x = node.input(0);
  View made;
  if (is_quant(node) && graph_.constant(x) != nullptr) {
    const onnx::TensorProto* data = graph_.constant(x);
    // Reading one constant through many Quant nodes would let a small file ask for any amount of memory.
    if (!read_.insert(data).second)
      graph_.refuse(node, "reads constant " + in_quotes(data->name()) + ", which another Quant reads too");
    made = {&node, graph_.sizes(node, *data, kMaxRank), false, false};
  } else if (holds(x) && is_op(node, "Transpose")) {
    made = view(node, x);
    graph_.expect_inputs(node, 1, 1);
    graph_.expect_attributes(node, {"perm"});
    if (made.is_reshaped || made.dims.size() != 2 ||
        graph_.integers(node, "perm", {1, 0}) != std::vector<int64_t>{1, 0}) {
      graph_.refuse(node, "transposes a stored tensor " + sizes_text(made.dims) +
                              "; only the two axes of a matrix may be exchanged");
    }
    std::swap(made.dims[0], made.dims[1]);
    made.is_transposed = !made.is_transposed;
  } else if (holds(x) && is_op(node, "Reshape")) {
    made = view(node, x);
    graph_.expect_inputs(node, 2, 2);
    graph_.expect_attributes(node, {"allowzero"});
    const onnx::TensorProto* sizes = graph_.constant(node.input(1));
    if (sizes == nullptr)
      graph_.refuse(node, "reshapes a stored tensor to computed sizes, expected constant ones");
    std::vector<double> wanted = graph_.numbers(node, *sizes, kMaxRank);
    bool fits = !made.is_transposed;
    double product = 1;
    for (double size : wanted) {
      fits = fits && size >= 1 && size <= INT32_MAX;
      product *= size;
    }
    // A float64 product of at most four such sizes is exact wherever it can equal the count.
    double count = 1;
    for (int size : made.dims) count *= size;
    if (!fits || product != count) {
      graph_.refuse(node, "does not reshape the stored tensor " + sizes_text(made.dims) +
                              " to sizes of as many elements");
    }
    made.dims.assign(wanted.begin(), wanted.end());
    made.is_reshaped = true;
  } else {
    return;
  }
  views_[node.output(0)] = std::move(made);
  nodes_.insert(&node);
}

const OnnxParameters::View& OnnxParameters::view(const onnx::NodeProto& node,
                                                 const std::string& tensor) const {
  auto found = views_.find(tensor);
  if (found == views_.end()) {
    graph_.refuse(node, "reads tensor " + in_quotes(tensor) +
                            " where a stored one is expected: a constant behind a Quant node");
  }
  return found->second;
}

int OnnxParameters::use(const onnx::NodeProto& node, const View& view, const std::vector<int>& dims,
                        const std::vector<int>& axes) {
  const onnx::TensorProto& data = *graph_.constant(view.quant->input(0));
  Shape shape;
  for (int axis : axes) shape.push_back(dims[static_cast<size_t>(axis)]);
  auto [found, is_new] =
      uses_.try_emplace(view.quant, Use{static_cast<int>(parameters_.size()), shape, axes});
  if (!is_new) {
    if (found->second.shape != shape || found->second.axes != axes) {
      graph_.refuse(node, "shares stored tensor " + in_quotes(data.name()) +
                              " with a layer that reads it in another shape");
    }
    return found->second.index;
  }

  Parameter parameter;
  auto named = property_.names.extract(data.name());
  parameter.name = named.empty() ? data.name() : named.mapped();
  parameter.format = read_quant(graph_, *view.quant, property_);
  parameter.shape = shape;
  std::vector<double> values = graph_.numbers(*view.quant, data, kMaxFileBytes);
  std::vector<size_t> order = transposed_order(dims, axes);
  parameter.codes.resize(values.size());
  for (size_t i = 0; i < order.size(); ++i) parameter.codes[i] = quantize(values[order[i]], parameter.format);
  if (auto pruned = property_.pruned.extract(data.name()); !pruned.empty()) {
    if (pruned.mapped().size() != (order.size() + 7) / 8) {
      graph_.refuse("has a prune mask of " + std::to_string(pruned.mapped().size()) + " bytes for the " +
                    std::to_string(order.size()) + " elements of " + in_quotes(data.name()));
    }
    std::vector<uint8_t> flags = unpack_flags(pruned.mapped(), order.size());
    for (size_t source : order) parameter.pruned.push_back(flags[source]);
  }
  parameters_.push_back(std::move(parameter));
  return found->second.index;
}

int OnnxParameters::matrix(const onnx::NodeProto& node, const std::string& tensor) {
  const View& found = view(node, tensor);
  if (found.is_reshaped || found.dims.size() != 2) {
    graph_.refuse(node, "reads stored tensor " + in_quotes(tensor) + " of sizes " + sizes_text(found.dims) +
                            ", expected [in, out]");
  }
  if (!found.is_transposed) return use(node, found, found.dims, {1, 0});
  return use(node, found, {found.dims[1], found.dims[0]}, {0, 1});
}

int OnnxParameters::image_kernel(const onnx::NodeProto& node, const std::string& tensor) {
  const View& found = view(node, tensor);
  if (found.is_reshaped || found.dims.size() != 4) {
    graph_.refuse(node, "reads stored tensor " + in_quotes(tensor) + " of sizes " + sizes_text(found.dims) +
                            ", expected [out, in / groups, height, width]");
  }
  return use(node, found, found.dims, {0, 2, 3, 1});
}

int OnnxParameters::channels(const onnx::NodeProto& node, const std::string& tensor, int count,
                             int axes_behind) {
  const View& found = view(node, tensor);
  const std::vector<int>& dims = found.dims;
  bool fits = dims.size() > static_cast<size_t>(axes_behind) && !found.is_transposed;
  for (size_t k = 0; fits && k < dims.size(); ++k) {
    bool is_channel_axis = dims.size() - 1 - k == static_cast<size_t>(axes_behind);
    fits = dims[k] == (is_channel_axis ? count : 1);
  }
  if (!fits) {
    graph_.refuse(node, "reads stored tensor " + in_quotes(tensor) + " of sizes " + sizes_text(dims) +
                            ", expected " + std::to_string(count) + " numbers along the channel axis");
  }
  return use(node, found, {count}, {0});
}

}  // namespace netsurf
