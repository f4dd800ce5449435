// The numbering of every stored bit of a network. A BitId is a place in this order: parameters in the model's
// canonical order, elements in C order, bits from the least significant. Constant parameters have none; bits
// of pruned elements are left out unless asked for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/model/model.h"

namespace netsurf {

using BitId = uint32_t;

/// Where a bit lives.
struct BitAddress {
  int parameter = 0;  // index into Model::parameters()
  int64_t element = 0;
  int bit = 0;  // 0 = least significant

  bool operator==(const BitAddress&) const = default;
};

/// The code that `code` becomes when one of the parameter's bits flips.
int32_t flipped_code(const Parameter& parameter, int32_t code, int bit);

class BitSpace {
 public:
  enum class Pruned { absent, stored };

  explicit BitSpace(const Model& model, Pruned pruned = Pruned::absent);

  /// Number of bits, below 2^32.
  uint64_t size() const { return size_; }
  BitAddress address(BitId id) const;
  /// The id of a bit that is present. REQUIRES: the element is neither left out as pruned nor constant.
  BitId id(const BitAddress& address) const;

  /// One parameter's run of ids.
  struct Segment {
    int parameter = 0;
    BitId begin = 0, end = 0;
    int bits = 0;                    // per element
    std::vector<uint32_t> elements;  // present elements in order; empty when all are
  };
  const std::vector<Segment>& segments() const { return segments_; }

  /// SHA-256 over shapes, bits per element and which elements are present: what fault lists are tied to. It
  /// does not depend on the weights' values.
  const std::string& digest() const { return digest_; }

 private:
  const Segment& segment_of(BitId id) const;

  std::vector<Segment> segments_;
  uint64_t size_ = 0;
  std::string digest_;
};

}  // namespace netsurf
