// Philox over many counters at once: the same numbers as core::philox, several to a vector.
#pragma once

#include <cstdint>

#include "kernels/core/philox.h"

namespace netsurf::cpu {

/// Counters of up to kMax draws, word by word, and what they draw.
struct PhiloxDraws {
  static constexpr uint32_t kMax = 512;

  alignas(32) uint32_t counter[4][kMax];
  alignas(32) core::PhiloxBlock random[kMax];

  void set_counter(uint32_t i, core::PhiloxBlock value) {
    for (int word = 0; word < 4; ++word) counter[word][i] = value.word[word];
  }
};

/// random[i] = philox(counter i, key) for i < count; later places of `random` may change. REQUIRES: count <=
/// kMax.
void philox_all(uint64_t key, uint32_t count, PhiloxDraws& draws);

}  // namespace netsurf::cpu
