// Foreign graphs on float32, in the doubles that the Keras tests write their expectations in.
#pragma once

#include <vector>

#include "models/foreign/graph.h"

namespace netsurf::keras {

struct Image {
  Shape shape;  // [features] or [height, width, channels]
  std::vector<double> values;
};

/// What every node puts out for one input.
std::vector<Image> interpret(const foreign::Graph& graph, const std::vector<double>& input);

}  // namespace netsurf::keras
