// Cutting items into slices by the rank of a number each.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace netsurf {

/// The items 0 .. n-1 slice after slice: the first `length` by (number, item) come first, then the next, the
/// last slice perhaps short; within a slice items ascend. REQUIRES: length >= 1, n < 2^32.
std::vector<uint32_t> slices_by_rank(std::span<const uint64_t> numbers, uint64_t length);

}  // namespace netsurf
