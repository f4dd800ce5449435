// How a packed layer's sums end as the words of the next one.
#pragma once

#include <vector>

#include "engine/backend/fusion.h"
#include "engine/backend/packed_layer.h"

namespace netsurf {

/// Lets the sums of `from` go through the layers of `fusion` to the places that `to` reads. The clean
/// scalings are those of `operands` (PlainNetwork::clean_parameters). REQUIRES: `to` was laid out without
/// overlaps for fusion.image.
void set_finish(const Model& model, const Fusion& fusion, const PackedLayer& to,
                const std::vector<std::vector<int32_t>>& operands, PackedLayer& from);

}  // namespace netsurf
