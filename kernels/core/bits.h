// Places of bits. The functions of <bit> that count are not for device code: nvcc compiles
// std::countr_zero(x) to the constant 32 there, without a word (CUDA 13.0, GCC 12's library).
#pragma once

#include <bit>
#include <cstdint>

#include "kernels/core/host_device.h"

namespace netsurf::core {

/// The place of the lowest bit that is set. REQUIRES: one is.
NETSURF_HD inline int lowest_bit(uint32_t word) {
#ifdef __CUDA_ARCH__
  return __ffs(static_cast<int>(word)) - 1;
#else
  return std::countr_zero(word);
#endif
}

/// How many bits are set.
NETSURF_HD inline int num_set_bits(uint32_t word) {
#ifdef __CUDA_ARCH__
  return __popc(word);
#else
  return std::popcount(word);
#endif
}

}  // namespace netsurf::core
