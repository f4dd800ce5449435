// Networks whose parameters are what flips would change them by: where the original takes gradients and
// eigenvectors of its delta methods.
#pragma once

#include "engine/backend/plain_network.h"
#include "engine/faults/bit_space.h"

namespace netsurf {

/// Places are counted from each parameter's own most significant bit, 0 first.
int num_places(const BitSpace& space);

/// Operands in which every element that has bits is the change that flipping its bit at `place` makes: it
/// stays within the parameter's range. Half of it for bipolar elements, whose change leaves the range.
/// Elements of parameters with fewer bits, thresholds and elements without bits keep their own values.
ParameterOperands delta_operands(const Model& model, const BitSpace& space, int place);

}  // namespace netsurf
