// Which bit is which, and what flipping it does, a second time: the whole BitSpace as a list, and a code as a
// list of bits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/faults/bit_space.h"
#include "engine/model/model.h"
#include "tests/reference/naive_rounding.h"

namespace netsurf::naive {

/// Indices of the model's parameters in the order in which its layers first use them: kernel, bias, scale,
/// shift, thresholds.
std::vector<int> first_uses(const Model& model);

/// Every bit in BitId order: parameters by first use, elements in C order, bits from the least significant;
/// bits of pruned elements left out unless `stored`, those of constant parameters always.
std::vector<BitAddress> list_bits(const Model& model, bool stored, Plant plant = Plant::none);

/// The code whose stored pattern differs from that of `code` in one bit.
int32_t flipped(int32_t code, int bit, const Format& format);

/// The model's parameter codes with the given bits flipped, one after the other.
std::vector<std::vector<int32_t>> faulty_parameters(const Model& model, std::span<const BitAddress> bits,
                                                    std::span<const BitId> flips);

}  // namespace netsurf::naive
