// From a foreign graph of real operations to integer layers that compute the same codes. docs/import.md says
// what each pattern becomes, what is exact and what is rounded once.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/model.h"
#include "models/foreign/graph.h"

namespace netsurf::foreign {

struct LowerOptions {
  std::optional<Format> input_format = {};  // of the data, where the network has no quantizer for it
  float input_unit = 1;                     // real size of a step of input_format is this x 2^-f
  std::string output = {};                  // name of the node to end at; empty for the last
  std::optional<Format> float_format =
      {};                // for float weights and unquantized activations; else they are refused
  int bias_bits = 24;    // of biases that the file holds as floats
  int affine_bits = 24;  // of scales and shifts that batch norms become
};

/// How many accumulator values make the integer network give another code than the float32 arithmetic of the
/// file.
struct Difference {
  std::string node;     // the quantizer
  int64_t checked = 0;  // accumulator values tried, over all channels
  int64_t differing = 0;
  int64_t largest = 0;  // largest |difference| of codes
};

struct Lowered {
  Model model;
  std::vector<std::string> folded, assumptions;
  std::vector<Difference> differences;  // only where the author's arithmetic is not dyadic
};

/// Throws InputError naming the node: what was found, what was expected, what to try.
Lowered lower(const Graph& graph, const LowerOptions& options);

}  // namespace netsurf::foreign
