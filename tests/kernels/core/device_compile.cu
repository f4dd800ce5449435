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
  int32_t code = flip_operand(codes[lane], 2, Storage{6, true, 3, false});
  int32_t plain = requantize_plainly(code, q);
  q.rounding = static_cast<Rounding>(lane % 9);
  float step = step_of(1, 5);
  out[lane] = static_cast<int64_t>(mask[0]) + plain + requantize(code, q) + requantize(int64_t{code}, q) +
              round_quotient(code, 3) + argmax(codes, 10, 1) + cross_entropy(codes, 10, 1, step, 3) +
              squared_error(codes, 10, 1, step, targets) + held_sum(squared_difference(code, 3), 4);
}

}  // namespace netsurf::core
