// The random numbers of rankings: draw i of a key is pair i mod 2 of Philox at index i / 2, purpose ranking.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/faults/bit_space.h"

namespace netsurf {

/// The key of what is drawn for a bit space under a seed.
uint64_t draw_key(std::string_view what, const BitSpace& space, uint64_t seed);

/// [count] the draws of a key. `trial`: what stands in the counter's place of a trial.
std::vector<uint64_t> ranking_draws(uint64_t key, size_t count, uint64_t trial = 0);

/// Which `wanted` of the first `count` draws of a key are the lowest, of equal ones the earlier; rising.
/// REQUIRES: wanted <= count < 2^32.
std::vector<uint32_t> lowest_draws(uint64_t key, size_t count, size_t wanted);

}  // namespace netsurf
