#include "engine/backend/cuda/device_sampler_source.h"

#include <algorithm>

#include "kernels/cuda/draw.h"

namespace netsurf {
namespace {

class RepeatSource : public DeviceSource {
 public:
  RepeatSource(const std::vector<BitId>& bits, const cuda::Stream& stream)
      : bits_(cuda::upload(bits, stream)) {}

  void draw(uint64_t begin, uint64_t end, ListMemory& lists, const cuda::Stream& stream) override {
    const uint64_t num_lanes = end - begin;
    lists.reserve_lanes(num_lanes);
    for (uint64_t lane = 0; lane <= num_lanes; ++lane) lists.host_offset.data()[lane] = lane * bits_.size();
    lists.upload_offset(num_lanes, stream);
    lists.reserve_bits(num_lanes * bits_.size());
    cuda::repeat_list(bits_.data(), bits_.size(), num_lanes, lists.bits.data(), stream);
  }

 private:
  cuda::DeviceMemory<uint32_t> bits_;
};

class UploadSource : public DeviceSource {
 public:
  explicit UploadSource(FaultSampler& sampler) : sampler_(sampler) {}

  void draw(uint64_t begin, uint64_t end, ListMemory& lists, const cuda::Stream& stream) override {
    const FaultBatch batch = sampler_.sample(begin, end);
    lists.reserve_lanes(end - begin);
    std::copy(batch.offset.begin(), batch.offset.end(), lists.host_offset.data());
    lists.upload_offset(end - begin, stream);
    lists.reserve_bits(batch.bits.size());
    if (batch.bits.empty()) return;
    cuda::copy_to_device(lists.bits.data(), batch.bits.data(), batch.bits.size() * sizeof(BitId), stream);
    stream.wait();  // for the batch, which ends here
  }

 private:
  FaultSampler& sampler_;
};

}  // namespace

void ListMemory::reserve_lanes(uint64_t num_lanes) {
  host_offset.reserve(num_lanes + 1);
  offset.reserve(num_lanes + 1);
}

void ListMemory::reserve_bits(uint64_t num_flips) {
  if (num_flips > bits.size()) bits.reserve(num_flips + num_flips / 8);
}

void ListMemory::upload_offset(uint64_t num_lanes, const cuda::Stream& stream) {
  cuda::copy_to_device(offset.data(), host_offset.data(), (num_lanes + 1) * sizeof(uint64_t), stream);
  stream.wait();
}

void ListMemory::download_offset(uint64_t num_lanes, const cuda::Stream& stream) {
  cuda::copy_to_host(host_offset.data(), offset.data(), (num_lanes + 1) * sizeof(uint64_t), stream);
  stream.wait();
}

ImmuneMemory::ImmuneMemory(const Protection& protection, uint64_t num_bits, const cuda::Stream& stream)
    : num_protected_(protection.num_protected(num_bits)) {
  if (num_protected_ > 0) rank_ = cuda::upload(*protection.rank, stream);
}

std::vector<BitId> unprotected_bits(const BitSpace& space, const Protection& protection) {
  const uint64_t num_protected = protection.num_protected(space.size());
  std::vector<BitId> bits;
  bits.reserve(space.size() - num_protected);
  for (uint64_t id = 0; id < space.size(); ++id) {
    if (!protection.protects(static_cast<BitId>(id), num_protected)) bits.push_back(static_cast<BitId>(id));
  }
  return bits;
}

std::unique_ptr<DeviceSource> make_device_repeat(const std::vector<BitId>& bits, const cuda::Stream& stream) {
  return std::make_unique<RepeatSource>(bits, stream);
}

std::unique_ptr<DeviceSource> make_device_upload(FaultSampler& sampler) {
  return std::make_unique<UploadSource>(sampler);
}

}  // namespace netsurf
