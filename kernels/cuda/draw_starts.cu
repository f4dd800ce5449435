#include <cub/device/device_scan.cuh>

#include <string>

#include "kernels/cuda/check.h"
#include "kernels/cuda/draw_grid.h"
#include "kernels/cuda/draw_starts.h"

namespace netsurf::cuda {
namespace {

__global__ void pick_kernel(const uint64_t* starts, uint64_t stride, uint64_t size, uint64_t* picked) {
  const uint64_t item = uint64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (item < size) picked[item] = starts[item * stride];
}

}  // namespace

void sum_up(uint64_t* counts, uint64_t size, DeviceMemory<std::byte>& scratch, const Stream& stream) {
  constexpr uint64_t kMost = (uint64_t{1} << 31) - 1;
  if (size >= kMost)
    throw OutOfMemory("sums of " + std::to_string(size) + " counts at a time, expected fewer than 2^31 - 1");
  const int num_items = static_cast<int>(size + 1);
  size_t bytes = 0;
  check(cub::DeviceScan::ExclusiveSum(nullptr, bytes, counts, counts, num_items, stream.get()),
        "cub::DeviceScan");
  scratch.reserve(bytes);
  bytes = scratch.size();
  check(cub::DeviceScan::ExclusiveSum(scratch.data(), bytes, counts, counts, num_items, stream.get()),
        "cub::DeviceScan");
}

void pick_every(const uint64_t* starts, uint64_t stride, uint64_t size, uint64_t* picked,
                const Stream& stream) {
  if (size == 0) return;
  pick_kernel<<<grid_for(size), kDrawThreads, 0, stream.get()>>>(starts, stride, size, picked);
  check_launch("pick_every");
}

}  // namespace netsurf::cuda
