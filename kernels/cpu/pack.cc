#include "kernels/cpu/pack.h"

namespace netsurf::cpu {

NETSURF_CLONES void pack(const int32_t* codes, std::span<const PackedWord> words, Width width, int32_t offset,
                         uint8_t* packed) {
  const int count = codes_per_word(width), bits = 32 / count;
  const uint32_t mask = width == Width::bytes ? 0xFF : 0xFFFF;
  for (const PackedWord& each : words) {
    auto* out = reinterpret_cast<uint32_t*>(packed + int64_t{each.word} * kWordBytes);
    uint32_t word[kTile] = {};
    for (int i = 0; i < count; ++i) {
      int32_t element = each.elements[static_cast<size_t>(i)];
      if (element == kNoElement) {
        for (int s = 0; s < kTile; ++s) word[s] |= (static_cast<uint32_t>(-offset) & mask) << (bits * i);
        continue;
      }
      const int32_t* code = codes + int64_t{element} * kTile;
      for (int s = 0; s < kTile; ++s)
        word[s] |= (static_cast<uint32_t>(code[s] - offset) & mask) << (bits * i);
    }
    for (int s = 0; s < kTile; ++s) out[s] = word[s];
  }
}

}  // namespace netsurf::cpu
