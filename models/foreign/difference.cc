#include "models/foreign/difference.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "models/foreign/quantization.h"

namespace netsurf::foreign {
namespace {

using Wide = __int128;

constexpr int64_t kMostChecks = int64_t{1} << 22;  // in all channels of a layer together
constexpr int64_t kFewestPerChannel = 256;

/// The activation's code of a sum, from docs/numbers.md; wide, so that nothing can overflow.
int64_t activation_code(const Layer& layer, Wide sum, int shift) {
  if (sum < 0 && layer.function == ActivationFunction::relu) sum = 0;
  if (layer.function == ActivationFunction::leaky_relu) {
    sum = sum < 0 ? sum * layer.slope : sum << layer.slope_shift;
    shift += layer.slope_shift;
  }
  if (shift < 0) {
    sum <<= std::min(-shift, 60);
  } else {
    sum = core::round_shift_right<Wide>(sum, std::min(shift, 120), layer.rounding);
  }
  return static_cast<int64_t>(std::clamp<Wide>(sum, layer.low_code(), layer.high_code()));
}

}  // namespace

Difference compare(const Builder& builder, const Value& in, int affine, int activation, const Quantizer& q) {
  const TensorType& type = builder.type(in.layer);
  const Layer& rounding = builder.layer(activation);
  const Parameter* scale = affine < 0 ? nullptr : &builder.parameter(builder.layer(affine).scale);
  const Parameter* offset = affine < 0 || builder.layer(affine).shift < 0
                                ? nullptr
                                : &builder.parameter(builder.layer(affine).shift);
  int product_frac_bits = type.frac_bits + (scale == nullptr ? 0 : scale->format.frac_bits());
  Alignment alignment =
      align(product_frac_bits, offset == nullptr ? product_frac_bits : offset->format.frac_bits());
  int shift = alignment.frac_bits - rounding.format.frac_bits();

  Difference found;
  size_t rows = scale == nullptr ? std::max<size_t>(in.reach_low.size(), 1) : scale->codes.size();
  auto channels = static_cast<int64_t>(rows);
  int64_t per_channel = std::max(kFewestPerChannel, kMostChecks / channels);
  for (int64_t channel = 0; channel < channels; ++channel) {
    auto c = static_cast<size_t>(channel);
    int64_t low = in.reach_low.size() == rows ? in.reach_low[c] : type.low;
    int64_t high = in.reach_high.size() == rows ? in.reach_high[c] : type.high;
    int64_t count = std::min(per_channel, high - low + 1);
    for (int64_t i = 0; i < count; ++i) {
      int64_t sum = count == 1 ? low : low + static_cast<int64_t>(Wide{high - low} * i / (count - 1));
      int64_t theirs = code_of(real_at(in, type.frac_bits, c, sum), q);
      int64_t factor = scale == nullptr ? 1 : scale->operand(scale->codes[c]);
      Wide scaled = (Wide{sum} * factor) << alignment.first_shift;
      if (offset != nullptr) scaled += Wide{offset->operand(offset->codes[c])} << alignment.second_shift;
      int64_t distance = std::abs(activation_code(rounding, scaled, shift) - theirs);
      found.differing += distance != 0 ? 1 : 0;
      found.largest = std::max(found.largest, distance);
    }
    found.checked += count;
  }
  return found;
}

}  // namespace netsurf::foreign
