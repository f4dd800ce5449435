// Which bits protection keeps from flipping, for code that runs on the device and, in tests, on the host.
#pragma once

#include <cstdint>

#include "kernels/core/host_device.h"

namespace netsurf::cuda {

struct Immune {
  const uint32_t* rank = nullptr;  // [bits] place in the ranking, 0 first; null when nothing is protected
  uint64_t num_protected = 0;      // the first so many of the ranking cannot flip

  NETSURF_HD bool operator()(uint32_t bit) const { return num_protected > 0 && rank[bit] < num_protected; }
};

}  // namespace netsurf::cuda
