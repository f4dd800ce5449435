// Activations as nodes: QKeras's quantizers of activations, and Keras's functions.
#pragma once

#include "models/keras/builder.h"
#include "models/keras/quantizer_spec.h"

namespace netsurf::keras {

/// Whose function a bare name such as "hard_sigmoid" means.
enum class Dialect { keras, qkeras };

/// Applies the value of a layer's attribute `attribute` (missing or null: nothing) to `tensor`.
Tensor apply_activation(LayerCall& call, const Tensor& tensor, std::string_view attribute, Dialect dialect);

}  // namespace netsurf::keras
