// The fault lists of an oracle: every bit of a space alone, one trial each, or a sample of the bits; and what
// their outcomes say, bit by bit.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/faults/bit_space.h"
#include "engine/faults/trial.h"
#include "engine/rank/damage.h"
#include "engine/store/result_store.h"

namespace netsurf {

/// `count` bits of the space, ids rising: those with the lowest draws of the seed, so that a smaller sample
/// is part of a larger one. All of them, whatever the seed, where `count` is the space's size. Throws
/// InputError unless 1 <= count <= size.
std::vector<BitId> sample_bits(const BitSpace& space, uint64_t count, uint64_t seed);

/// Trial t flips bits[t] and nothing else.
FaultTable single_flips(const std::vector<BitId>& bits);

/// The fault lists that a cell of fault model list was made from, when they are the single flips of `space`
/// or of a sample of it, drawn with the study's seed. A store keeps no more of them than a digest.
std::optional<FaultTable> find_single_flips(const StudyIdentity& study, const CellRecord& cell,
                                            const BitSpace& space);

/// What the cell's trials, one for every flip of `flips`, say. Throws InputError when the cell is not one of
/// these single flips without protection, or lacks a trial.
Damage damage_of(ResultStore& store, const ResultStore::StoredCell& cell, const FaultTable& flips);

}  // namespace netsurf
