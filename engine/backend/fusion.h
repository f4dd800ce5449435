// Which layers one packed stage can do: sums, an affine layer, a max pool and one or two activations, for one
// packed reader.
#pragma once

#include <optional>
#include <vector>

#include "engine/backend/packed_layer.h"
#include "engine/backend/plain_network.h"

namespace netsurf {

/// What follows the sums of one layer inside the same stage.
struct Fusion {
  std::vector<int> layers;  // all of it, in the model's order
  int affine = -1;          // the affine layer among them
  PackedPool pool;
  bool pools_after_affine = false;
  core::Requantizer requantizer;  // of the activation
  std::optional<cpu::Step> step;  // of a second one
  int reader = -1;                // the packed layer that alone reads the result
  Shape image;                    // what it reads, before any flattening

  /// Whether it ends in a scaled finish (kernels/cpu/packed.h).
  bool is_scaled() const { return affine >= 0 || step.has_value(); }
};

/// Windows that touch without overlapping, and no padding: every code is in one window at most.
bool tiles_the_image(const Window& window);

/// Who computes with a layer's codes.
class SoleReaders {
 public:
  explicit SoleReaders(const PlainNetwork& plain);
  /// The one layer that does, reshapes looked through; -1 if there are several, or none: the codes are
  /// scored.
  int of(int layer) const;

 private:
  const PlainNetwork& plain_;
  std::vector<std::vector<int>> readers_;  // per buffer
};

/// Per layer, what its stage can do beyond its sums; `reader` is -1 where nothing.
std::vector<Fusion> find_fusions(const PlainNetwork& plain);

}  // namespace netsurf
