// The layer path: any model, layer by layer, over chunks of lanes and samples whose codes fit a budget.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/backend/cuda/lane_runner.h"
#include "engine/backend/plain_network.h"
#include "engine/faults/bit_space.h"
#include "engine/model/dataset.h"

namespace netsurf {

/// On the device in use. `network` must outlive the runner; `space` and `set` are read and copied. Codes
/// between layers take at most `budget` bytes of the device's memory; parameter images and the set's codes
/// come on top. Throws InputError for a model too large for 32-bit numbers, cuda::OutOfMemory when not one
/// sample of one lane fits the budget or the set does not fit the device.
std::unique_ptr<LaneRunner> make_layer_runner(const PlainNetwork& network, const BitSpace& space,
                                              const EvaluationSet& set, uint64_t budget,
                                              const cuda::Stream& stream);

}  // namespace netsurf
