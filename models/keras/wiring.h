// Who reads whom: the inbound_nodes of Keras 2 (nested lists) and of Keras 3 (keras_history inside
// arguments).
#pragma once

#include "models/keras/config.h"

namespace netsurf::keras {

/// One call per layer, each reading the one before; the first layer reads the input.
void wire_sequential(ModelConfig& model);

/// Fills in calls, inputs and outputs from the "layers", "input_layers" and "output_layers" of `config`.
void wire_functional(const Json& config, ModelConfig& model);

}  // namespace netsurf::keras
