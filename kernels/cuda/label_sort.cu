#include <cub/device/device_radix_sort.cuh>

#include "kernels/cuda/check.h"
#include "kernels/cuda/draw_grid.h"
#include "kernels/cuda/label_sort.h"

namespace netsurf::cuda {
namespace {

__global__ void find_kernel(const uint32_t* labels, uint64_t size, uint64_t num_labels, uint64_t* begins) {
  const uint64_t label = uint64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (label <= num_labels) begins[label] = begin_of_label(labels, size, label);
}

}  // namespace

template <typename Label>
void LabelledValues<Label>::reserve(uint64_t size) {
  for (int side = 0; side < 2; ++side) {
    labels_[side].reserve(size);
    values_[side].reserve(size);
  }
}

template <typename Label>
void LabelledValues<Label>::sort(uint64_t size, int num_bits, DeviceMemory<std::byte>& scratch,
                                 const Stream& stream) {
  if (size == 0 || num_bits == 0) return;
  cub::DoubleBuffer<Label> labels(labels_[side_].data(), labels_[1 - side_].data());
  cub::DoubleBuffer<uint32_t> values(values_[side_].data(), values_[1 - side_].data());
  size_t bytes = 0;
  check(cub::DeviceRadixSort::SortPairs(nullptr, bytes, labels, values, size, 0, num_bits, stream.get()),
        "cub::DeviceRadixSort");
  scratch.reserve(bytes);
  bytes = scratch.size();
  check(
      cub::DeviceRadixSort::SortPairs(scratch.data(), bytes, labels, values, size, 0, num_bits, stream.get()),
      "cub::DeviceRadixSort");
  // Both swap together: every pass moves labels and values.
  if (labels.selector != 0) side_ = 1 - side_;
}

template class LabelledValues<uint32_t>;
template class LabelledValues<uint64_t>;

void find_labels(const uint32_t* labels, uint64_t size, uint64_t num_labels, uint64_t* begins,
                 const Stream& stream) {
  find_kernel<<<grid_for(num_labels + 1), kDrawThreads, 0, stream.get()>>>(labels, size, num_labels, begins);
  check_launch("find_labels");
}

}  // namespace netsurf::cuda
