// A way to run lanes on the device: the fused, the delta and the layer path.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/cuda/counts.h"
#include "kernels/cuda/flips.h"
#include "kernels/cuda/memory.h"

namespace netsurf {

class LaneRunner {
 public:
  virtual ~LaneRunner() = default;

  /// "fused", "delta" or "layer": what runs, for logs.
  virtual std::string_view name() const = 0;
  /// Where its parameter image has the elements of each segment of the bit space, in the space's order; the
  /// pointers are the device's and live as long as the runner.
  virtual const std::vector<cuda::PatchSegment>& segments() const = 0;
  /// Lanes that a batch can have at most.
  virtual int max_lanes() const = 0;
  /// Room for batches of so many lanes. Throws cuda::OutOfMemory.
  virtual void reserve(int num_lanes) = 0;
  /// counts[lane] becomes what the lane counts over the whole evaluation set. In the stream's order; nothing
  /// waits. REQUIRES: lists.num_lanes was reserved; counts is the device's.
  virtual void run(const cuda::PatchLists& lists, const cuda::ScoreData& score, cuda::LaneCounts* counts,
                   const cuda::Stream& stream) = 0;
};

}  // namespace netsurf
