// The constants of one activation: from its layer and the type it reads.
#pragma once

#include <optional>

#include "engine/model/exactness.h"
#include "engine/model/layer.h"
#include "kernels/core/fixed.h"

namespace netsurf {

/// REQUIRES: an activation layer that infer_types accepts with that input.
core::Requantizer make_requantizer(const Layer& layer, const TensorType& in);

/// Whether every step of the requantizer fits int32 for inputs of that type.
bool fits_32_bits(const core::Requantizer& q, const TensorType& in);

/// The codes at the ends of what the requantizer lets through. Rounding keeps the order of numbers, so its
/// clips and its saturation are this one pair of bounds on what is rounded. REQUIRES: q.is_plain().
struct CodeRange {
  int64_t low = 0, high = 0;
};
CodeRange code_range(const core::Requantizer& q);

/// The same function in few steps, for inputs of at most `bound` in magnitude; nothing where Int, int32_t or
/// int64_t, is too narrow for them, or 32 bits are for rounded codes. REQUIRES: q.is_plain().
template <typename Int>
std::optional<core::QuickRequantizerOf<Int>> make_quick(const core::Requantizer& q, int64_t bound);

}  // namespace netsurf
