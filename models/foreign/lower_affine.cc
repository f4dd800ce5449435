// Affine layers for batch norms and for scales that are no powers of two.
#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/base/error.h"
#include "models/foreign/fit.h"
#include "models/foreign/lowering.h"
#include "models/foreign/quantization.h"

namespace netsurf::foreign {
namespace {

constexpr int kConstantBits = 31;
// A shift is kept this much finer than the step it is added to, where the sums leave room.
constexpr int kShiftFracBits = 12, kConstantShiftFracBits = 20;

std::vector<double> per_channel(size_t channels, auto value_of) {
  std::vector<double> values;
  for (size_t c = 0; c < channels; ++c) values.push_back(value_of(c));
  return values;
}

Parameter parameter_of(Fitted fitted, std::string name, bool is_learned) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.shape = {static_cast<int>(fitted.codes.size())};
  parameter.format = fitted.format;
  parameter.codes = std::move(fitted.codes);
  parameter.constant = !is_learned;
  return parameter;
}

/// Whether nothing but positive factors of a format is in it: they change no sign.
bool is_only_scaled(const AffineMap& map) {
  return !map.scale_is_learned &&
         std::all_of(map.scale.begin(), map.scale.end(), [](double a) { return a > 0; }) &&
         std::all_of(map.shift.begin(), map.shift.end(), [](double b) { return b == 0; });
}

bool all_zero(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return v == 0; });
}

}  // namespace

Value Lowering::affine(const Value& in, const AffineMap& map, double target, const std::string& name,
                       int most_bits) {
  const TensorType& type = builder_.type(in.layer);
  size_t count = channels(in);
  std::vector<double> scale =
      per_channel(count, [&](size_t c) { return at(map.scale, c) * at(in.unit, c) / target; });
  std::vector<double> shift = per_channel(count, [&](size_t c) { return at(map.shift, c) / target; });
  for (size_t c = 0; c < count; ++c) {
    if (!std::isfinite(scale[c]) || !std::isfinite(shift[c]))
      throw InputError("node \"" + name + "\": channel " + std::to_string(c) +
                       " has a scale or shift that is not a number");
  }
  int bound_bits = static_cast<int>(std::bit_width(static_cast<uint64_t>(type.bound)));
  int room = std::max(2, most_bits - bound_bits);
  int scale_bits = std::min(map.scale_is_learned ? options_.affine_bits : kConstantBits, room);
  // The sum's fraction bits are the products': few enough for the largest shift.
  double largest = 0;
  for (double b : shift) largest = std::max(largest, std::abs(b));
  int most_frac_bits = largest > 0 ? std::min(62, most_bits - 2 - std::ilogb(largest)) : 62;
  Fitted a = fit(scale, scale_bits, most_frac_bits - type.frac_bits);
  int product_frac_bits = type.frac_bits + a.format.frac_bits();

  Layer layer;
  layer.name = name + "/affine";
  layer.kind = LayerKind::affine;
  layer.inputs = {in.layer};
  if (!all_zero(shift)) {
    int finer = std::clamp(room - a.format.bits - 1, 0,
                           map.shift_is_learned ? kShiftFracBits : kConstantShiftFracBits);
    int shift_bits = map.shift_is_learned ? options_.affine_bits : kConstantBits;
    Fitted b = fit(shift, shift_bits, std::min(most_frac_bits, product_frac_bits + finer));
    layer.shift = builder_.add(parameter_of(std::move(b), name + "/shift", map.shift_is_learned));
  }
  layer.scale = builder_.add(parameter_of(std::move(a), name + "/scale", map.scale_is_learned));
  Value v;
  v.layer = builder_.add(std::move(layer));
  v.unit = {target};
  v.num_readers = in.num_readers;
  return v;
}

