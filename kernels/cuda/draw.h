// Fault lists of the independent bernoulli model, drawn on the device, a thread a block of a trial.
#pragma once

#include <cstdint>

#include "kernels/cuda/draw_block.h"
#include "kernels/cuda/stream.h"

namespace netsurf::cuda {

/// counts[t * num_blocks + b] = flips that protection leaves of block b in trial begin + t, for t <
/// num_trials. All pointers, those of `draws` too, are the device's.
void count_flips(const BlockDraws& draws, uint64_t begin, uint64_t num_trials, uint64_t* counts,
                 const Stream& stream);

/// Writes the flips of block b in trial begin + t, ascending, from bits[starts[t * num_blocks + b]] on.
/// `starts` are the sums of what count_flips gives, one entry more than blocks.
void write_flips(const BlockDraws& draws, uint64_t begin, uint64_t num_trials, const uint64_t* starts,
                 uint32_t* bits, const Stream& stream);

/// bits[t * size + i] = list[i] for t < num_trials: every trial flips the same.
void repeat_list(const uint32_t* list, uint64_t size, uint64_t num_trials, uint32_t* bits,
                 const Stream& stream);

}  // namespace netsurf::cuda
