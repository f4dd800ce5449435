#include "engine/backend/tile_memory.h"

namespace netsurf {

TileMemory::TileMemory(const std::vector<Slot>& slots, const TileLayout& layout, int64_t num_tiles)
    : layout_(layout),
      memory_(std::make_unique<Line[]>(
          static_cast<size_t>(std::max<int64_t>(layout.bytes * num_tiles, 1) / kAlignment + 1))) {
  for (int64_t tile = 0; tile < num_tiles; ++tile) {
    for (size_t i = 0; i < slots.size(); ++i) {
      if (layout_.offset[i] < 0 || slots[i].fill == 0) continue;
      auto* words = reinterpret_cast<uint32_t*>(at(static_cast<int>(i), tile));
      std::fill(words, words + slots[i].bytes / 4, slots[i].fill);
    }
  }
}

}  // namespace netsurf
