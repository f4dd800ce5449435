// One thread's work of the independent bernoulli model: the flips of one block of one trial. The law is that
// of kernels/core/mask.h; here the mask is of 32-bit words that may lie apart, as in shared memory.
#pragma once

#include <cstdint>

#include "kernels/core/bits.h"
#include "kernels/core/host_device.h"
#include "kernels/core/mask.h"
#include "kernels/core/philox.h"
#include "kernels/cuda/draw_immune.h"

namespace netsurf::cuda {

inline constexpr uint32_t kMaskWords = core::kBlockBits / 32;

/// The words of one thread's mask where `stride` threads have theirs side by side: no two threads of a warp
/// meet in a bank of shared memory.
struct StridedWords {
  uint32_t* first;
  uint32_t stride;

  NETSURF_HD uint32_t& operator[](uint32_t word) const { return first[word * stride]; }
};

/// The bits of a space, how many of a block flip, and which cannot.
struct BlockDraws {
  uint64_t key = 0;
  uint64_t num_bits = 0;
  const uint64_t* full = nullptr;  // thresholds of a block of core::kBlockBits
  uint32_t num_full = 0;
  const uint64_t* last = nullptr;  // of a shorter last block
  uint32_t num_last = 0;
  Immune immune;

  NETSURF_HD uint32_t num_blocks() const {
    return static_cast<uint32_t>((num_bits + core::kBlockBits - 1) / core::kBlockBits);
  }
  NETSURF_HD uint32_t size(uint32_t block) const {
    uint64_t rest = num_bits - uint64_t{block} * core::kBlockBits;
    return rest < core::kBlockBits ? static_cast<uint32_t>(rest) : core::kBlockBits;
  }
  /// Flips of a block before protection.
  NETSURF_HD uint32_t count(uint64_t trial, uint32_t block) const {
    uint64_t uniform =
        core::philox(core::counter_of(trial, block, 0, core::Purpose::flip_count), key).pair(0);
    return size(block) == core::kBlockBits ? core::count_from_table(full, num_full, uniform)
                                           : core::count_from_table(last, num_last, uniform);
  }
};

/// core::draw_positions into words of 32 bits; words beyond `size` bits are left as they are.
/// REQUIRES: 1 <= size, count <= size <= core::kBlockBits.
template <typename Words>
NETSURF_HD void draw_block(uint64_t key, uint64_t trial, uint32_t block, uint32_t size, uint32_t count,
                           const Words& words) {
  const bool draws_holes = count > size / 2;
  const uint32_t wanted = draws_holes ? size - count : count;
  const uint32_t limit = 65536 - 65536 % size;
  const uint32_t num_words = (size + 31) / 32;
  for (uint32_t w = 0; w < num_words; ++w) words[w] = 0;
  for (uint32_t draw = 0, found = 0; found < wanted; ++draw) {
    const core::PhiloxBlock random =
        core::philox(core::counter_of(trial, block, draw, core::Purpose::flip_position), key);
#ifdef __CUDA_ARCH__
#pragma unroll
#endif
    for (int half = 0; half < 8; ++half) {
      const uint32_t value = (random.word[half / 2] >> (16 * (half & 1))) & 0xFFFF;
      // A division less: most blocks are full, and their size is a power of two.
      const uint32_t position = size == core::kBlockBits ? value & (core::kBlockBits - 1) : value % size;
      if (value >= limit || found >= wanted) continue;
      const uint32_t bit = 1u << (position & 31), word = words[position / 32];
      words[position / 32] = word | bit;
      found += (word & bit) == 0 ? 1 : 0;
    }
  }
  if (!draws_holes) return;
  for (uint32_t w = 0; w < num_words; ++w) {
    const uint32_t rest = size - w * 32;
    words[w] = ~words[w] & (rest >= 32 ? ~0u : (1u << rest) - 1);
  }
}

/// visit(bit) for the flips of a block that protection leaves, ascending. `words` is scratch.
template <typename Words, typename Visit>
NETSURF_HD void visit_block(const BlockDraws& draws, uint64_t trial, uint32_t block, uint32_t count,
                            const Words& words, Visit& visit) {
  const uint32_t size = draws.size(block);
  draw_block(draws.key, trial, block, size, count, words);
  for (uint32_t w = 0; w < (size + 31) / 32; ++w) {
    const uint32_t base = block * core::kBlockBits + w * 32;
    for (uint32_t word = words[w]; word != 0; word &= word - 1) {
      const uint32_t bit = base + static_cast<uint32_t>(core::lowest_bit(word));
      if (!draws.immune(bit)) visit(bit);
    }
  }
}

struct BitCounter {
  uint32_t count = 0;
  NETSURF_HD void operator()(uint32_t) { ++count; }
};
struct BitWriter {
  uint32_t* next;
  NETSURF_HD void operator()(uint32_t bit) { *next++ = bit; }
};

/// Flips of a block that protection leaves.
template <typename Words>
NETSURF_HD uint32_t count_block(const BlockDraws& draws, uint64_t trial, uint32_t block, const Words& words) {
  const uint32_t count = draws.count(trial, block);
  if (count == 0 || draws.immune.num_protected == 0) return count;
  BitCounter counter;
  visit_block(draws, trial, block, count, words, counter);
  return counter.count;
}

/// Writes as many bits as count_block counts.
template <typename Words>
NETSURF_HD void write_block(const BlockDraws& draws, uint64_t trial, uint32_t block, const Words& words,
                            uint32_t* to) {
  BitWriter writer{to};
  visit_block(draws, trial, block, draws.count(trial, block), words, writer);
}

}  // namespace netsurf::cuda
