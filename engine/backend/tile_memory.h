// Memory for the tensors of some tiles.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/backend/packed_network.h"

namespace netsurf {

/// Where the chosen slots of one tile lie.
struct TileLayout {
  std::vector<int64_t> offset;  // per slot; -1: not chosen
  int64_t bytes = 0;            // of a tile
};

template <typename Choose>
TileLayout lay_out(const std::vector<Slot>& slots, Choose choose) {
  TileLayout layout;
  for (const Slot& slot : slots) {
    bool chosen = choose(slot);
    layout.offset.push_back(chosen ? layout.bytes : -1);
    if (chosen) layout.bytes += slot.bytes;
  }
  return layout;
}

class TileMemory {
 public:
  /// Packed slots start as code 0 everywhere, which is what their borders stay.
  TileMemory(const std::vector<Slot>& slots, const TileLayout& layout, int64_t num_tiles);

  bool has(int slot) const { return layout_.offset[static_cast<size_t>(slot)] >= 0; }
  /// REQUIRES: has(slot).
  uint8_t* at(int slot, int64_t tile) const {
    return reinterpret_cast<uint8_t*>(memory_.get()) + tile * layout_.bytes +
           layout_.offset[static_cast<size_t>(slot)];
  }
  int32_t* narrow(int slot, int64_t tile) const { return reinterpret_cast<int32_t*>(at(slot, tile)); }
  int64_t* wide(int slot, int64_t tile) const { return reinterpret_cast<int64_t*>(at(slot, tile)); }

 private:
  struct alignas(kAlignment) Line {
    uint8_t bytes[kAlignment];
  };

  TileLayout layout_;
  std::unique_ptr<Line[]> memory_;
};

}  // namespace netsurf
