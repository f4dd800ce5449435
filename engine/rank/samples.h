// Which training samples rankers read.
#pragma once

#include "engine/model/dataset.h"

namespace netsurf {

/// `wanted` of the samples (all, where there are no more), by a draw that is always the same, in their own
/// order: sample i takes pair i mod 2 of Philox at index i / 2, purpose `ranking`, under the key of "netsurf
/// ranking samples"; the lowest draws are taken. So a smaller choice is part of every larger one.
Samples choose_samples(const Samples& samples, int64_t wanted);

/// The samples that choose_samples(samples, wanted) leaves, in their own order.
Samples remaining_samples(const Samples& samples, int64_t wanted);

}  // namespace netsurf
