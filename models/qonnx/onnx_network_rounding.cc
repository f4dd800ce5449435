// Layers that round: input, activation and threshold.
#include <cmath>

#include "models/qonnx/onnx_network_reader.h"
#include "models/qonnx/onnx_quant_node.h"

namespace netsurf {

/// Whether it is a constant that is no parameter.
bool OnnxNetworkReader::is_constant(const std::string& tensor) const {
  return graph_.constant(tensor) != nullptr && !parameters_.holds(tensor);
}

/// The real size of a step that the node divides or multiplies by.
float OnnxNetworkReader::read_unit(const Node& node) const {
  graph_.expect_inputs(node, 2, 2);
  graph_.expect_attributes(node, {});
  double unit = graph_.number(node, node.input(1), "unit");
  if (unit <= 0 || static_cast<double>(static_cast<float>(unit)) != unit)
    graph_.refuse(node, "has unit " + std::to_string(unit) + ", expected a positive float32");
  return static_cast<float>(unit);
}

/// The node behind `node` in a rounding's pattern; in it from now on.
const onnx::NodeProto& OnnxNetworkReader::next_of_rounding(const Node& node) {
  for (std::string_view op : {"Clip", "Add"}) {
    const Node* next = layers_.follow(node, op);
    if (next == nullptr || next->input(0) != node.output(0)) continue;
    if (op == "Add" && (next->input_size() != 2 || !is_constant(next->input(1)))) continue;
    layers_.mark_read(*next);
    return *next;
  }
  return layers_.expect_next(node, "Quant");
}

OnnxNetworkReader::Rounding OnnxNetworkReader::follow_rounding(const Node& first) {
  Rounding rounding;
  const Node* node = &first;
  for (; is_op(*node, "Clip"); node = &next_of_rounding(*node)) {
    graph_.expect_inputs(*node, 3, 3);
    graph_.expect_attributes(*node, {});
    if (rounding.clips.size() == 2)
      graph_.refuse(*node, "is the third Clip of one rounding, expected two at most");
    rounding.clips.push_back(
        {graph_.number(*node, node->input(1), "minimum"), graph_.number(*node, node->input(2), "maximum")});
  }
  if (is_op(*node, "Add")) {
    graph_.expect_inputs(*node, 2, 2);
    graph_.expect_attributes(*node, {});
    rounding.summand = graph_.number(*node, node->input(1), "summand");
    node = &layers_.expect_next(*node, "Quant");
  }
  if (!is_quant(*node))
    graph_.refuse(*node, "stands where a rounding is expected: Quant, or Clip or Add before it");
  rounding.quant = node;
  return rounding;
}

/// The codes that the last Clip, or a narrow Quant, leaves of the layer's format.
void OnnxNetworkReader::set_range(Layer& layer, const Rounding& rounding, bool is_narrow) const {
  const Format& format = layer.format;
  double low = static_cast<double>(format.min_code()), high = static_cast<double>(format.max_code());
  double full_low = low, full_high = high;
  if (is_narrow) (format.is_signed ? low : high) += format.is_signed ? 1 : -1;
  if (!rounding.clips.empty()) {
    low = std::ldexp(rounding.clips.back().first, format.frac_bits());
    high = std::ldexp(rounding.clips.back().second, format.frac_bits());
    bool fits = low >= full_low && high <= full_high && low <= high && low == std::floor(low) &&
                high == std::floor(high) && !is_narrow;
    if (!fits) {
      graph_.refuse(*rounding.quant, "rounds to " + format.text() + " what is clipped to [" +
                                         std::to_string(rounding.clips.back().first) + ", " +
                                         std::to_string(rounding.clips.back().second) +
                                         "]; expected multiples of its step inside its range");
    }
  }
  if (low == full_low && high == full_high) return;
  if (low == 0 && high == 0) graph_.refuse(*rounding.quant, "rounds to a range of the one code 0");
  layer.low = static_cast<int32_t>(low);
  layer.high = static_cast<int32_t>(high);
}

/// Format, range and rounding of the layer. REQUIRES: the clips are its range alone.
void OnnxNetworkReader::set_rounding(Layer& layer, const Rounding& rounding) {
  const Node& node = *rounding.quant;
  QuantNode quant = read_quant(graph_, node, property_);
  if (quant.zero_point != 0) {
    graph_.refuse(
        node, "has zero point " + std::to_string(quant.zero_point) + ", expected 0 for what is no parameter");
  }
  layer.format = quant.format;
  layer.rounding = quant.rounding;
  layer.wraps = property_.wraps.erase(node.output(0)) > 0;
  set_range(layer, rounding, quant.is_narrow);
  double half = layer.format.step() / 2;
  if (rounding.summand == 0) return;
  if (rounding.summand == half && quant.rounding == core::Rounding::floor) {
    layer.rounding = core::Rounding::half_up;
  } else if (rounding.summand == -half && quant.rounding == core::Rounding::ceil) {
    layer.rounding = core::Rounding::half_down;
  } else {
    graph_.refuse(node, "rounds by " + std::string(name_of(quant.rounding)) + " behind an Add of " +
                            std::to_string(rounding.summand) +
                            "; expected half a step and FLOOR, or minus half a step and CEIL");
  }
}

void OnnxNetworkReader::add_activation(Layer layer, const Rounding& rounding, const LayerOutput& x) {
  if (rounding.clips.size() > 1)
    graph_.refuse(*rounding.quant, "stands behind two Clips, expected one range");
  set_rounding(layer, rounding);
  layers_.add_alike(*rounding.quant, std::move(layer), x);
}

void OnnxNetworkReader::read_input() {
  const onnx::ValueInfoProto& info = graph_.input();
  const auto& type = info.type().tensor_type();
  int rank = type.shape().dim_size();
  if (type.elem_type() != onnx::TensorProto::FLOAT || rank < 2 || rank > 4) {
    graph_.refuse("has an input of " + std::to_string(rank) + " dimensions and type " +
                  std::to_string(type.elem_type()) +
                  ", expected float32 [N, features] or [N, height, width, channels]");
  }
  const Node* first = graph_.only_reader(info.name());
  if (first == nullptr || first->input(0) != info.name()) {
    graph_.refuse("has an input " + in_quotes(info.name()) +
                  " that is not read by one Quant node alone; its format is unknown");
  }
  Numbers sizes;
  for (int i = 1; i < rank; ++i) sizes.push_back(type.shape().dim(i).dim_value());
  layers_.check_shape(*first, sizes);
  Layer layer = layer_of(LayerKind::input, {});
  layer.shape.assign(sizes.begin(), sizes.end());
  layers_.mark_read(*first);
  if (is_op(*first, "Div")) {
    layer.unit = read_unit(*first);
    first = &next_of_rounding(*first);
  }
  Rounding rounding = follow_rounding(*first);
  if (rounding.clips.size() > 1) graph_.refuse(*first, "clips the input twice, expected one range");
  set_rounding(layer, rounding);
  layers_.add(*rounding.quant, std::move(layer), sizes);
}

/// A rounding alone, or behind a Clip to [-1, 1] that is a hard tanh.
void OnnxNetworkReader::read_linear(const Node& node) {
  graph_.expect_inputs(node, 2, 4);
  LayerOutput x = layers_.output(node, node.input(0));
  Layer layer = layer_of(LayerKind::activation, {x.layer});
  Rounding rounding = follow_rounding(node);
  bool is_range = property_.ranges.erase(rounding.quant->output(0)) > 0;
  bool is_first_one = !rounding.clips.empty() && rounding.clips.front() == std::pair(-1.0, 1.0);
  if (is_first_one && !is_range) {
    layer.function = ActivationFunction::hard_tanh;
    rounding.clips.erase(rounding.clips.begin());
  }
  add_activation(std::move(layer), rounding, x);
}

void OnnxNetworkReader::read_relu(const Node& node) {
  graph_.expect_inputs(node, 1, 1);
  graph_.expect_attributes(node, {});
  LayerOutput x = layers_.output(node, node.input(0));
  Layer layer = layer_of(LayerKind::activation, {x.layer});
  layer.function = ActivationFunction::relu;
  add_activation(std::move(layer), follow_rounding(next_of_rounding(node)), x);
}

void OnnxNetworkReader::read_leaky_relu(const Node& node) {
  constexpr int kMaxSlopeShift = 40;
  constexpr double kMaxSlope = 1 << 24;
  graph_.expect_inputs(node, 1, 1);
  graph_.expect_attributes(node, {"alpha"});
  LayerOutput x = layers_.output(node, node.input(0));
  double alpha = graph_.real(node, "alpha", 0.01), slope = alpha;
  Layer layer = layer_of(LayerKind::activation, {x.layer});
  layer.function = ActivationFunction::leaky_relu;
  for (; slope != std::floor(slope) && layer.slope_shift < kMaxSlopeShift; slope *= 2) ++layer.slope_shift;
  bool is_odd_or_zero = slope == 0 || std::fmod(slope, 2) == 1;
  if (slope < 0 || slope >= kMaxSlope || slope != std::floor(slope) || !is_odd_or_zero) {
    graph_.refuse(node, "has alpha " + std::to_string(alpha) +
                            ", expected n 2^-k with n odd (or 0) and below 2^24, k from 0 to 40");
  }
  layer.slope = static_cast<int32_t>(slope);
  add_activation(std::move(layer), follow_rounding(next_of_rounding(node)), x);
}

void OnnxNetworkReader::read_hard_sigmoid(const Node& node) {
  const Node& sum = layers_.expect_next(node, "Add");
  graph_.expect_inputs(sum, 2, 2);
  if (graph_.number(node, node.input(1), "factor") != 0.5 ||
      graph_.number(sum, sum.input(1), "summand") != 0.5) {
    graph_.refuse(
        node,
        "multiplies by a constant that is not stored behind a Quant; only hard sigmoid (0.5 x + 0.5) may");
  }
  LayerOutput x = layers_.output(node, node.input(0));
  Layer layer = layer_of(LayerKind::activation, {x.layer});
  layer.function = ActivationFunction::hard_sigmoid;
  Rounding rounding = follow_rounding(next_of_rounding(sum));
  if (rounding.clips.empty() || rounding.clips.front() != std::pair(0.0, 1.0))
    graph_.refuse(sum, "is not followed by a Clip to [0, 1], as a hard sigmoid asks");
  rounding.clips.erase(rounding.clips.begin());
  add_activation(std::move(layer), rounding, x);
}

void OnnxNetworkReader::read_multi_threshold(const Node& node) {
  graph_.expect_inputs(node, 2, 2);
  graph_.expect_attributes(node, {"out_dtype", "out_scale", "out_bias", "data_layout"});
  LayerOutput x = layers_.output(node, node.input(0));
  std::string_view layout =
      threshold_layout(layers_.shape_of(x).size(), x.order == AxisOrder::channels_first);
  if (x.order == AxisOrder::one_pixel)
    graph_.refuse(node, "reads a global average that no Flatten made a vector");
  if (graph_.text(node, "data_layout", "") != layout)
    graph_.refuse(node, "has another data_layout than that of what it reads, " + std::string(layout));
  Layer layer = layer_of(LayerKind::threshold, {x.layer});
  layer.thresholds = parameters_.thresholds(node, node.input(1));
  auto format = property_.formats.extract(node.output(0));
  if (format.empty()) {
    graph_.refuse(node, "has no format in the \"" + std::string(kOnnxPropertyKey) +
                            "\" metadata property, which a MultiThreshold needs");
  }
  layer.format = format.mapped();
  int count = parameters_.parameters()[static_cast<size_t>(layer.thresholds)].shape[1];
  double step = std::ldexp(graph_.real(node, "out_scale", 1), layer.format.frac_bits());
  double low = std::ldexp(graph_.real(node, "out_bias", 0), layer.format.frac_bits());
  double high = low + step * count;
  bool fits = step >= 1 && step == std::floor(step) && low == std::floor(low) &&
              low >= static_cast<double>(layer.format.min_code()) &&
              high <= static_cast<double>(layer.format.max_code());
  if (!fits) {
    graph_.refuse(node, "counts from code " + std::to_string(low) + " in steps of " + std::to_string(step) +
                            " to " + std::to_string(high) + ", expected whole codes of " +
                            layer.format.text());
  }
  layer.low = static_cast<int32_t>(low);
  layer.high = static_cast<int32_t>(high);
  layers_.add_alike(node, std::move(layer), x);
}

}  // namespace netsurf
