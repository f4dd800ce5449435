#include <cmath>

#include "models/foreign/lowering.h"
#include "models/foreign/quantization.h"

namespace netsurf::foreign {
namespace {

// What hls4ml reads where nothing is said: fixed<16,6>.
constexpr Format kDefaultInputFormat{16, 5, true};

/// Whether an input layer rounds as the quantizer does, but for ties.
bool is_encoding(const Quantizer& q) {
  return rounding_less_zero_point(q) || q.rounding == core::Rounding::half_even;
}

}  // namespace

int Lowering::quantizer_of_input(int index) const {
  for (int at = index;;) {
    if (num_readers_[static_cast<size_t>(at)] != 1) return -1;
    int reader = at + 1;
    auto reads = [&](int candidate) {
      const std::vector<int>& inputs = node(candidate).inputs;
      return is_needed_[static_cast<size_t>(candidate)] && inputs.size() == 1 && inputs[0] == at;
    };
    while (reader <= output_ && !reads(reader)) ++reader;
    if (reader > output_) return -1;
    const Node& n = node(reader);
    if (n.op == Op::quantize && n.quantizer && !n.quantizer->bipolar && !n.quantizer->wraps &&
        n.quantizer->scale.size() == 1 && is_encoding(*n.quantizer)) {
      return reader;
    }
    bool keeps_values = n.op == Op::reshape || n.op == Op::flatten || n.op == Op::identity;
    if (!keeps_values) return -1;
    at = reader;
  }
}

void Lowering::lower_input(int index) {
  const Node& n = node(index);
  if (!builder_.is_empty()) refuse(n, "is a second input, expected one");
  Layer layer;
  layer.name = n.name;
  layer.kind = LayerKind::input;
  layer.shape = n.shape;
  Value v;
  int encoder = options_.input_format ? -1 : quantizer_of_input(index);
  if (encoder >= 0) {
    const Quantizer& q = *node(encoder).quantizer;
    if (std::string problem = problem_of(q); !problem.empty()) refuse(node(encoder), problem);
    int frac_bits = nearest_frac_bits(static_cast<double>(q.scale[0]));
    layer.format = format_of(q, frac_bits);
    layer.low = static_cast<int32_t>(lowest(q));
    layer.high = static_cast<int32_t>(highest(q));
    layer.rounding = rounding_less_zero_point(q).value_or(q.rounding);
    if (!rounding_less_zero_point(q)) {
      assume("ties of \"" + node(encoder).name +
             "\" go to the even code less the zero point, not to the even code");
    }
    layer.unit = static_cast<float>(std::ldexp(static_cast<double>(q.scale[0]), frac_bits));
    is_input_encoding_[static_cast<size_t>(encoder)] = true;
    result_.folded.push_back("quantizer \"" + node(encoder).name + "\" into the encoding of the data (" +
                             layer.format.text() + ")");
  } else {
    layer.format = options_.input_format.value_or(kDefaultInputFormat);
    layer.unit = options_.input_unit;
    if (!options_.input_format) {
      assume("the network does not say how its input is stored: read as " + layer.format.text() +
             ", the default of hls4ml (--input_format says otherwise)");
    }
  }
  v.unit = {static_cast<double>(layer.unit)};
  v.layer = builder_.add(std::move(layer));
  put(index, std::move(v));
}

}  // namespace netsurf::foreign
