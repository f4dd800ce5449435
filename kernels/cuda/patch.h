// From bits that flip to words of a lane's parameter image that are inverted.
#pragma once

#include <cstdint>

#include "kernels/core/host_device.h"
#include "kernels/cuda/flips.h"
#include "kernels/cuda/stream.h"

namespace netsurf::cuda {

/// What a flip of `bit` inverts. REQUIRES: the segments ascend and one of them has the bit.
NETSURF_HD inline Patch patch_of(const PatchSegment* segments, int num_segments, uint32_t bit) {
  int low = 0, high = num_segments - 1;  // segments[high].end > bit, and no segment before low has it
  while (low < high) {
    const int middle = (low + high) / 2;
    if (bit < segments[middle].end) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  const PatchSegment& segment = segments[low];
  const uint32_t offset = bit - segment.begin, bits = static_cast<uint32_t>(segment.bits);
  const uint32_t index = offset / bits;
  const uint32_t element = segment.elements == nullptr ? index : segment.elements[index];
  const uint32_t place =
      segment.places == nullptr ? segment.first_place + 4 * element : segment.places[element];
  return {place / 4, segment.masks[offset % bits] << (8 * (place & 3))};
}

/// patches[i] = patch_of(bits[i]) for i < num_flips. All pointers, those of the segments too, are the
/// device's.
void make_patches(const PatchSegment* segments, int num_segments, const uint32_t* bits, uint64_t num_flips,
                  Patch* patches, const Stream& stream);

}  // namespace netsurf::cuda
