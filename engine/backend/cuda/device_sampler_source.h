// How one fault model's lists come onto the device: the twin of MaskSource.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/faults/sampler.h"
#include "engine/faults/trial.h"
#include "kernels/cuda/draw_immune.h"
#include "kernels/cuda/memory.h"
#include "kernels/cuda/stream.h"

namespace netsurf {

/// Memory of fault lists, which grows and is used again.
struct ListMemory {
  cuda::DeviceMemory<uint64_t> offset;       // [num_lanes + 1]
  cuda::PinnedMemory<uint64_t> host_offset;  // the same
  cuda::DeviceMemory<uint32_t> bits;

  void reserve_lanes(uint64_t num_lanes);
  /// With some room to spare, so that batches of about one size do not allocate again and again.
  void reserve_bits(uint64_t num_flips);
  /// From the host to the device; the host's may be written again on return.
  void upload_offset(uint64_t num_lanes, const cuda::Stream& stream);
  /// From the device to the host; it is there on return.
  void download_offset(uint64_t num_lanes, const cuda::Stream& stream);
};

class DeviceSource {
 public:
  virtual ~DeviceSource() = default;

  /// Fills the lists of trials [begin, end), after protection. host_offset is there on return, the rest comes
  /// in the stream's order.
  virtual void draw(uint64_t begin, uint64_t end, ListMemory& lists, const cuda::Stream& stream) = 0;
};

/// The ranking on the device, where something is protected.
class ImmuneMemory {
 public:
  ImmuneMemory(const Protection& protection, uint64_t num_bits, const cuda::Stream& stream);
  cuda::Immune view() const { return {rank_.data(), num_protected_}; }

 private:
  uint64_t num_protected_;
  cuda::DeviceMemory<uint32_t> rank_;
};

/// The ids that protection leaves, ascending.
std::vector<BitId> unprotected_bits(const BitSpace& space, const Protection& protection);

/// bernoulli, independent, of a rate that draws: neither 0 nor 1, nor one that 64 bits cannot tell from 0.
std::unique_ptr<DeviceSource> make_device_independent(const BitSpace& space, const FaultSpec& faults,
                                                      const Protection& protection,
                                                      const cuda::Stream& stream);
/// bernoulli, rotation, of a rate above 0 that FaultSampler takes.
std::unique_ptr<DeviceSource> make_device_rotation(const BitSpace& space, const FaultSpec& faults,
                                                   const Protection& protection, const cuda::Stream& stream);
/// exact and coverage of at least one flip per trial.
std::unique_ptr<DeviceSource> make_device_slices(const BitSpace& space, const FaultSpec& faults,
                                                 const Protection& protection, const cuda::Stream& stream);
/// The same list for every trial.
std::unique_ptr<DeviceSource> make_device_repeat(const std::vector<BitId>& bits, const cuda::Stream& stream);
/// Lists that the host draws: those of given tables. The sampler outlives the source.
std::unique_ptr<DeviceSource> make_device_upload(FaultSampler& sampler);

}  // namespace netsurf
