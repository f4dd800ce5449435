// From codes, element by element, to the words that the packed kernels read (kernels/cpu/packed.h).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "kernels/cpu/packed.h"

namespace netsurf::cpu {

inline constexpr int32_t kNoElement = -1;  // code 0: padding

/// Which elements a word holds, and where it goes.
struct PackedWord {
  // Of the tensor [elements, kTile], or kNoElement.
  std::array<int32_t, 4> elements = {kNoElement, kNoElement, kNoElement, kNoElement};
  int32_t word = 0;
};

/// packed[word] = (codes - offset) of its elements, four in 8 bits or (elements 0 and 1) two in 16.
void pack(const int32_t* codes, std::span<const PackedWord> words, Width width, int32_t offset,
          uint8_t* packed);

}  // namespace netsurf::cpu
