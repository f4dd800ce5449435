#include "engine/backend/cuda/device_sampler.h"

#include "engine/backend/cuda/device_sampler_source.h"
#include "kernels/cuda/memory.h"
#include "kernels/cuda/patch.h"

namespace netsurf {
namespace {

std::unique_ptr<DeviceSource> make_device_source(const BitSpace& space, const FaultSpec& faults,
                                                 const Protection& protection, FaultSampler& sampler,
                                                 const cuda::Stream& stream) {
  const UnitDecimal& rate = faults.bit_error_rate;
  switch (faults.model) {
    case FaultModel::bernoulli:
      if (rate.is_one()) return make_device_repeat(unprotected_bits(space, protection), stream);
      if (space.size() == 0 || rate.times_two_to_64() == 0) return make_device_repeat({}, stream);
      return faults.design == Design::rotation ? make_device_rotation(space, faults, protection, stream)
                                               : make_device_independent(space, faults, protection, stream);
    case FaultModel::exact:
    case FaultModel::coverage:
      if (rate.round_of(sampler.num_unprotected()) == 0) return make_device_repeat({}, stream);
      return make_device_slices(space, faults, protection, stream);
    case FaultModel::list:
      break;
  }
  return make_device_upload(sampler);
}

}  // namespace

class DeviceSampler::Impl {
 public:
  Impl(const BitSpace& space, const FaultSpec& faults, const Protection& protection,
       const std::vector<cuda::PatchSegment>& segments, const cuda::Stream& stream)
      : stream_(stream),
        sampler_(space, faults, protection),
        source_(make_device_source(space, faults, protection, sampler_, stream)),
        segments_(cuda::upload(segments, stream)) {}

  DeviceFaults sample(uint64_t begin, uint64_t end) {
    side_ = 1 - side_;
    ListMemory& lists = lists_[side_];
    cuda::DeviceMemory<cuda::Patch>& patches = patches_[side_];
    source_->draw(begin, end, lists, stream_);
    const uint64_t num_lanes = end - begin, num_flips = lists.host_offset.data()[num_lanes];
    patches.reserve(lists.bits.size());
    cuda::make_patches(segments_.data(), static_cast<int>(segments_.size()), lists.bits.data(), num_flips,
                       patches.data(), stream_);
    const int lanes = static_cast<int>(num_lanes);
    return {{lists.offset.data(), lists.bits.data(), lanes, num_flips},
            {lists.offset.data(), patches.data(), lanes, num_flips},
            {lists.host_offset.data(), num_lanes + 1}};
  }

  const FaultSampler& sampler() const { return sampler_; }

 private:
  const cuda::Stream& stream_;
  FaultSampler sampler_;
  std::unique_ptr<DeviceSource> source_;
  cuda::DeviceMemory<cuda::PatchSegment> segments_;
  ListMemory lists_[2];
  cuda::DeviceMemory<cuda::Patch> patches_[2];
  int side_ = 0;
};

DeviceSampler::DeviceSampler(const BitSpace& space, const FaultSpec& faults, const Protection& protection,
                             const std::vector<cuda::PatchSegment>& segments, const cuda::Stream& stream)
    : impl_(std::make_unique<Impl>(space, faults, protection, segments, stream)) {}
DeviceSampler::~DeviceSampler() = default;
DeviceSampler::DeviceSampler(DeviceSampler&&) noexcept = default;

DeviceFaults DeviceSampler::sample(uint64_t begin, uint64_t end) { return impl_->sample(begin, end); }
uint64_t DeviceSampler::num_unprotected() const { return impl_->sampler().num_unprotected(); }
double DeviceSampler::expected_flips() const { return impl_->sampler().expected_flips(); }

}  // namespace netsurf
