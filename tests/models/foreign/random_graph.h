// Random networks as others write them: kernels with one or many scales, batch norms, quantizers of every
// kind, branches.
#pragma once

#include "models/foreign/graph.h"
#include "tests/support/random.h"

namespace netsurf::foreign::testing {

struct GraphStyle {
  bool is_dyadic = true;  // every scale a power of two, and no batch norm: the lowering must be exact
};

Graph random_graph(netsurf::testing::Random& random, const GraphStyle& style);

}  // namespace netsurf::foreign::testing
