// From how many items each of many threads has to where it puts them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cuda/memory.h"
#include "kernels/cuda/stream.h"

namespace netsurf::cuda {

/// counts[i] becomes the sum of those before it, for i <= size: the last entry, whatever it was, is the sum
/// of all. `scratch` grows as needed. Throws OutOfMemory, also for 2^31 - 1 counts or more.
void sum_up(uint64_t* counts, uint64_t size, DeviceMemory<std::byte>& scratch, const Stream& stream);

/// picked[i] = starts[i * stride] for i < size.
void pick_every(const uint64_t* starts, uint64_t stride, uint64_t size, uint64_t* picked,
                const Stream& stream);

}  // namespace netsurf::cuda
