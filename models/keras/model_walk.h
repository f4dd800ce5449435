// Follows the calls of a model's layers, and of models inside it, from inputs to output.
#pragma once

#include "models/keras/builder.h"
#include "models/keras/config.h"

namespace netsurf::keras {

/// The graph of an architecture and its tensors, without `source`. Throws FormatError for cycles, missing
/// inputs, and whatever the layers refuse; its messages do not name a file.
foreign::Graph build_graph(const Json& architecture, const Hdf5Content& content, int keras_major);

}  // namespace netsurf::keras
