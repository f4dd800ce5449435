// The plain path. Work is cut into (trial, run of tiles) tasks; a thread flips a trial's bits in its own copy
// of the parameters, runs its samples, and flips them back. Memory is threads x (parameters + one tile of
// activations), whatever the trials.
#pragma once

#include <memory>

#include "engine/backend/plain_network.h"
#include "engine/backend/trial_runner.h"

namespace netsurf {

/// Keeps references to all.
std::unique_ptr<TrialRunner> make_plain_runner(const PlainNetwork& network, const BitSpace& space,
                                               const EvaluationSet& set, int num_threads);

}  // namespace netsurf
