// The order of the exact and coverage models: the unprotected bits of whole passes, slice after slice, each
// slice ascending. Items are the bits of several passes in a row: item i is bit i mod n of pass i / n.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/core/host_device.h"
#include "kernels/cuda/label_number.h"
#include "kernels/cuda/label_sort.h"
#include "kernels/cuda/memory.h"
#include "kernels/cuda/stream.h"

namespace netsurf::cuda {

struct SliceDraws {
  uint64_t key = 0;
  const uint32_t* bits = nullptr;  // [num_bits] the unprotected bits, ascending; null: 0 .. num_bits - 1
  uint64_t num_bits = 0;           // unprotected, at least 1
  uint64_t slice = 1;              // flips of a trial, at least 1
  uint64_t slices = 1;             // trials of a pass; bits beyond them flip in no trial

  /// Labels that one pass takes: its slices and what is left over.
  NETSURF_HD uint64_t num_labels() const { return (num_bits + slice - 1) / slice; }
  NETSURF_HD uint32_t bit(uint64_t item) const {
    return bits == nullptr ? static_cast<uint32_t>(item % num_bits) : bits[item % num_bits];
  }
  /// What an item's rank in its pass comes from.
  NETSURF_HD uint64_t number(uint64_t first_pass, uint64_t item) const {
    return number_of(key, first_pass + item / num_bits, core::Purpose::slice_order, bit(item));
  }
  /// The slice of the item that stands at `place` when items are sorted by pass and number.
  NETSURF_HD uint32_t label(uint64_t place) const {
    return static_cast<uint32_t>(place / num_bits * num_labels() + place % num_bits / slice);
  }
  /// Flips of a trial, and where they begin in the order of passes from first_pass on.
  NETSURF_HD uint64_t length(uint64_t trial) const {
    const uint64_t rest = num_bits - trial % slices * slice;
    return slice < rest ? slice : rest;
  }
  NETSURF_HD uint64_t begin(uint64_t first_pass, uint64_t trial) const {
    return (trial / slices - first_pass) * num_bits + trial % slices * slice;
  }
};

/// The order of some passes, kept on the device until other passes are drawn.
class SliceOrder {
 public:
  /// Passes that fit one draw: several where they are small.
  static uint64_t max_passes(const SliceDraws& draws);

  /// REQUIRES: 1 <= num_passes <= max_passes.
  void draw(const SliceDraws& draws, uint64_t first_pass, uint64_t num_passes, const Stream& stream);

  bool holds(uint64_t pass) const { return pass - first_pass_ < num_passes_; }
  uint64_t first_pass() const { return first_pass_; }
  uint64_t end_pass() const { return first_pass_ + num_passes_; }
  /// [passes * num_bits]
  const uint32_t* bits() { return by_slice_.values(); }

 private:
  LabelledValues<uint64_t> by_number_;
  LabelledValues<uint32_t> by_pass_, by_slice_;
  DeviceMemory<std::byte> scratch_;
  uint64_t first_pass_ = 0, num_passes_ = 0;
};

/// Copies the lists of trials begin .. begin + num_trials - 1 from the order of passes from first_pass on to
/// bits[offset[t]] for t < num_trials.
void copy_slices(const SliceDraws& draws, const uint32_t* order, uint64_t first_pass, uint64_t begin,
                 uint64_t num_trials, const uint64_t* offset, uint32_t* bits, const Stream& stream);

}  // namespace netsurf::cuda
