// A foreign graph run as its file says it: real numbers, float32 operations, one sample at a time. The
// witness that lowered integer networks are compared with; it shares nothing with the lowering.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/foreign/graph.h"

namespace netsurf::foreign::testing {

struct FloatTensor {
  Shape shape;
  std::vector<float> values;  // C order
};

/// Outputs of every node for one sample.
std::vector<FloatTensor> run_floats(const Graph& graph, const FloatTensor& input);

/// y = (clamp(round(x / scale) + zero_point) - zero_point) x scale for one channel.
float quantize_float(float x, const Quantizer& quantizer, size_t channel);

}  // namespace netsurf::foreign::testing
