// The layers of docs/numbers.md a second time: one sample at a time, 128-bit integers, no cleverness. It
// takes its shapes and fraction bits from the definitions, not from the model's inferred types.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/model/model.h"

namespace netsurf::naive {

using Wide = __int128;

/// Mistakes that can be planted, to show that a comparison with this reference notices them.
enum class Plant {
  none,
  ties_away,         // rounds halves away from zero instead of to even
  pad_one_lower,     // convolutions start one row higher in the padding
  padding_counts,    // average pools divide by the whole window
  wraps,             // saturation wraps around
  bias_unaligned,    // biases are added without their shift
  last_wins,         // the highest index among the largest codes is the prediction
  loss_rounds_down,  // losses are cut to whole units instead of rounded
  short_exp,         // the polynomial of exp lacks its highest power
};
inline constexpr int kNumPlants = 9;

/// What one layer puts out for one sample: value = code x 2^-frac_bits, codes in C order of `shape`.
struct Tensor {
  Shape shape;
  int frac_bits = 0;
  std::vector<Wide> codes;
};

/// numerator / denominator rounded half to even. REQUIRES: denominator > 0, both below 2^126 in magnitude.
Wide divide_half_even(Wide numerator, Wide denominator, Plant plant = Plant::none);

/// clamp(code x 2^(to.frac_bits - from_frac_bits) rounded half to even). REQUIRES: |code| < 2^100.
Wide convert(Wide code, int from_frac_bits, const Format& to, Plant plant = Plant::none);

/// Outputs of every layer. `parameters[p]` are the codes of parameter p, faulty or not; `sample` the input
/// codes.
std::vector<Tensor> infer(const Model& model, std::span<const std::vector<int32_t>> parameters,
                          std::span<const int32_t> sample, Plant plant = Plant::none);

/// The codes that are scored: the last layer's, which for a softmax are those of its input.
const Tensor& scored(const std::vector<Tensor>& tensors);

}  // namespace netsurf::naive
