#include "engine/backend/tile_memory.h"

#include <cstring>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace netsurf {
namespace {

/// Asks for large pages, before any is there: corrections read words all over a block, which takes more small
/// pages than a core has at hand. An answer is not needed.
void prefer_large_pages([[maybe_unused]] void* memory, [[maybe_unused]] size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr uintptr_t kPage = 4096;
  auto begin = reinterpret_cast<uintptr_t>(memory), end = (begin + bytes) / kPage * kPage;
  begin = (begin + kPage - 1) / kPage * kPage;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

}  // namespace

TileMemory::TileMemory(const std::vector<Slot>& slots, const TileLayout& layout, int64_t num_tiles)
    : layout_(layout) {
  auto num_lines = static_cast<size_t>(std::max<int64_t>(layout.bytes * num_tiles, 1) / kAlignment + 1);
  memory_ = std::make_unique_for_overwrite<Line[]>(num_lines);
  prefer_large_pages(memory_.get(), num_lines * sizeof(Line));
  std::memset(memory_.get(), 0, num_lines * sizeof(Line));
  for (int64_t tile = 0; tile < num_tiles; ++tile) {
    for (size_t i = 0; i < slots.size(); ++i) {
      if (layout_.offset[i] < 0 || slots[i].fill == 0) continue;
      auto* words = reinterpret_cast<uint32_t*>(at(static_cast<int>(i), tile));
      std::fill(words, words + slots[i].bytes / 4, slots[i].fill);
    }
  }
}

}  // namespace netsurf