Value Lowering::with_stored_bias(Value in, const std::string& name) {
  if (in.chain.empty() || !in.chain[0].stored) return in;
  Parameter shift = *in.chain[0].stored;
  Layer layer;
  layer.name = name + "/affine";
  layer.kind = LayerKind::affine;
  layer.inputs = {in.layer};
  const TensorType& type = builder_.type(in.layer);
  int room = kMostBits - static_cast<int>(std::bit_width(static_cast<uint64_t>(type.bound)));
  size_t count = channels(in);
  int most_frac_bits = kMostBits - 2 - (shift.format.bits - shift.format.frac_bits());
  Fitted scale = fit(per_channel(count, [&](size_t c) { return at(in.unit, c); }),
                     std::clamp(room, 2, kConstantBits), std::min(62, most_frac_bits) - type.frac_bits);
  layer.scale = builder_.add(parameter_of(std::move(scale), name + "/scale", false));
  layer.shift = builder_.add(std::move(shift));
  in.chain.erase(in.chain.begin());
  in.layer = builder_.add(std::move(layer));
  in.unit = {1};
  in.reach_low = in.reach_high = {};
  return in;
}

Value Lowering::settled(Value in, const std::string& name) {
  in = with_stored_bias(std::move(in), name);
  if (in.chain.empty()) return in;
  std::optional<ChainParts> parts = take_apart(in.chain);
  if (parts && !parts->function) {
    AffineMap map = parts->before;
    // One positive factor for all channels is only another unit.
    bool is_unit = is_uniform(in.unit) && !map.scale_is_learned && is_uniform(map.scale) && map.scale[0] > 0;
    if (is_unit) {
      for (double& unit : in.unit) unit *= map.scale[0];
      map.scale = {1};
    }
    in.chain.clear();
    if (map.is_identity()) return in;
    if (is_unit) {
      // The units stay outside: only the shift is added, in units.
      double unit = in.unit[0];
      return affine(in, map, unit, name);
    }
    return affine(in, map, is_uniform(in.unit) ? in.unit[0] : 1, name);
  }
  if (parts && parts->function->op == Op::relu && builder_.type(in.layer).is_narrow() &&
      is_only_scaled(parts->before)) {
    const TensorType& type = builder_.type(in.layer);
    Layer layer;
    layer.name = name;
    layer.kind = LayerKind::activation;
    layer.inputs = {in.layer};
    layer.function = ActivationFunction::relu;
    layer.format.bits = std::max(1, static_cast<int>(std::bit_width(static_cast<uint64_t>(type.high))));
    layer.format.is_signed = false;
    layer.format.integer_bits = layer.format.bits - type.frac_bits;
    Value v;
    v.layer = builder_.add(std::move(layer));
    v.unit = per_channel(std::max(in.unit.size(), parts->before.scale.size()), [&](size_t c) {
      return at(in.unit, c) * at(parts->before.scale, c) * parts->after;
    });
    v.num_readers = in.num_readers;
    return v;
  }
  if (!options_.float_format) {
    throw InputError(
        "node \"" + name +
        "\": no quantizer rounds what it puts out; give a format with --float_format q<m,n,s>, or end "
        "the network before it with --end_at NODE");
  }
  assume("values of \"" + name + "\" rounded to " + options_.float_format->text());
  return quantized(in, quantizer_of(*options_.float_format), name);
}

Value Lowering::readable(const Node& reader) {
  const std::string& name = node(reader.inputs[0]).name;
  Value& in = value(reader.inputs[0]);  // kept settled, for its other readers
  in = settled(in, name);
  bool is_readable = is_uniform(in.unit) && builder_.type(in.layer).is_narrow();
  if (!is_readable && options_.float_format) {
    assume("values of \"" + name + "\" rounded to " + options_.float_format->text());
    int readers = in.num_readers;
    in = quantized(in, quantizer_of(*options_.float_format), name);
    in.num_readers = readers;
    is_readable = is_uniform(in.unit) && builder_.type(in.layer).is_narrow();
  }
  if (!is_readable) {
    const TensorType& type = builder_.type(in.layer);
    refuse(reader,
           "reads \"" + name + "\", whose codes in [" + std::to_string(type.low) + ", " +
               std::to_string(type.high) + "]" +
               (is_uniform(in.unit) ? "" : " have another step in every channel and") +
               " no quantizer rounds; expected codes of at most 16 bits. Give a format with --float_format "
               "q<m,n,s>, or end the network there with --end_at " +
               name);
  }
  return in;
}

}  // namespace netsurf::foreign
