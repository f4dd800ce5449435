// Every core function, called from a kernel: compiling this file shows that kernels/core is device code too.
// It is never run here; what it computes on a device is tested where there is one.
#include "kernels/core/fixed.h"
#include "kernels/core/mask.h"
#include "kernels/core/philox.h"
#include "kernels/core/score.h"

namespace netsurf::core {

__global__ void every_core_function(const int32_t* codes, const uint64_t* thresholds, const float* targets,
                                    int64_t* out) {
  int lane = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  uint64_t mask[kBlockWords];
  uint64_t uniform = philox(counter_of(static_cast<uint64_t>(lane), 0, 0, Purpose::flip_count), 1).pair(0);
  draw_positions(1, static_cast<uint64_t>(lane), 0, kBlockBits, count_from_table(thresholds, 8, uniform),
                 mask);
  Requantizer q{-64, 63, 0, 3, 0, -8, 7};
  int32_t code = requantize(flip_bit(codes[lane], 2, 6, true), q);
  out[lane] = static_cast<int64_t>(mask[0]) + code + round_quotient(code, 3) + argmax(codes, 10, 1) +
              cross_entropy(codes, 10, 1, 5, 3) + squared_error(codes, 10, 1, 5, targets);
}

}  // namespace netsurf::core
