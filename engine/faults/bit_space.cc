#include "engine/faults/bit_space.h"

#include <algorithm>

#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "kernels/core/fixed.h"

namespace netsurf {

int32_t flipped_code(const Parameter& parameter, int32_t code, int bit) {
  return core::flip_bit(code, bit, parameter.format.bits, parameter.format.is_signed);
}

BitSpace::BitSpace(const Model& model, Pruned pruned) {
  Digest digest;
  digest.add("netsurf bit space 1");
  for (size_t p = 0; p < model.parameters().size(); ++p) {
    const Parameter& parameter = model.parameters()[p];
    Segment segment;
    segment.parameter = static_cast<int>(p);
    segment.bits = parameter.format.bits;
    uint64_t count = parameter.constant ? 0 : parameter.codes.size();
    bool leaves_out = !parameter.constant && pruned == Pruned::absent &&
                      std::count(parameter.pruned.begin(), parameter.pruned.end(), uint8_t{0}) <
                          static_cast<int64_t>(parameter.pruned.size());
    if (leaves_out) {
      for (uint32_t element = 0; element < parameter.codes.size(); ++element) {
        if (parameter.pruned[element] == 0) segment.elements.push_back(element);
      }
      count = segment.elements.size();
    }
    uint64_t end = size_ + count * static_cast<uint64_t>(segment.bits);
    if (end >> 32 != 0)
      throw InputError("the model has 2^32 bits or more, which is more than a bit space can number");
    digest.add(std::span<const int32_t>(parameter.shape)).add(int64_t{segment.bits});
    digest.add(static_cast<int64_t>(count)).add_bytes(std::as_bytes(std::span(segment.elements)));
    segment.begin = static_cast<BitId>(size_);
    segment.end = static_cast<BitId>(end);
    size_ = end;
    if (count > 0) segments_.push_back(std::move(segment));
  }
  digest_ = digest.hex();
}

const BitSpace::Segment& BitSpace::segment_of(BitId id) const {
  auto after = std::upper_bound(segments_.begin(), segments_.end(), id,
                                [](BitId b, const Segment& s) { return b < s.end; });
  return *after;
}

BitAddress BitSpace::address(BitId id) const {
  const Segment& segment = segment_of(id);
  uint32_t offset = id - segment.begin;
  uint32_t place = offset / static_cast<uint32_t>(segment.bits);
  int64_t element = segment.elements.empty() ? place : segment.elements[place];
  return {segment.parameter, element, static_cast<int>(offset % static_cast<uint32_t>(segment.bits))};
}

BitId BitSpace::id(const BitAddress& address) const {
  auto segment = std::find_if(segments_.begin(), segments_.end(),
                              [&](const Segment& s) { return s.parameter == address.parameter; });
  int64_t place = address.element;
  if (!segment->elements.empty()) {
    auto found = std::lower_bound(segment->elements.begin(), segment->elements.end(),
                                  static_cast<uint32_t>(address.element));
    place = found - segment->elements.begin();
  }
  return static_cast<BitId>(segment->begin + place * segment->bits + address.bit);
}

}  // namespace netsurf
