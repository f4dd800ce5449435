// Drawing which bits of one block flip: a count from a binomial table, then distinct positions. Integers
// only, so that every machine draws the same mask.
#pragma once

#include <cstdint>

#include "kernels/core/host_device.h"
#include "kernels/core/philox.h"

namespace netsurf::core {

inline constexpr uint32_t kBlockBits = 4096;
inline constexpr uint32_t kBlockWords = kBlockBits / 64;

/// The number of thresholds that `uniform` has reached: thresholds[k] = P(count <= k) x 2^64, non-decreasing.
NETSURF_HD constexpr uint32_t count_from_table(const uint64_t* thresholds, uint32_t num_thresholds,
                                               uint64_t uniform) {
  if (num_thresholds == 0 || uniform < thresholds[0]) return 0;
  uint32_t low = 0, high = num_thresholds;  // thresholds[low] <= uniform, thresholds[high] > uniform
  while (high - low > 1) {
    uint32_t middle = (low + high) / 2;
    if (uniform < thresholds[middle]) {
      high = middle;
    } else {
      low = middle;
    }
  }
  return high;
}

/// Marks `count` distinct positions below `size` in `mask` (kBlockWords words, set to zero here). 16-bit
/// draws, those at or above the largest multiple of `size` rejected, then repeats rejected. Above half full
/// the holes are drawn instead. REQUIRES: count <= size <= kBlockBits.
NETSURF_HD constexpr void draw_positions(uint64_t key, uint64_t trial, uint32_t block, uint32_t size,
                                         uint32_t count, uint64_t* mask) {
  bool draws_holes = count > size / 2;
  uint32_t wanted = draws_holes ? size - count : count;
  uint32_t limit = 65536 - 65536 % size;
  for (uint32_t w = 0; w < kBlockWords; ++w) mask[w] = 0;
  for (uint32_t draw = 0, found = 0; found < wanted; ++draw) {
    PhiloxBlock random = philox(counter_of(trial, block, draw, Purpose::flip_position), key);
    for (int half = 0; half < 8 && found < wanted; ++half) {
      uint32_t value = (random.word[half / 2] >> (16 * (half & 1))) & 0xFFFF;
      if (value >= limit) continue;
      uint32_t position = value % size;
      uint64_t bit = uint64_t{1} << (position & 63);
      if ((mask[position / 64] & bit) != 0) continue;
      mask[position / 64] |= bit;
      ++found;
    }
  }
  if (!draws_holes) return;
  for (uint32_t w = 0; w < kBlockWords; ++w) {
    uint32_t begin = w * 64;
    uint64_t inside =
        begin + 64 <= size ? ~uint64_t{0} : (begin >= size ? 0 : (uint64_t{1} << (size - begin)) - 1);
    mask[w] = ~mask[w] & inside;
  }
}

}  // namespace netsurf::core
