// Random numbers of training: each has an address (seed, use, step, index), so a run repeats bit for bit
// whatever the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/core/philox.h"

namespace netsurf {

/// What a number is for; keeps streams apart.
enum class RandomUse : uint32_t { initialize = 1, shuffle = 2, dropout = 3, subset = 4 };

class TrainRandom {
 public:
  TrainRandom(uint64_t seed, RandomUse use, uint64_t step) : seed_(seed), use_(use), step_(step) {}

  /// Four words of 32 random bits. Blocks of a different index are independent.
  core::PhiloxBlock block(uint64_t index) const {
    return core::philox({{static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32),
                          static_cast<uint32_t>(step_), static_cast<uint32_t>(use_)}},
                        seed_);
  }

  /// Uniform in [0, 1), 24 bits.
  float uniform(uint64_t index) const {
    return static_cast<float>(block(index / 4).word[index % 4] >> 8) * 0x1p-24f;
  }

  /// A permutation of [0, count).
  std::vector<int64_t> permutation(int64_t count) const;

 private:
  uint64_t seed_;
  RandomUse use_;
  uint64_t step_;
};

}  // namespace netsurf
