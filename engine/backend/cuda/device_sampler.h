// FaultSampler's lists, to the bit, drawn on the device, and with them what they invert in the parameter
// images of lanes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/faults/sampler.h"
#include "engine/faults/trial.h"
#include "kernels/cuda/flips.h"
#include "kernels/cuda/stream.h"

namespace netsurf {

/// Fault lists of consecutive trials: lane i is trial begin + i.
struct DeviceFaults {
  cuda::FlipLists flips;
  cuda::PatchLists patches;
  std::span<const uint64_t> offset;  // [num_lanes + 1] as in both lists, on the host

  int64_t num_flips(int lane) const {
    const auto i = static_cast<size_t>(lane);
    return static_cast<int64_t>(offset[i + 1] - offset[i]);
  }
};

class DeviceSampler {
 public:
  /// Throws what FaultSampler throws. The segments are those of the space in its order, with the pointers and
  /// places of the image that patches are for; these and the stream outlive the sampler.
  DeviceSampler(const BitSpace& space, const FaultSpec& faults, const Protection& protection,
                const std::vector<cuda::PatchSegment>& segments, const cuda::Stream& stream);
  ~DeviceSampler();
  DeviceSampler(DeviceSampler&&) noexcept;

  /// The lists of trials [begin, end), after protection. The offsets are there when this returns, what is on
  /// the device comes in the stream's order. They live until the second call from here: the next call may
  /// draw while another stream still works on these. Throws InputError as FaultSampler::sample does and
  /// cuda::OutOfMemory, after which fewer trials may do. REQUIRES: fewer than 2^31 trials.
  DeviceFaults sample(uint64_t begin, uint64_t end);

  /// As FaultSampler's.
  uint64_t num_unprotected() const;
  double expected_flips() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace netsurf
