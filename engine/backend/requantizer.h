// The constants of one activation: from its function, the type it reads and the format it writes.
#pragma once

#include "engine/model/exactness.h"
#include "engine/model/layer.h"
#include "kernels/core/fixed.h"

namespace netsurf {

core::Requantizer make_requantizer(ActivationFunction function, const TensorType& in, const Format& format);

/// Whether every step of the requantizer fits int32 for inputs of that type.
bool fits_32_bits(const core::Requantizer& q, const TensorType& in);

}  // namespace netsurf
