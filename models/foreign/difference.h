// How often the integer network and the float32 arithmetic of the file disagree: counted over accumulator
// values, without data.
#pragma once

#include "models/foreign/builder.h"
#include "models/foreign/lower.h"
#include "models/foreign/value.h"

namespace netsurf::foreign {

/// Compares an affine layer (-1 for none) and the activation after it with the chain of `in` and its
/// quantizer, over the codes that the clean network can reach: all of them, or an even sample. The node's
/// name is left empty.
Difference compare(const Builder& builder, const Value& in, int affine, int activation,
                   const Quantizer& quantizer);

}  // namespace netsurf::foreign
