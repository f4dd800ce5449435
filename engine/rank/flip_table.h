// What each single flip is in the float world: which element it moves, and by how much.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/faults/bit_space.h"

namespace netsurf {

struct FlipTable {
  std::vector<uint32_t> element;  // [bits] place of the bit's element among those of the space
  std::vector<double> step;       // [bits] change of the element's value, in real units, two's complement's
                                  // sign included
  int64_t num_elements = 0;
};

/// How far flipping the bit moves an element whose operand is `operand` now, in real units.
double flip_step(const Parameter& parameter, int32_t operand, int bit);

/// From the codes that the model holds.
FlipTable flip_table(const Model& model, const BitSpace& space);

}  // namespace netsurf
