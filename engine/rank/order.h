// From scores to a total order: what every score-based ranker ends with.
#pragma once

#include <vector>

#include "engine/rank/ranker.h"

namespace netsurf {

/// The power of two by which a flip of bit b changes the value: b - f for a parameter with f fraction bits,
/// and one more for a bipolar one, whose bit stands for -1 and +1.
inline int exponent_of(const Parameter& parameter, int bit) {
  return bit - parameter.format.frac_bits() + (parameter.bipolar ? 1 : 0);
}

/// Calls visit(id, segment, element, bit) for every bit of the space, ids rising.
template <typename Visit>
void for_each_bit(const BitSpace& space, Visit visit) {
  for (const BitSpace::Segment& segment : space.segments()) {
    BitId id = segment.begin;
    for (int64_t place = 0; id < segment.end; ++place) {
      int64_t element = segment.elements.empty() ? place : segment.elements[static_cast<size_t>(place)];
      for (int bit = 0; bit < segment.bits; ++bit) visit(id++, segment, element, bit);
    }
  }
}

/// Orders all bits by (plane, score) or (score, plane): high exponents and high scores first, ties by BitId.
/// Minus zero becomes zero. `score` is [bits], score[BitId]. Linear in the number of bits. Throws RunError
/// for a score that is not finite.
RankedBits order_bits(const RankRequest& request, std::vector<double> score, OrderMode mode);

/// The same in layers of places, whatever their exponents: first the most significant bits of all elements,
/// then the second ones, each layer by score. Throws as order_bits.
RankedBits order_places(const RankRequest& request, std::vector<double> score);

/// All ids, sorted by key[id] rising, ties by BitId.
std::vector<BitId> order_by_key(const std::vector<uint64_t>& key);

}  // namespace netsurf
