// Quantizers as thresholds on sums: those of the file, and those that bisection finds in its float
// arithmetic.
#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "models/foreign/lowering.h"
#include "models/foreign/quantization.h"
#include "models/foreign/thresholds.h"

namespace netsurf::foreign {
namespace {

constexpr int64_t kMostThresholds = 1 << 22;  // of one layer

bool is_learned(const std::vector<Step>& chain) {
  return std::any_of(chain.begin(), chain.end(), [](const Step& step) { return step.is_learned; });
}

/// Channels that a chain and units tell apart: 1 when they do not.
size_t distinct_channels(const Value& v, size_t channels) {
  bool is_shared = is_uniform(v.unit);
  for (const Step& step : v.chain) is_shared = is_shared && step.constant.size() <= 1;
  return is_shared ? 1 : channels;
}

}  // namespace

Value Lowering::thresholded(const Value& given, const Quantizer& q, const std::string& name) {
  size_t rows = distinct_channels(given, channels(given));
  std::vector<int> signs = directions(given.chain);
  int layer = mirrored(given, signs, name);
  const TensorType& type = builder_.type(layer);
  if (type.bound > kLargestThreshold)
    throw InputError("node \"" + name + "\": sums of more than 31 bits have no thresholds");

  int64_t low = lowest(q), step = q.bipolar ? 2 : 1, count = (highest(q) - low) / step;
  if (count * static_cast<int64_t>(rows) > kMostThresholds) {
    throw InputError("node \"" + name + "\": " + std::to_string(count) + " thresholds for each of " +
                     std::to_string(rows) + " channels, expected at most " + std::to_string(kMostThresholds) +
                     " in all");
  }
  std::vector<int32_t> codes;
  for (size_t c = 0; c < rows; ++c) {
    int sign = sign_at(signs, c);
    auto code_at = [&](int64_t sum) { return code_of(real_at(given, type.frac_bits, c, sum * sign), q); };
    int64_t from = type.low;
    for (int64_t level = 1; level <= count; ++level) {
      from = first_reached(from, type.high, [&](int64_t sum) { return code_at(sum) >= low + level * step; });
      codes.push_back(static_cast<int32_t>(from));
    }
  }
  auto scale = static_cast<double>(q.scale[0]);
  int frac_bits = nearest_frac_bits(scale);
  Value v;
  v.layer = add_thresholds(layer, std::move(codes), static_cast<int>(rows), low, highest(q),
                           format_of(q, frac_bits), is_learned(given.chain), name);
  v.unit = {std::ldexp(scale, frac_bits)};
  return v;
}

int Lowering::mirrored(const Value& in, const std::vector<int>& signs, const std::string& name) {
  if (std::find(signs.begin(), signs.end(), -1) == signs.end()) return in.layer;
  Parameter sign;
  sign.name = name + "/sign";
  sign.format = Format{2, 1, true};
  sign.constant = true;
  for (size_t c = 0; c < channels(in); ++c) sign.codes.push_back(sign_at(signs, c));
  sign.shape = {static_cast<int>(sign.codes.size())};
  Layer layer;
  layer.name = name + "/sign";
  layer.kind = LayerKind::affine;
  layer.inputs = {in.layer};
  layer.scale = builder_.add(std::move(sign));
  return builder_.add(std::move(layer));
}

int Lowering::add_thresholds(int input, std::vector<int32_t> codes, int rows, int64_t low, int64_t high,
                             const Format& format, bool is_stored, const std::string& name) {
  Parameter thresholds;
  thresholds.name = name + "/thresholds";
  thresholds.shape = {rows, static_cast<int>(codes.size()) / rows};
  thresholds.format = Format::with_step(codes, builder_.type(input).frac_bits, 1);
  thresholds.codes = std::move(codes);
  thresholds.constant = !is_stored;
  Layer layer;
  layer.name = name;
  layer.kind = LayerKind::threshold;
  layer.inputs = {input};
  layer.format = format;
  layer.low = static_cast<int32_t>(low);
  layer.high = static_cast<int32_t>(high);
  layer.thresholds = builder_.add(std::move(thresholds));
  return builder_.add(std::move(layer));
}

void Lowering::lower_multi_threshold(int index) {
  const Node& n = node(index);
  Value given = input_of(index);
  if (!n.constant || n.constant->shape.size() != 2) refuse(n, "has no thresholds [channels, count]");
  auto rows = static_cast<size_t>(n.constant->shape[0]), count = static_cast<size_t>(n.constant->shape[1]);
  std::vector<float> thresholds = constant_values(*n.constant);
  if (rows != 1 && rows != channels(given)) {
    refuse(n, "has thresholds for " + std::to_string(rows) + " channels, expected 1 or " +
                  std::to_string(channels(given)));
  }
  // Codes are counts plus an offset; in halves of the scale where the offset lies between two counts.
  double scale = static_cast<double>(n.out_scale), offset = static_cast<double>(n.out_bias) / scale;
  int64_t step = 1;
  if (offset != std::floor(offset)) {
    step = 2;
    offset *= 2;
    scale /= 2;
  }
  if (!(scale > 0) || offset != std::floor(offset) || std::abs(offset) > 32768) {
    refuse(n, "puts out count x " + std::to_string(n.out_scale) + " + " + std::to_string(n.out_bias) +
                  "; expected a positive scale and an offset of whole or half counts");
  }
  std::vector<int> signs = directions(given.chain);
  int layer = mirrored(given, signs, n.name);
  const TensorType& type = builder_.type(layer);
  if (type.bound > kLargestThreshold) refuse(n, "reads sums of more than 31 bits");
  size_t out_rows = std::max(rows, distinct_channels(given, channels(given)));
  std::vector<int32_t> codes;
  for (size_t c = 0; c < out_rows; ++c) {
    int sign = sign_at(signs, c);
    for (size_t j = 0; j < count; ++j) {
      float threshold = thresholds[(rows == 1 ? 0 : c) * count + j];
      codes.push_back(static_cast<int32_t>(first_reached(type.low, type.high, [&](int64_t sum) {
        return real_at(given, type.frac_bits, c, sum * sign) >= threshold;
      })));
    }
  }
  Quantizer q;
  q.scale = {static_cast<float>(scale)};
  q.low = static_cast<int64_t>(offset);
  q.high = q.low + step * static_cast<int64_t>(count);
  q.bits = 1;
  q.is_signed = q.low < 0;
  int frac_bits = nearest_frac_bits(scale);
  Value v;
  v.layer = add_thresholds(layer, std::move(codes), static_cast<int>(out_rows), q.low, q.high,
                           format_of(q, frac_bits), true, n.name);
  v.unit = {std::ldexp(scale, frac_bits)};
  put(index, std::move(v));
}

}  // namespace netsurf::foreign
