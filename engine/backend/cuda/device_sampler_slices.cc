// exact and coverage on the device.
#include <algorithm>

#include "engine/backend/cuda/device_sampler_source.h"
#include "engine/faults/mask_source.h"
#include "kernels/cuda/label_slices.h"

namespace netsurf {
namespace {

class SliceDeviceSource : public DeviceSource {
 public:
  SliceDeviceSource(const BitSpace& space, const FaultSpec& faults, const Protection& protection,
                    const cuda::Stream& stream) {
    draws_.key = stream_key(space, faults);
    draws_.num_bits = space.size() - protection.num_protected(space.size());
    if (draws_.num_bits < space.size()) {
      bits_ = cuda::upload(unprotected_bits(space, protection), stream);
      draws_.bits = bits_.data();
    }
    draws_.slice = faults.bit_error_rate.round_of(draws_.num_bits);
    draws_.slices =
        faults.model == FaultModel::coverage ? draws_.num_labels() : draws_.num_bits / draws_.slice;
  }

  void draw(uint64_t begin, uint64_t end, ListMemory& lists, const cuda::Stream& stream) override {
    const uint64_t num_lanes = end - begin;
    lists.reserve_lanes(num_lanes);
    uint64_t* offset = lists.host_offset.data();
    offset[0] = 0;
    for (uint64_t lane = 0; lane < num_lanes; ++lane)
      offset[lane + 1] = offset[lane] + draws_.length(begin + lane);
    lists.upload_offset(num_lanes, stream);
    lists.reserve_bits(offset[num_lanes]);
    for (uint64_t trial = begin; trial < end;) {
      const uint64_t pass = trial / draws_.slices;
      if (!order_.holds(pass)) {
        const uint64_t wanted = (end - 1) / draws_.slices - pass + 1;
        order_.draw(draws_, pass, std::min(wanted, cuda::SliceOrder::max_passes(draws_)), stream);
      }
      const uint64_t left = (order_.end_pass() - pass) * draws_.slices - trial % draws_.slices;
      const uint64_t count = std::min(end - trial, left);
      cuda::copy_slices(draws_, order_.bits(), order_.first_pass(), trial, count,
                        lists.offset.data() + (trial - begin), lists.bits.data(), stream);
      trial += count;
    }
  }

 private:
  cuda::DeviceMemory<uint32_t> bits_;
  cuda::SliceDraws draws_;
  cuda::SliceOrder order_;
};

}  // namespace

std::unique_ptr<DeviceSource> make_device_slices(const BitSpace& space, const FaultSpec& faults,
                                                 const Protection& protection, const cuda::Stream& stream) {
  return std::make_unique<SliceDeviceSource>(space, faults, protection, stream);
}

}  // namespace netsurf
