// Quantizers of computed tensors.
#include <cmath>

#include "models/qonnx/reader_quantizer.h"
#include "models/qonnx/reader_sizes.h"
#include "models/qonnx/reader_step.h"

namespace netsurf::qonnx {
namespace {

Tensor number(const Step& step, size_t i, const char* what) {
  Tensor tensor = plain(step.constant(i, what));
  if (tensor.numbers.size() != 1)
    throw Complaint("has a " + std::string(what) + " of sizes " + sizes_text(tensor.sizes) +
                    ", expected one number");
  return tensor;
}

/// Whether what a node puts out is never negative, as far as the nodes before it tell.
bool is_unsigned(const foreign::Graph& graph, int node) {
  while (true) {
    const foreign::Node& n = graph.nodes[static_cast<size_t>(node)];
    switch (n.op) {
      case foreign::Op::quantize:
        return !n.quantizer->bipolar && n.quantizer->low >= n.quantizer->zero_point[0];
      case foreign::Op::relu:
        return true;
      case foreign::Op::max_pool:
      case foreign::Op::average_pool:
      case foreign::Op::global_average_pool:
      case foreign::Op::flatten:
      case foreign::Op::reshape:
      case foreign::Op::upsample:
      case foreign::Op::identity:
        node = n.inputs[0];
        break;
      default:
        return false;
    }
  }
}

/// log2 of a power of two, else Complaint.
int exponent_of(double value, const std::string& what) {
  int exponent = 0;
  if (!(value > 0) || std::frexp(value, &exponent) != 0.5)
    throw Complaint("has " + what + " of " + std::to_string(value) + ", expected a power of two");
  return exponent - 1;
}

Grid single(double scale, foreign::Quantizer quantizer) {
  return {std::move(quantizer), {}, {scale}, {0}, false};
}

}  // namespace

Value read_quant(const Step& step) {
  Grid grid = quant_grid(step.op, plain(step.constant(1, "scale")), plain(step.constant(2, "zeropt")),
                         plain(step.constant(3, "bitwidth")));
  return step.make.quantize(step.view(0), grid, step.name());
}

Value read_bipolar_quant(const Step& step) {
  return step.make.quantize(step.view(0), bipolar_grid(plain(step.constant(1, "scale"))), step.name());
}

Value read_trunc(const Step& step) {
  bool is_second = step.op.version() >= 2 || step.inputs.size() == 6;
  if (step.inputs.size() != (is_second ? 6U : 5U)) {
    throw Complaint("has " + std::to_string(step.inputs.size()) +
                    " inputs, expected 5 in version 1 of its domain and 6 in version 2");
  }
  View x = step.view(0);
  double scale = number(step, 1, "scale").numbers[0];
  if (whole(number(step, 2, "zeropt"), "zeropt", -128, 255) != 0)
    throw Complaint("has a zero point, expected 0");
  foreign::Quantizer q;
  q.rounding = rounding_of(step.op.text("rounding_mode", "FLOOR"));
  step.make.assume("Trunc nodes read numbers that lie on their input scale already, so that they round once");
  if (is_second) {
    double out_scale = number(step, 4, "output scale").numbers[0];
    exponent_of(out_scale / scale, "a ratio of its scales");
    q.bits = static_cast<int>(whole(number(step, 5, "output bitwidth"), "output bitwidth", 1, 32));
    q.is_signed = step.op.flag("signed", true);
    q.set_full_range(step.op.flag("narrow", false));
    return step.make.quantize(x, single(out_scale, q), step.name());
  }
  int64_t in_bits = whole(number(step, 3, "input bitwidth"), "input bitwidth", 1, 32);
  int64_t out_bits = whole(number(step, 4, "output bitwidth"), "output bitwidth", 1, in_bits);
  if (!(scale > 0) || !std::isfinite(scale)) throw Complaint("has a scale of " + std::to_string(scale));
  q.bits = static_cast<int>(out_bits);
  q.is_signed = !is_unsigned(step.make.graph(), x.node);
  q.set_full_range();
  // Version 1 does not saturate: the highest codes may round up to one code more than the bits hold.
  bool rounds_up = q.rounding != core::Rounding::floor && q.rounding != core::Rounding::to_zero;
  if (rounds_up && in_bits > out_bits) {
    ++q.high;
    ++q.bits;
  }
  step.make.assume("Trunc " + quote(step.name()) + " does not say whether its codes are signed: read as " +
                   (q.is_signed ? "signed" : "unsigned") + ", from what comes before it");
  double factor = std::ldexp(1.0, static_cast<int>(in_bits - out_bits));
  x = step.make.quantize(x, single(scale * factor, q), step.name());
  // Version 1 drops low bits and keeps the scale, so that numbers shrink.
  Tensor shrink;
  shrink.numbers = {1 / factor};
  return step.make.affine(x, foreign::Op::multiply_constant, shrink, step.name() + "/shrink", false);
}

Value read_multi_threshold(const Step& step) {
  View x = step.view(0);
  Tensor thresholds = plain(step.constant(1, "thresholds"));
  if (thresholds.sizes.size() != 2 || thresholds.numbers.empty()) {
    throw Complaint("has thresholds of sizes " + sizes_text(thresholds.sizes) +
                    ", expected [channels or 1, thresholds]");
  }
  size_t rank = x.layout.sizes().size();
  int64_t rows = thresholds.sizes[0], count = thresholds.sizes[1];
  std::string layout = step.op.text("data_layout", "");
  if (layout.empty() && rank == 3 && rows > 1)
    step.make.assume("MultiThreshold on sequences without a data_layout: channels last, as QONNX has it");
  if (layout.empty()) layout = rank == 2 ? "NC" : (rank == 3 ? "NWC" : "NCHW");
  size_t axis = layout.find('C');
  std::vector<int64_t> row_of = {0};
  if (rows > 1) {
    if (layout.size() != rank || axis == std::string::npos) {
      throw Complaint("has data_layout " + quote(layout) + " for a tensor of sizes " +
                      sizes_text(x.layout.sizes()));
    }
    row_of = step.make.channels(x, along(static_cast<int>(axis), rows, rank), step.name());
  }
  if (!step.make.budget().take(row_of.size() * static_cast<uint64_t>(count)))
    throw Complaint("makes the constants of the file too large");
  std::vector<int64_t> index;
  for (int64_t row : row_of) {
    for (int64_t t = 0; t < count; ++t) index.push_back(row * count + t);
  }
  foreign::Node node;
  node.op = foreign::Op::multi_threshold;
  node.constant = gather(thresholds, index, {static_cast<int>(row_of.size()), static_cast<int>(count)});
  node.out_scale = step.op.real("out_scale", 1.0F);
  node.out_bias = step.op.real("out_bias", 0.0F);
  return step.make.then(x, std::move(node), step.name());
}

Value read_quantize_linear(const Step& step) {
  View x = step.view(0);
  if (step.op.integer("output_dtype", 0) != 0 && !step.is_given(2))
    throw Complaint(
        "has output_dtype without a zero point, which is not supported; give it a zero point of that type");
  x.codes_of = linear_grid(step.op, x.layout.sizes(), plain(step.constant(1, "scale")),
                           step.optional_constant(2, "zero point"));
  return x;
}

Value read_dequantize_linear(const Step& step) {
  View x = step.any_view(0);
  if (!x.codes_of.has_value()) throw Complaint("reads real numbers, expected the codes of a QuantizeLinear");
  Grid by = *x.codes_of;
  Grid own = linear_grid(step.op, x.layout.sizes(), plain(step.constant(1, "scale")),
                         step.optional_constant(2, "zero point"));
  if (own.scale != by.scale || own.zero_point != by.zero_point) {
    throw Complaint("has another scale or zero point than the QuantizeLinear before it: scale " +
                    std::to_string(own.scale[0]) + " after " + std::to_string(by.scale[0]) + ", zero point " +
                    std::to_string(own.zero_point[0]) + " after " + std::to_string(by.zero_point[0]));
  }
  return step.make.quantize(x, by, step.name());
}

}  // namespace netsurf::qonnx
