#include "engine/faults/sampler.h"

#include <algorithm>
#include <numeric>

#include "engine/base/error.h"
#include "engine/faults/mask_source.h"
#include "engine/faults/parts.h"

namespace netsurf {

namespace {

/// Flips that are worth waking a thread for.
constexpr uint64_t kFlipsPerThread = 1 << 16;

}  // namespace

class FaultSampler::Impl {
 public:
  Impl(const BitSpace& space, const FaultSpec& faults, const Protection& protection, int num_threads)
      : num_threads_(num_threads),
        protection_(protection),
        num_bits_(space.size()),
        num_protected_(protection.num_protected(space.size())),
        source_(make_mask_source(space, faults, protection)) {}

  FaultBatch sample(uint64_t begin, uint64_t end) {
    FaultBatch batch;
    batch.begin = begin;
    source_->draw(begin, end, num_threads_, batch);
    if (num_protected_ > 0) drop_protected(batch);
    return batch;
  }

  const MaskSource& source() const { return *source_; }
  uint64_t num_unprotected() const { return num_bits_ - num_protected_; }

 private:
  /// Each part of the trials moves what it keeps to its own front; then the fronts are joined.
  void drop_protected(FaultBatch& batch) const {
    const uint64_t num_trials = batch.offset.size() - 1;
    const int parts = num_parts(std::min(num_trials, batch.bits.size() / kFlipsPerThread), 1, num_threads_);
    std::vector<uint64_t> kept(num_trials);
    std::vector<std::span<const BitId>> fronts(static_cast<size_t>(parts));
    for_each_part(num_trials, parts, [&](int part, uint64_t from, uint64_t to) {
      BitId* first = batch.bits.data() + batch.offset[from];
      BitId* next = first;
      for (uint64_t trial = from; trial < to; ++trial) {
        BitId* end = keep_unprotected(batch.flips(batch.begin + trial), next);
        kept[trial] = static_cast<uint64_t>(end - next);
        next = end;
      }
      fronts[static_cast<size_t>(part)] = {first, next};
    });
    auto end = batch.bits.begin();
    for (std::span<const BitId> front : fronts) end = std::copy(front.begin(), front.end(), end);
    batch.bits.erase(end, batch.bits.end());
    std::partial_sum(kept.begin(), kept.end(), batch.offset.begin() + 1);
  }

  /// Copies the flips that protection leaves to `to`, which may be where they stand or before. Returns their
  /// end. Without a branch: half of them would be guessed wrong.
  BitId* keep_unprotected(std::span<const BitId> flips, BitId* to) const {
    const uint32_t* rank = protection_.rank->data();
    for (BitId id : flips) {
      *to = id;
      to += rank[id] >= num_protected_;
    }
    return to;
  }

  int num_threads_;
  Protection protection_;
  uint64_t num_bits_;
  uint64_t num_protected_;
  std::unique_ptr<MaskSource> source_;
};

FaultSampler::FaultSampler(const BitSpace& space, const FaultSpec& faults, const Protection& protection,
                           int num_threads) {
  bool needs_ranking = protection.num_protected(space.size()) > 0;
  if (needs_ranking && (protection.rank == nullptr || protection.rank->size() != space.size())) {
    throw InputError("protection " + protection.fraction.text() + " needs a ranking of " +
                     std::to_string(space.size()) + " bits, found " +
                     std::to_string(protection.rank == nullptr ? 0 : protection.rank->size()) +
                     "; rank this model with netsurf rank");
  }
  impl_ = std::make_unique<Impl>(space, faults, protection, num_threads);
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
