// One 64-bit number per bit, as engine/faults draws them: neighbours share a draw.
#pragma once

#include <cstdint>

#include "kernels/core/host_device.h"
#include "kernels/core/philox.h"

namespace netsurf::cuda {

/// The number of a bit in `epoch`, which stands in the counter's place of a trial.
NETSURF_HD inline uint64_t number_of(uint64_t key, uint64_t epoch, core::Purpose purpose, uint32_t bit) {
  const core::PhiloxBlock random = core::philox(core::counter_of(epoch, bit / 2, 0, purpose), key);
  return (bit & 1) == 0 ? random.pair(0) : random.pair(1);  // a chosen index would put the block in memory
}

}  // namespace netsurf::cuda
