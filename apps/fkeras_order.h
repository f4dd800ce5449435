// The numbering of bits that FKeras uses, so that its fault lists and ours can be compared.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/faults/bit_space.h"
#include "engine/model/model.h"

namespace netsurf {

/// FKeras numbers bits layer by layer, weight by weight, from the most significant bit of a weight (its sign)
/// to the least; weights in the C order of the Keras tensor ([in, out]; [height, width, in, out]; [height,
/// width, out, in] when transposed), a layer's kernel before its bias, pruned weights included. It knows
/// kernels and biases only: scales, shifts and thresholds have no number.
class FkerasOrder {
 public:
  /// Without biases, as FKeras's model class counts: kernels alone.
  explicit FkerasOrder(const Model& model, bool with_biases = true);

  uint64_t size() const { return size_; }
  std::optional<uint64_t> index(const BitAddress& address) const;
  /// Throws InputError for an index beyond the last.
  BitAddress address(uint64_t index) const;

 private:
  struct Tensor {
    int parameter = 0;
    uint64_t begin = 0;
    int bits = 0;
    int64_t outer = 1, middle = 1, inner = 1;  // ours is [outer, middle, inner], theirs [middle, a, b]
    bool is_transposed = false;  // theirs [middle, outer, inner] in the place of [middle, inner, outer]

    int64_t elements() const { return outer * middle * inner; }
  };

  uint64_t size_ = 0;
  std::vector<Tensor> tensors_;  // in their order
};

}  // namespace netsurf
