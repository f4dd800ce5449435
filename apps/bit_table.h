// Single bits of a model for a person: where each lives, what it holds, what its flip does.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/faults/bit_space.h"

namespace netsurf {

/// Addresses from words such as "17" and "100-131" (both ends counted): ids of `space`. Throws InputError for
/// anything else, and for ids the space does not hold.
std::vector<BitAddress> addresses_of(std::span<const std::string> words, const BitSpace& space);

/// The same for numbers in FKeras's order, kernels alone unless `with_biases`.
std::vector<BitAddress> fkeras_addresses(std::span<const std::string> words, const Model& model,
                                         bool with_biases);

/// A row per bit: id, layer, tensor, index, bit, code and value before and after the flip, and FKeras's
/// numbers. Bits that `space` leaves out as pruned have no id.
std::string bit_table(const Model& model, const BitSpace& space, std::span<const BitAddress> addresses);

}  // namespace netsurf
