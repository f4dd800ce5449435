// How many blocks of threads a launch has; for the sources of this folder.
#pragma once

#include <cstdint>

namespace netsurf::cuda {

inline constexpr uint32_t kDrawThreads = 256;

/// Blocks of `threads` threads for a thread an item. REQUIRES: items >= 1, below 2^31 blocks.
inline unsigned grid_for(uint64_t items, uint32_t threads = kDrawThreads) {
  return static_cast<unsigned>((items + threads - 1) / threads);
}

}  // namespace netsurf::cuda
