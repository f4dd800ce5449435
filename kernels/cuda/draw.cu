#include "kernels/cuda/check.h"
#include "kernels/cuda/draw.h"
#include "kernels/cuda/draw_grid.h"

namespace netsurf::cuda {
namespace {

/// Threads whose masks fill 32 KB of shared memory: what a block has without asking for more.
constexpr uint32_t kMaskThreads = 64;

struct MaskMemory {
  uint32_t words[kMaskWords * kMaskThreads];

  __device__ StridedWords of_thread() { return {words + threadIdx.x, kMaskThreads}; }
};

/// Without protection the count alone is drawn, and no mask.
__global__ void count_kernel(BlockDraws draws, uint64_t begin, uint64_t num_items, uint64_t* counts) {
  const uint64_t item = uint64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (item >= num_items) return;
  const uint32_t num_blocks = draws.num_blocks();
  counts[item] = draws.count(begin + item / num_blocks, static_cast<uint32_t>(item % num_blocks));
}

__global__ void __launch_bounds__(kMaskThreads)
    count_unprotected_kernel(BlockDraws draws, uint64_t begin, uint64_t num_items, uint64_t* counts) {
  __shared__ MaskMemory memory;
  const uint64_t item = uint64_t{blockIdx.x} * kMaskThreads + threadIdx.x;
  if (item >= num_items) return;
  const uint32_t num_blocks = draws.num_blocks();
  counts[item] = count_block(draws, begin + item / num_blocks, static_cast<uint32_t>(item % num_blocks),
                             memory.of_thread());
}

__global__ void __launch_bounds__(kMaskThreads)
    write_kernel(BlockDraws draws, uint64_t begin, uint64_t num_items, const uint64_t* starts,
                 uint32_t* bits) {
  __shared__ MaskMemory memory;
  const uint64_t item = uint64_t{blockIdx.x} * kMaskThreads + threadIdx.x;
  if (item >= num_items || starts[item] == starts[item + 1]) return;
  const uint32_t num_blocks = draws.num_blocks();
  write_block(draws, begin + item / num_blocks, static_cast<uint32_t>(item % num_blocks), memory.of_thread(),
              bits + starts[item]);
}

__global__ void repeat_kernel(const uint32_t* list, uint64_t size, uint64_t num_items, uint32_t* bits) {
  const uint64_t item = uint64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (item < num_items) bits[item] = list[item % size];
}

}  // namespace

void count_flips(const BlockDraws& draws, uint64_t begin, uint64_t num_trials, uint64_t* counts,
                 const Stream& stream) {
  const uint64_t num_items = num_trials * draws.num_blocks();
  if (num_items == 0) return;
  if (draws.immune.num_protected == 0) {
    count_kernel<<<grid_for(num_items), kDrawThreads, 0, stream.get()>>>(draws, begin, num_items, counts);
  } else {
    count_unprotected_kernel<<<grid_for(num_items, kMaskThreads), kMaskThreads, 0, stream.get()>>>(
        draws, begin, num_items, counts);
  }
  check_launch("count_flips");
}

void write_flips(const BlockDraws& draws, uint64_t begin, uint64_t num_trials, const uint64_t* starts,
                 uint32_t* bits, const Stream& stream) {
  const uint64_t num_items = num_trials * draws.num_blocks();
  if (num_items == 0) return;
  write_kernel<<<grid_for(num_items, kMaskThreads), kMaskThreads, 0, stream.get()>>>(draws, begin, num_items,
                                                                                     starts, bits);
  check_launch("write_flips");
}

void repeat_list(const uint32_t* list, uint64_t size, uint64_t num_trials, uint32_t* bits,
                 const Stream& stream) {
  if (size * num_trials == 0) return;
  repeat_kernel<<<grid_for(size * num_trials), kDrawThreads, 0, stream.get()>>>(list, size, size * num_trials,
                                                                                bits);
  check_launch("repeat_list");
}

}  // namespace netsurf::cuda
