// Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as
// easy as 1, 2, 3" (SC 2011). A pure function of (counter, key): every random number has an address, nothing
// is consumed.
#pragma once

#include <cstdint>

#include "kernels/core/host_device.h"

namespace netsurf::core {

struct PhiloxBlock {
  uint32_t word[4];

  /// Words 2i and 2i+1 as one 64-bit number, the first word low. i is 0 or 1.
  NETSURF_HD constexpr uint64_t pair(int i) const {
    return word[2 * i] | (static_cast<uint64_t>(word[2 * i + 1]) << 32);
  }
};

NETSURF_HD constexpr PhiloxBlock philox(PhiloxBlock counter, uint64_t key) {
  uint32_t key0 = static_cast<uint32_t>(key);
  uint32_t key1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    uint64_t product0 = uint64_t{0xD2511F53} * counter.word[0];
    uint64_t product1 = uint64_t{0xCD9E8D57} * counter.word[2];
    counter = {
        {static_cast<uint32_t>(product1 >> 32) ^ counter.word[1] ^ key0, static_cast<uint32_t>(product1),
         static_cast<uint32_t>(product0 >> 32) ^ counter.word[3] ^ key1, static_cast<uint32_t>(product0)}};
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return counter;
}

/// What a draw is for: keeps streams under one key apart.
enum class Purpose : uint32_t {
  flip_count = 1,     // how many bits of a block flip in a trial
  flip_position = 2,  // which ones
  rotation = 3,       // a bit's place in an epoch
  slice_order = 4,    // a bit's place in a pass of the exact and coverage models
  ranking = 5,        // a bit's place in the random ranking
};

/// The counter of draw number `draw` (below 2^24) of item `index` in `trial` (or epoch, or pass).
NETSURF_HD constexpr PhiloxBlock counter_of(uint64_t trial, uint32_t index, uint32_t draw, Purpose purpose) {
  return {{static_cast<uint32_t>(trial), static_cast<uint32_t>(trial >> 32), index,
           (static_cast<uint32_t>(purpose) << 24) | draw}};
}

}  // namespace netsurf::core
