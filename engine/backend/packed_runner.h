// The paths dense, delta and auto. Trials are prepared once; then (block of tiles, run of trials) tasks pass
// them over the blocks, each block's clean content staying in a core's cache.
#pragma once

#include <memory>

#include "engine/backend/backend.h"
#include "engine/backend/plain_network.h"
#include "engine/backend/trial_runner.h"
#include "kernels/cpu/packed.h"

namespace netsurf {

/// Keeps references to all but the options. Clean content takes options.cache_memory at most for the whole
/// set; if it needs more, every task computes its block's anew.
std::unique_ptr<TrialRunner> make_packed_runner(const PlainNetwork& plain, const BitSpace& space,
                                                const EvaluationSet& set, const cpu::PackedKernels& kernels,
                                                const SessionOptions& options, int num_threads);

}  // namespace netsurf
