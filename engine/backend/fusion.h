// Which layers one packed stage can do: sums, then a max pool, then an activation, for one packed reader.
#pragma once

#include <vector>

#include "engine/backend/packed_layer.h"
#include "engine/backend/plain_network.h"

namespace netsurf {

/// What follows the sums of one layer inside the same stage.
struct Fusion {
  std::vector<int> layers;  // the pool and the activation, in the model's order
  PackedPool pool;
  core::Requantizer requantizer;
  int reader = -1;  // the packed layer that alone reads the result
  Shape image;      // what it reads, before any flattening
};

/// Per layer, what its stage can do beyond its sums; `reader` is -1 where nothing.
std::vector<Fusion> find_fusions(const PlainNetwork& plain);

}  // namespace netsurf
