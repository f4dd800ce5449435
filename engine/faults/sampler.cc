#include "engine/faults/sampler.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/faults/mask_source.h"

namespace netsurf {

class FaultSampler::Impl {
 public:
  Impl(const BitSpace& space, const FaultSpec& faults, const Protection& protection)
      : protection_(protection),
        num_bits_(space.size()),
        num_protected_(protection.num_protected(space.size())),
        source_(make_mask_source(space, faults, protection)) {}

  FaultBatch sample(uint64_t begin, uint64_t end) {
    FaultBatch batch;
    batch.begin = begin;
    source_->draw(begin, end, batch);
    if (num_protected_ > 0) drop_protected(batch);
    return batch;
  }

  const MaskSource& source() const { return *source_; }
  uint64_t num_unprotected() const { return num_bits_ - num_protected_; }

 private:
  void drop_protected(FaultBatch& batch) const {
    uint64_t kept = 0;
    uint64_t from = 0;
    for (size_t i = 0; i + 1 < batch.offset.size(); ++i) {
      uint64_t to = batch.offset[i + 1];
      for (; from < to; ++from) {
        if (!protection_.protects(batch.bits[from], num_protected_)) batch.bits[kept++] = batch.bits[from];
      }
      batch.offset[i + 1] = kept;
    }
    batch.bits.resize(kept);
  }

  Protection protection_;
  uint64_t num_bits_;
  uint64_t num_protected_;
  std::unique_ptr<MaskSource> source_;
};

FaultSampler::FaultSampler(const BitSpace& space, const FaultSpec& faults, const Protection& protection) {
  bool needs_ranking = protection.num_protected(space.size()) > 0;
  if (needs_ranking && (protection.rank == nullptr || protection.rank->size() != space.size())) {
    throw InputError("protection " + protection.fraction.text() + " needs a ranking of " +
                     std::to_string(space.size()) + " bits, found " +
                     std::to_string(protection.rank == nullptr ? 0 : protection.rank->size()) +
                     "; rank this model with netsurf rank");
  }
  impl_ = std::make_unique<Impl>(space, faults, protection);
}
FaultSampler::~FaultSampler() = default;
FaultSampler::FaultSampler(FaultSampler&&) noexcept = default;

FaultBatch FaultSampler::sample(uint64_t begin, uint64_t end) { return impl_->sample(begin, end); }
uint64_t FaultSampler::epoch_size() const { return impl_->source().epoch_size(); }
bool FaultSampler::is_short_slice(uint64_t trial) const { return impl_->source().is_short_slice(trial); }
uint64_t FaultSampler::num_unprotected() const { return impl_->num_unprotected(); }
double FaultSampler::expected_flips() const {
  return impl_->source().expected_flips(impl_->num_unprotected());
}

}  // namespace netsurf
