// bernoulli, independent, on the device.
#include "engine/backend/cuda/device_sampler_source.h"
#include "engine/faults/binomial_table.h"
#include "engine/faults/mask_source.h"
#include "kernels/cuda/draw.h"
#include "kernels/cuda/draw_starts.h"

namespace netsurf {
namespace {

class IndependentDeviceSource : public DeviceSource {
 public:
  IndependentDeviceSource(const BitSpace& space, const FaultSpec& faults, const Protection& protection,
                          const cuda::Stream& stream)
      : immune_(protection, space.size(), stream) {
    const uint64_t p_fixed = faults.bit_error_rate.times_two_to_64();
    draws_.key = stream_key(space, faults);
    draws_.num_bits = space.size();
    draws_.immune = immune_.view();
    if (space.size() >= core::kBlockBits) {
      full_ = cuda::upload(binomial_thresholds(core::kBlockBits, p_fixed), stream);
      draws_.full = full_.data();
      draws_.num_full = static_cast<uint32_t>(full_.size());
    }
    if (uint32_t size = space.size() % core::kBlockBits; size != 0) {
      last_ = cuda::upload(binomial_thresholds(size, p_fixed), stream);
      draws_.last = last_.data();
      draws_.num_last = static_cast<uint32_t>(last_.size());
    }
  }

  void draw(uint64_t begin, uint64_t end, ListMemory& lists, const cuda::Stream& stream) override {
    const uint64_t num_lanes = end - begin, num_blocks = draws_.num_blocks();
    lists.reserve_lanes(num_lanes);
    starts_.reserve(num_lanes * num_blocks + 1);
    cuda::count_flips(draws_, begin, num_lanes, starts_.data(), stream);
    cuda::sum_up(starts_.data(), num_lanes * num_blocks, scratch_, stream);
    cuda::pick_every(starts_.data(), num_blocks, num_lanes + 1, lists.offset.data(), stream);
    lists.download_offset(num_lanes, stream);
    lists.reserve_bits(lists.host_offset.data()[num_lanes]);
    cuda::write_flips(draws_, begin, num_lanes, starts_.data(), lists.bits.data(), stream);
  }

 private:
  ImmuneMemory immune_;
  cuda::DeviceMemory<uint64_t> full_, last_;
  cuda::BlockDraws draws_;
  cuda::DeviceMemory<uint64_t> starts_;  // [lanes * blocks + 1] counts, then where a block's flips begin
  cuda::DeviceMemory<std::byte> scratch_;
};

}  // namespace

std::unique_ptr<DeviceSource> make_device_independent(const BitSpace& space, const FaultSpec& faults,
                                                      const Protection& protection,
                                                      const cuda::Stream& stream) {
  return std::make_unique<IndependentDeviceSource>(space, faults, protection, stream);
}

}  // namespace netsurf
