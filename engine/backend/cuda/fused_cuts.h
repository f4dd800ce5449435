// Which ways to cut a block are worth measuring.
#pragma once

#include "engine/backend/cuda/fused_plan.h"

namespace netsurf {

/// Plans of the cuts that are worth measuring, those expected to be fast first; empty if none fits.
std::vector<FusedPlan> likely_plans(const PlainNetwork& plain, const BitSpace& space, const FusedChain& chain,
                                    int shared_bytes);

}  // namespace netsurf
