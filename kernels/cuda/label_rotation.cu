#include "kernels/cuda/check.h"
#include "kernels/cuda/draw_grid.h"
#include "kernels/cuda/label_rotation.h"

namespace netsurf::cuda {
namespace {

__global__ void count_kernel(RotationDraws draws, RotationTrials trials, uint64_t num_items,
                             uint64_t* counts) {
  const uint64_t item = uint64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (item >= num_items) return;
  const uint32_t num_chunks = draws.num_chunks();
  FlipCounter counter;
  visit_chunk(draws, trials, trials.first_epoch + item / num_chunks, static_cast<uint32_t>(item % num_chunks),
              counter);
  counts[item] = counter.count;
}

__global__ void write_kernel(RotationDraws draws, RotationTrials trials, uint64_t num_items,
                             const uint64_t* starts, uint32_t* lanes, uint32_t* bits) {
  const uint64_t item = uint64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (item >= num_items || starts[item] == starts[item + 1]) return;
  const uint32_t num_chunks = draws.num_chunks();
  FlipWriter writer{lanes + starts[item], bits + starts[item]};
  visit_chunk(draws, trials, trials.first_epoch + item / num_chunks, static_cast<uint32_t>(item % num_chunks),
              writer);
}

}  // namespace

void count_rotation(const RotationDraws& draws, const RotationTrials& trials, uint64_t* counts,
                    const Stream& stream) {
  const uint64_t num_items = trials.num_epochs * draws.num_chunks();
  if (num_items == 0) return;
  count_kernel<<<grid_for(num_items), kDrawThreads, 0, stream.get()>>>(draws, trials, num_items, counts);
  check_launch("count_rotation");
}

void write_rotation(const RotationDraws& draws, const RotationTrials& trials, const uint64_t* starts,
                    uint32_t* lanes, uint32_t* bits, const Stream& stream) {
  const uint64_t num_items = trials.num_epochs * draws.num_chunks();
  if (num_items == 0) return;
  write_kernel<<<grid_for(num_items), kDrawThreads, 0, stream.get()>>>(draws, trials, num_items, starts,
                                                                       lanes, bits);
  check_launch("write_rotation");
}

}  // namespace netsurf::cuda
