// The damages of single bits for a person: what they come to, where they are, and every one of them as CSV.
#pragma once

#include <string>

#include "engine/faults/bit_space.h"
#include "engine/model/model.h"
#include "engine/rank/damage.h"

namespace netsurf {

/// How many bits matter, the total and its share by bit plane and by parameter, and the ten worst bits; of a
/// sample, how sure the numbers are. REQUIRES: the damage is of `space`, the bit space of `model`.
std::string damage_summary(const Damage& damage, const Model& model, const BitSpace& space);

/// A row per flipped bit: bit_id, parameter, element, bit, exponent, loss, accuracy, changed, distance.
std::string damage_csv(const Damage& damage, const Model& model, const BitSpace& space);

}  // namespace netsurf
