// How a data set is cut into train, validation and test, the same on every machine and for ever.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/model/dataset.h"

namespace netsurf {

/// A permutation of 0..count-1 decided by `count` alone, in integer arithmetic.
std::vector<uint32_t> fixed_permutation(uint32_t count);

/// Deals `whole` out by fixed_permutation: the last floor(count / 5) places are test, the floor(count / 10)
/// before them validation, the rest train. Throws InputError when fewer than 10 samples are there.
void split_whole(const Samples& whole, Dataset& dataset);

/// Moves the last floor(count / 12) samples of train (at least one) to validation. Throws InputError when
/// train has fewer than two samples, or when a class would be left without a training sample (a file sorted
/// by class).
void split_off_validation(Dataset& dataset);

}  // namespace netsurf
