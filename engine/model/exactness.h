// The proof that a network's integer arithmetic cannot overflow, whatever bits flip: one TensorType per
// layer, with the range its codes can reach over all inputs and all faults. Computed when a model is built; a
// network that would need more than 62 bits is refused with the layer's name.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/model/layer.h"

namespace netsurf {

/// The codes a layer puts out.
struct TensorType {
  Shape shape;
  int frac_bits = 0;          // value = code x 2^-frac_bits
  int64_t low = 0, high = 0;  // every code lies in [low, high], whatever flips
  // No code and no partial sum exceeds this in magnitude. What activations and averages compute before they
  // round is checked against 62 bits apart.
  int64_t bound = 0;

  bool needs_64_bits() const { return bound > INT32_MAX; }
  /// Whether a dense or convolution layer may read it: at most 16 bits.
  bool is_narrow() const {
    return low >= -(int64_t{1} << (kMaxActivationBits - 1)) && high < (int64_t{1} << kMaxActivationBits) &&
           (low >= 0 || high < (int64_t{1} << (kMaxActivationBits - 1)));
  }
  int64_t elements() const { return num_elements(shape); }
};

/// Left shifts that bring two summands to the finer of their two steps.
struct Alignment {
  int frac_bits = 0;
  int first_shift = 0, second_shift = 0;
};
Alignment align(int first_frac_bits, int second_frac_bits);

/// The type of one layer from those it reads. Throws as infer_types.
TensorType infer_type(const Layer& layer, std::vector<const TensorType*> inputs,
                      std::span<const Parameter> parameters);

/// Checks shapes, wiring, formats and ranges of layers in topological order and gives each its output type.
/// Throws InputError naming the layer, what was found and what was expected.
std::vector<TensorType> infer_types(std::span<const Layer> layers, std::span<const Parameter> parameters);

}  // namespace netsurf
