#include <algorithm>
#include <bit>

#include "kernels/cuda/check.h"
#include "kernels/cuda/draw_grid.h"
#include "kernels/cuda/label_slices.h"

namespace netsurf::cuda {
namespace {

/// Items of small passes that are sorted together: enough to fill a device, and 56 bytes each.
constexpr uint64_t kMaxItems = 1 << 22;
/// Flips that one block of threads copies at a time, and blocks that share a trial.
constexpr uint64_t kCopyThreads = 256;
constexpr uint64_t kMaxCopyBlocks = 64;

__global__ void number_kernel(SliceDraws draws, uint64_t first_pass, uint64_t num_items, uint64_t* numbers,
                              uint32_t* items) {
  const uint64_t item = uint64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (item >= num_items) return;
  numbers[item] = draws.number(first_pass, item);
  items[item] = static_cast<uint32_t>(item);
}

__global__ void pass_kernel(SliceDraws draws, uint64_t num_items, const uint32_t* by_number, uint32_t* passes,
                            uint32_t* items) {
  const uint64_t place = uint64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (place >= num_items) return;
  items[place] = by_number[place];
  passes[place] = static_cast<uint32_t>(by_number[place] / draws.num_bits);
}

/// sorted[place] = item, by pass and number. Labels go to their items, so that these ascend again.
__global__ void slice_kernel(SliceDraws draws, uint64_t num_items, const uint32_t* sorted, uint32_t* labels,
                             uint32_t* bits) {
  const uint64_t place = uint64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (place >= num_items) return;
  labels[sorted[place]] = draws.label(place);
  bits[place] = draws.bit(place);
}

__global__ void copy_kernel(SliceDraws draws, const uint32_t* order, uint64_t first_pass, uint64_t begin,
                            const uint64_t* offset, uint32_t* bits) {
  const uint64_t trial = begin + blockIdx.x, length = draws.length(trial);
  const uint32_t* from = order + draws.begin(first_pass, trial);
  uint32_t* to = bits + offset[blockIdx.x];
  for (uint64_t i = uint64_t{blockIdx.y} * blockDim.x + threadIdx.x; i < length;
       i += uint64_t{gridDim.y} * blockDim.x)
    to[i] = from[i];
}

}  // namespace

uint64_t SliceOrder::max_passes(const SliceDraws& draws) {
  return std::max<uint64_t>(1, kMaxItems / draws.num_bits);
}

void SliceOrder::draw(const SliceDraws& draws, uint64_t first_pass, uint64_t num_passes,
                      const Stream& stream) {
  num_passes_ = 0;  // until the order is there, nothing is held
  const uint64_t num_items = num_passes * draws.num_bits;
  const unsigned grid = grid_for(num_items);
  by_number_.reserve(num_items);
  by_slice_.reserve(num_items);
  number_kernel<<<grid, kDrawThreads, 0, stream.get()>>>(draws, first_pass, num_items, by_number_.labels(),
                                                         by_number_.values());
  check_launch("SliceOrder");
  by_number_.sort(num_items, 64, scratch_, stream);
  const uint32_t* sorted = by_number_.values();
  if (num_passes > 1) {
    by_pass_.reserve(num_items);
    pass_kernel<<<grid, kDrawThreads, 0, stream.get()>>>(draws, num_items, by_number_.values(),
                                                         by_pass_.labels(), by_pass_.values());
    check_launch("SliceOrder");
    by_pass_.sort(num_items, std::bit_width(num_passes - 1), scratch_, stream);
    sorted = by_pass_.values();
  }
  slice_kernel<<<grid, kDrawThreads, 0, stream.get()>>>(draws, num_items, sorted, by_slice_.labels(),
                                                        by_slice_.values());
  check_launch("SliceOrder");
  by_slice_.sort(num_items, std::bit_width(num_passes * draws.num_labels() - 1), scratch_, stream);
  first_pass_ = first_pass;
  num_passes_ = num_passes;
}

void copy_slices(const SliceDraws& draws, const uint32_t* order, uint64_t first_pass, uint64_t begin,
                 uint64_t num_trials, const uint64_t* offset, uint32_t* bits, const Stream& stream) {
  if (num_trials == 0) return;
  const uint64_t blocks = std::min(kMaxCopyBlocks, (draws.slice + kCopyThreads - 1) / kCopyThreads);
  const dim3 grid(static_cast<unsigned>(num_trials), static_cast<unsigned>(blocks));
  copy_kernel<<<grid, kCopyThreads, 0, stream.get()>>>(draws, order, first_pass, begin, offset, bits);
  check_launch("copy_slices");
}

}  // namespace netsurf::cuda
