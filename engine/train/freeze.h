// The end of training: a network's master values become the codes of a Model.
#pragma once

#include <map>
#include <string>

#include "engine/model/model.h"
#include "engine/train/network.h"

namespace netsurf {

/// Kernels take their format, biases the kernel's step with as many bits as their codes need (at least the
/// kernel's, or exactly `bias_bits`), scales and shifts `affine_bits` bits fitted to their values. Throws
/// InputError naming the layer when the integer network is refused, for example because a dense layer would
/// read more than 16 bits. `output_unit` becomes the real size of an output code's step, over 2^-f: the scale
/// that training's loss reads the outputs with, so that the model's loss is the one that was trained.
Model freeze(const Network& network, const std::string& name, std::map<std::string, std::string> notes,
             float output_unit);

}  // namespace netsurf
