// The bound of docs/numbers.md a second time: how large the sums of a layer can become, whatever bits flip.
#pragma once

#include <optional>

#include "engine/model/model.h"
#include "tests/reference/naive_inference.h"

namespace netsurf::naive {

/// The bound of a layer that sums (dense, convolutions, affine, add, sum_pool), given the ranges that the
/// model states for its inputs; nothing for the other kinds.
std::optional<Wide> bound_of(const Model& model, const Layer& layer);

/// The bound of the integers that a leaky ReLU rounds, which must not pass 2^62; 0 for every other layer.
Wide bound_before_rounding(const Model& model, const Layer& layer);

}  // namespace netsurf::naive
