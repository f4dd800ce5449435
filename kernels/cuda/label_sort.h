// Stable sorts by a label, and where each label begins.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/core/host_device.h"
#include "kernels/cuda/memory.h"
#include "kernels/cuda/stream.h"

namespace netsurf::cuda {

/// Labels of Label = uint32_t or uint64_t and a value each, on the device, sorted between two memories.
template <typename Label>
class LabelledValues {
 public:
  /// Room for `size` of them; what was there is lost.
  void reserve(uint64_t size);

  Label* labels() { return labels_[side_].data(); }
  uint32_t* values() { return values_[side_].data(); }

  /// Sorts the first `size` by the labels' low `num_bits` bits; where those agree, values stay in order.
  void sort(uint64_t size, int num_bits, DeviceMemory<std::byte>& scratch, const Stream& stream);

 private:
  DeviceMemory<Label> labels_[2];
  DeviceMemory<uint32_t> values_[2];
  int side_ = 0;
};

/// The first of sorted labels[0 .. size) that is not below `label`, or `size`.
NETSURF_HD inline uint64_t begin_of_label(const uint32_t* labels, uint64_t size, uint64_t label) {
  uint64_t low = 0, high = size;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (labels[middle] < label) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/// begins[l] = begin_of_label(labels, size, l) for l <= num_labels.
void find_labels(const uint32_t* labels, uint64_t size, uint64_t num_labels, uint64_t* begins,
                 const Stream& stream);

}  // namespace netsurf::cuda
