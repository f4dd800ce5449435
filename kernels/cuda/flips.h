// What flips do to lanes: lists of bits, and the same as inverted bits of a lane's parameter image.
#pragma once

#include <cstdint>

namespace netsurf::cuda {

/// The flips of consecutive lanes, on the device: lane i flips bits[offset[i] .. offset[i + 1]), ascending.
struct FlipLists {
  const uint64_t* offset = nullptr;  // [num_lanes + 1]
  const uint32_t* bits = nullptr;    // BitIds
  int num_lanes = 0;
  uint64_t num_flips = 0;
};

/// One flip of one lane: word[word] of its parameter image, 32-bit words, is to be XORed with mask. In any
/// order, for several flips of one word too.
struct Patch {
  uint32_t word = 0, mask = 0;
};

/// The patches of consecutive lanes, on the device: lane i has patches[offset[i] .. offset[i + 1]), in the
/// order of its flips.
struct PatchLists {
  const uint64_t* offset = nullptr;  // [num_lanes + 1]
  const Patch* patches = nullptr;
  int num_lanes = 0;
  uint64_t num_patches = 0;
};

/// One parameter's run of bits, and where a parameter image has its elements.
struct PatchSegment {
  uint32_t begin = 0, end = 0;         // BitIds
  int bits = 0;                        // per element
  const uint32_t* elements = nullptr;  // [elements present] which; null: all
  const uint32_t* places =
      nullptr;  // [elements of the tensor] byte of the image; null: first_place + 4 element
  uint32_t first_place = 0;
  uint32_t masks[32] = {};  // [bits] what a flip of the bit inverts, counted from the place's byte
};

}  // namespace netsurf::cuda
