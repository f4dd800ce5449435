// bernoulli, rotation, on the device: the flips of a batch's trials are found epoch by epoch and bit by bit,
// and then sorted by trial.
#include <bit>

#include "engine/backend/cuda/device_sampler_source.h"
#include "engine/faults/mask_source.h"
#include "kernels/cuda/draw.h"
#include "kernels/cuda/draw_starts.h"
#include "kernels/cuda/label_rotation.h"
#include "kernels/cuda/label_sort.h"

namespace netsurf {
namespace {

class RotationDeviceSource : public DeviceSource {
 public:
  RotationDeviceSource(const BitSpace& space, const FaultSpec& faults, const Protection& protection,
                       const cuda::Stream& stream)
      : immune_(protection, space.size(), stream) {
    draws_.key = stream_key(space, faults);
    draws_.num_bits = space.size();
    draws_.step = faults.bit_error_rate.times_two_to_64();
    draws_.trials_per_epoch = static_cast<uint64_t>((static_cast<unsigned __int128>(1) << 64) / draws_.step);
    draws_.immune = immune_.view();
  }

  void draw(uint64_t begin, uint64_t end, ListMemory& lists, const cuda::Stream& stream) override {
    const uint64_t num_lanes = end - begin;
    lists.reserve_lanes(num_lanes);
    const cuda::RotationTrials trials(draws_, begin, num_lanes);
    const uint64_t num_items = trials.num_epochs * draws_.num_chunks();
    starts_.reserve(num_items + 1);
    cuda::count_rotation(draws_, trials, starts_.data(), stream);
    cuda::sum_up(starts_.data(), num_items, scratch_, stream);
    cuda::copy_to_host(lists.host_offset.data(), starts_.data() + num_items, sizeof(uint64_t), stream);
    stream.wait();
    const uint64_t num_flips = lists.host_offset.data()[0];
    if (num_flips > room_) {
      room_ = num_flips + num_flips / 8;
      flips_.reserve(room_);
    }
    cuda::write_rotation(draws_, trials, starts_.data(), flips_.labels(), flips_.values(), stream);
    const auto lane_bits = static_cast<int>(num_lanes == 0 ? 0 : std::bit_width(num_lanes - 1));
    flips_.sort(num_flips, lane_bits, scratch_, stream);
    cuda::find_labels(flips_.labels(), num_flips, num_lanes, lists.offset.data(), stream);
    lists.reserve_bits(num_flips);
    cuda::repeat_list(flips_.values(), num_flips, 1, lists.bits.data(), stream);
    lists.download_offset(num_lanes, stream);
  }

 private:
  ImmuneMemory immune_;
  cuda::RotationDraws draws_;
  cuda::DeviceMemory<uint64_t> starts_;   // [epochs * chunks + 1] counts, then where a chunk's flips begin
  cuda::LabelledValues<uint32_t> flips_;  // lane and bit
  uint64_t room_ = 0;                     // of flips_
  cuda::DeviceMemory<std::byte> scratch_;
};

}  // namespace

std::unique_ptr<DeviceSource> make_device_rotation(const BitSpace& space, const FaultSpec& faults,
                                                   const Protection& protection, const cuda::Stream& stream) {
  return std::make_unique<RotationDeviceSource>(space, faults, protection, stream);
}

}  // namespace netsurf
