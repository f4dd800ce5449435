// What both the fused and the layer path ask of a layer.
#pragma once

#include "engine/model/model.h"

namespace netsurf {

/// Left shifts of a layer's products and of its bias; of an affine layer's scaled codes and of its shift.
Alignment sums_alignment(const Model& model, int layer);
Alignment affine_alignment(const Model& model, int layer);

/// Whether every code is an int8, or every one a uint8.
bool fits_byte(const TensorType& type);

}  // namespace netsurf
