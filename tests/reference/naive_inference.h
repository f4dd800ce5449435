// The layers of docs/numbers.md a second time: one sample at a time, 128-bit integers, no cleverness. It
// takes its shapes and fraction bits from the definitions, not from the model's inferred types.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/model/model.h"
#include "tests/reference/naive_rounding.h"

namespace netsurf::naive {

/// What one layer puts out for one sample: value = code x 2^-frac_bits x unit, codes in C order of `shape`.
struct Tensor {
  Shape shape;
  int frac_bits = 0;
  std::vector<Wide> codes;
  float unit = 1;
};

/// Outputs of every layer. `parameters[p]` are the codes of parameter p, faulty or not; `sample` the input
/// codes.
std::vector<Tensor> infer(const Model& model, std::span<const std::vector<int32_t>> parameters,
                          std::span<const int32_t> sample, Plant plant = Plant::none);

/// The codes that are scored: the last layer's, which for a softmax are those of its input.
const Tensor& scored(const std::vector<Tensor>& tensors);

}  // namespace netsurf::naive
