// A foreign graph run as its file says it: real numbers, float32 operations, one sample at a time. The
// witness that readers and lowered integer networks are compared with; it shares nothing with either.
#pragma once

#include <vector>

#include "models/foreign/graph.h"

namespace netsurf::foreign::testing {

struct FloatTensor {
  Shape shape;
  std::vector<float> values;  // C order
};

/// Outputs of every node for one sample.
std::vector<FloatTensor> run_floats(const Graph& graph, const FloatTensor& input);

/// The last node's values for one sample of the input's shape.
std::vector<float> output_of(const Graph& graph, const std::vector<float>& input);

/// y = (clamp(round(x / scale) + zero_point) - zero_point) x scale for one channel.
float quantize_float(float x, const Quantizer& quantizer, size_t channel);

}  // namespace netsurf::foreign::testing
