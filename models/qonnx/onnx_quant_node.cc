#include "models/qonnx/onnx_quant_node.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

namespace netsurf {
namespace {

constexpr int kMaxFracBits = 62;

struct RoundingRow {
  core::Rounding rounding;
  std::string_view name;
};

/// The name to write comes first.
constexpr std::array kRoundings = {
    RoundingRow{core::Rounding::half_even, "ROUND"},   RoundingRow{core::Rounding::half_even, "HALF_EVEN"},
    RoundingRow{core::Rounding::half_away, "HALF_UP"}, RoundingRow{core::Rounding::half_to_zero, "HALF_DOWN"},
    RoundingRow{core::Rounding::floor, "FLOOR"},       RoundingRow{core::Rounding::ceil, "CEIL"},
    RoundingRow{core::Rounding::to_zero, "DOWN"},      RoundingRow{core::Rounding::away, "UP"},
};

bool is_custom_op(const onnx::NodeProto& node, std::string_view op) {
  return node.op_type() == op &&
         std::find(kQuantDomains.begin(), kQuantDomains.end(), node.domain()) != kQuantDomains.end();
}

core::Rounding read_rounding(const OnnxGraph& graph, const onnx::NodeProto& quant) {
  std::string name = graph.text(quant, "rounding_mode", "ROUND");
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
  auto row = std::find_if(kRoundings.begin(), kRoundings.end(),
                          [&](const RoundingRow& r) { return r.name == name; });
  if (row != kRoundings.end()) return row->rounding;
  std::string known;
  for (const RoundingRow& each : kRoundings) known += (known.empty() ? "" : ", ") + std::string(each.name);
  graph.refuse(quant, "has rounding mode " + in_quotes(name) + ", expected one of " + known);
}

}  // namespace

bool is_quant(const onnx::NodeProto& node) { return is_custom_op(node, "Quant"); }
bool is_bipolar_quant(const onnx::NodeProto& node) { return is_custom_op(node, "BipolarQuant"); }
bool is_multi_threshold(const onnx::NodeProto& node) { return is_custom_op(node, "MultiThreshold"); }

std::string_view qonnx_rounding(core::Rounding rounding) {
  auto row = std::find_if(kRoundings.begin(), kRoundings.end(),
                          [&](const RoundingRow& r) { return r.rounding == rounding; });
  return row == kRoundings.end() ? "" : row->name;
}

std::string_view threshold_layout(size_t rank, bool channels_first) {
  if (rank == 3) return channels_first ? "NCHW" : "NHWC";
  return rank == 2 ? "NWC" : "NC";
}

int read_frac_bits(const OnnxGraph& graph, const onnx::NodeProto& node, double scale) {
  int exponent = 0;
  bool fits = scale > 0 && std::frexp(scale, &exponent) == 0.5 && std::abs(1 - exponent) <= kMaxFracBits;
  if (!fits) {
    graph.refuse(node, "has scale " + std::to_string(scale) + ", expected a power of two from 2^-62 to 2^62");
  }
  return 1 - exponent;
}

QuantNode read_quant(const OnnxGraph& graph, const onnx::NodeProto& quant, OnnxProperty& property) {
  graph.expect_inputs(quant, 4, 4);
  graph.expect_attributes(quant, {"signed", "narrow", "rounding_mode"});
  int frac_bits = read_frac_bits(graph, quant, graph.number(quant, quant.input(1), "scale"));
  double zero_point = graph.number(quant, quant.input(2), "zero point");
  double bits = graph.number(quant, quant.input(3), "bit width");
  if (std::abs(zero_point) > INT32_MAX || zero_point != std::floor(zero_point))
    graph.refuse(quant, "has zero point " + std::to_string(zero_point) + ", expected a whole number");
  if (bits < 1 || bits > kMaxParameterBits || bits != std::floor(bits)) {
    graph.refuse(quant, "has bit width " + std::to_string(bits) + ", expected a whole number from 1 to 32");
  }
  int64_t is_signed = graph.integer(quant, "signed", std::nullopt),
          narrow = graph.integer(quant, "narrow", std::nullopt);
  if (is_signed != 0 && is_signed != 1)
    graph.refuse(quant, "has signed = " + std::to_string(is_signed) + ", expected 0 or 1");
  if (narrow != 0 && narrow != 1)
    graph.refuse(quant, "has narrow = " + std::to_string(narrow) + ", expected 0 or 1");
  Format format{static_cast<int>(bits), 0, is_signed == 1};
  // Version 1 wrote such a format with its one bit, which tools take for -1 and +1.
  bool is_two_valued = property.one_bit.erase(quant.output(0)) > 0;
  if (is_two_valued && format.bits == 2 && format.is_signed) format.bits = 1;
  if (format.bits == 1 && format.is_signed && !is_two_valued) {
    graph.refuse(quant, "is signed with one bit, which tools take for -1 and +1; this is not supported");
  }
  format.integer_bits = format.bits - (format.is_signed ? 1 : 0) - frac_bits;
  return {format, narrow == 1, static_cast<int32_t>(zero_point), read_rounding(graph, quant)};
}

Format read_plain_quant(const OnnxGraph& graph, const onnx::NodeProto& quant, OnnxProperty& property) {
  QuantNode found = read_quant(graph, quant, property);
  if (found.zero_point != 0)
    graph.refuse(quant, "has zero point " + std::to_string(found.zero_point) + ", expected 0");
  if (found.is_narrow) graph.refuse(quant, "has narrow = 1; only the full range (0) is supported here");
  if (found.rounding != core::Rounding::half_even) {
    graph.refuse(quant, "has rounding mode " + std::string(name_of(found.rounding)) +
                            ", expected ROUND (half to even) here");
  }
  return found.format;
}

}  // namespace netsurf
