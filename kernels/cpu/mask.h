// The flips of runs of trials, many blocks at a time: the counts and positions of core/mask.h, as lists of
// bits.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/core/mask.h"

namespace netsurf::cpu {

/// Bits cut into blocks of core::kBlockBits, the last one perhaps shorter. num_bits is at most 2^32.
struct BlockedBits {
  uint64_t num_bits = 0;

  uint32_t num_blocks() const {
    return static_cast<uint32_t>((num_bits + core::kBlockBits - 1) / core::kBlockBits);
  }
  uint32_t size(uint32_t block) const {
    uint64_t rest = num_bits - uint64_t{block} * core::kBlockBits;
    return rest < core::kBlockBits ? static_cast<uint32_t>(rest) : core::kBlockBits;
  }
};

inline constexpr uint32_t kGuideBits = 10;
inline constexpr uint32_t kGuideSize = 1u << kGuideBits;

/// A table for core::count_from_table and a guide into it.
struct CountTable {
  std::span<const uint64_t> thresholds;
  std::span<const uint16_t, kGuideSize>
      guide;  // [g] = the count of the uniform number g << (64 - kGuideBits)
};

/// Fills the guide of a table. REQUIRES: at most core::kBlockBits thresholds.
void make_guide(std::span<const uint64_t> thresholds, std::span<uint16_t, kGuideSize> guide);

/// counts[t * num_blocks + b] = flips of block b in trial begin + t, for t < num_trials; `full` counts blocks
/// of core::kBlockBits, `last` a shorter last one.
void draw_counts(uint64_t key, BlockedBits space, const CountTable& full, const CountTable& last,
                 uint64_t begin, uint64_t num_trials, uint16_t* counts);

/// The bits that flip in trials begin .. begin + num_trials - 1, trial after trial, ascending within each.
/// `counts` as from draw_counts; `bits` holds their sum.
void draw_flips(uint64_t key, BlockedBits space, uint64_t begin, uint64_t num_trials, const uint16_t* counts,
                std::span<uint32_t> bits);

}  // namespace netsurf::cpu
