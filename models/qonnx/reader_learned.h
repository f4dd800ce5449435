// Which additions and multiplications hold what training found, and which are part of the number format. ONNX
// does not say.
#pragma once

#include "models/foreign/graph.h"

namespace netsurf::qonnx {

/// Marks the constants of every run of elementary operations that follows a layer with weights and adds
/// something: a batch norm written out. Runs that only multiply are scales; runs before the first weights
/// prepare data.
void mark_learned(foreign::Graph& graph);

}  // namespace netsurf::qonnx
