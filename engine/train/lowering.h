// From a benchmark's layer lines to the nodes and tensors of a network.
#pragma once

#include <vector>

#include "engine/train/network.h"

namespace netsurf {

struct Lowered {
  std::vector<Node> nodes;  // topological order, the input first, the output last
  std::vector<Tensor> tensors;
};

/// Nodes without buffers, tensors initialized: kernels spread over the representable range, alpha such that a
/// layer's output starts at the size Glorot's rule would give it. An alpha that only a batch norm reads is
/// left out: the normalization undoes it.
Lowered lower(const Benchmark& benchmark, const NetworkOptions& options);

}  // namespace netsurf
