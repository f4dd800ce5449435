// Runs a foreign graph on real numbers, one plain loop per operation: for the tests of readers.
#pragma once

#include <vector>

#include "models/foreign/graph.h"

namespace netsurf::keras {

struct Image {
  Shape shape;  // [features] or [height, width, channels]
  std::vector<double> values;
};

/// What every node puts out for one input. Supports what the Keras reader writes; throws std::runtime_error
/// else.
std::vector<Image> interpret(const foreign::Graph& graph, const std::vector<double>& input);

}  // namespace netsurf::keras
