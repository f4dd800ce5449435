// What a foreign node's output is while the integer network is being built.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/foreign/chain.h"

namespace netsurf::foreign {

/// The real tensor chain(code x 2^-F x unit[channel]), F the fraction bits of the layer's type.
struct Value {
  int layer = -1;                  // in the Builder
  std::vector<double> unit = {1};  // one, or one per channel; positive
  std::vector<Step> chain;
  // Codes the clean network can reach, per channel or one for all: where the float arithmetic is compared.
  std::vector<int64_t> reach_low, reach_high;
  bool is_average = false;  // the unit is a quotient that no binary fraction holds: its ties need care
  int num_readers = 0;      // foreign nodes that read it
};

/// What the file's float32 arithmetic makes of a code: the code's real number through the chain.
float real_at(const Value& value, int frac_bits, size_t channel, int64_t code);

/// Whether every channel has the same unit.
bool is_uniform(const std::vector<double>& unit);

/// log2(x) when x is a power of two (within float32's rounding when `nearly`), else no value.
std::optional<int> exponent_of(double x, bool nearly = false);

/// round(-log2(scale)): fraction bits whose step is nearest to a scale that is no power of two.
int nearest_frac_bits(double scale);

}  // namespace netsurf::foreign
