// A made-up parameter image for tests of patches: every element has its place, every bit its mask.
#pragma once

#include <vector>

#include "engine/faults/bit_space.h"
#include "kernels/cuda/flips.h"
#include "tests/support/random.h"

namespace netsurf::testing {

struct Image {
  std::vector<std::vector<uint32_t>> places;  // [segment][element] or none
  std::vector<cuda::PatchSegment> segments;   // in the space's order, pointers to the host
};

/// Half of the segments have a place for each element, at any byte, and masks of a byte; the others lie word
/// by word. The image points into the space.
inline Image draw_image(const Model& model, const BitSpace& space, Random& random) {
  Image image;
  for (const BitSpace::Segment& from : space.segments()) {
    cuda::PatchSegment to;
    to.begin = from.begin;
    to.end = from.end;
    to.bits = from.bits;
    if (!from.elements.empty()) to.elements = from.elements.data();
    const bool bytewise = random.chance(50);
    std::vector<uint32_t> places;
    if (bytewise) {
      for (size_t i = 0; i < model.parameters()[static_cast<size_t>(from.parameter)].codes.size(); ++i)
        places.push_back(static_cast<uint32_t>(random.bits() >> 33));
    }
    to.first_place = 4 * static_cast<uint32_t>(random.pick(0, 1000));
    for (int bit = 0; bit < from.bits; ++bit)
      to.masks[bit] = static_cast<uint32_t>(random.bits() >> (bytewise ? 56 : 32));
    image.places.push_back(std::move(places));
    image.segments.push_back(to);
  }
  for (size_t s = 0; s < image.segments.size(); ++s)
    if (!image.places[s].empty()) image.segments[s].places = image.places[s].data();
  return image;
}

/// What a flip inverts, by the bit's address.
inline cuda::Patch expected_patch(const Image& image, const BitSpace& space, BitId id) {
  const BitAddress address = space.address(id);
  size_t s = 0;
  while (space.segments()[s].parameter != address.parameter) ++s;
  const cuda::PatchSegment& segment = image.segments[s];
  const auto element = static_cast<size_t>(address.element);
  if (image.places[s].empty())
    return {segment.first_place / 4 + static_cast<uint32_t>(element), segment.masks[address.bit]};
  const uint32_t place = image.places[s][element];
  return {place / 4, segment.masks[address.bit] << (place % 4 * 8)};
}

}  // namespace netsurf::testing
