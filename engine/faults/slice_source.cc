// exact and coverage: trials are consecutive slices of the unprotected bits, in an order drawn anew for each
// pass. The order is by one 64-bit draw per bit and pass, ties by BitId.
#include <algorithm>

#include "engine/base/error.h"
#include "engine/faults/mask_source.h"
#include "kernels/core/philox.h"

namespace netsurf {
namespace {

constexpr uint64_t kNoPass = ~uint64_t{0};

class SliceSource : public MaskSource {
 public:
  SliceSource(const BitSpace& space, const FaultSpec& faults, const Protection& protection)
      : key_(stream_key(space, faults)), covers_(faults.model == FaultModel::coverage) {
    uint64_t num_protected = protection.num_protected(space.size());
    for (uint64_t id = 0; id < space.size(); ++id) {
      if (!protection.protects(static_cast<BitId>(id), num_protected))
        unprotected_.push_back(static_cast<BitId>(id));
    }
    slice_ = faults.bit_error_rate.round_of(unprotected_.size());
    if (slice_ == 0 && covers_) {
      throw InputError("bit error rate " + faults.bit_error_rate.text() + " of " +
                       std::to_string(unprotected_.size()) +
                       " unprotected bits rounds to no flip at all, so fault model coverage cannot cover "
                       "them; use a larger "
                       "bit error rate or fault model bernoulli");
    }
    if (slice_ > 0)
      slices_ = covers_ ? (unprotected_.size() + slice_ - 1) / slice_ : unprotected_.size() / slice_;
  }

  void draw(uint64_t begin, uint64_t end, FaultBatch& batch) override {
    batch.offset.assign(1, 0);
    for (uint64_t trial = begin; trial < end; ++trial) {
      if (slice_ > 0) {
        order_pass(trial / slices_);
        uint64_t first = trial % slices_ * slice_;
        uint64_t last = std::min<uint64_t>(first + slice_, order_.size());
        auto before = static_cast<std::ptrdiff_t>(batch.bits.size());
        for (uint64_t i = first; i < last; ++i) batch.bits.push_back(order_[i].second);
        std::sort(batch.bits.begin() + before, batch.bits.end());
      }
      batch.offset.push_back(batch.bits.size());
    }
  }

  uint64_t epoch_size() const override { return slices_; }
  bool is_short_slice(uint64_t trial) const override {
    return slice_ > 0 && trial % slices_ * slice_ + slice_ > unprotected_.size();
  }
  double expected_flips(uint64_t) const override { return static_cast<double>(slice_); }

 private:
  void order_pass(uint64_t pass) {
    if (pass == pass_) return;
    order_.clear();
    order_.reserve(unprotected_.size());
    for (BitId id : unprotected_) {
      uint64_t draw =
          core::philox(core::counter_of(pass, id / 2, 0, core::Purpose::slice_order), key_).pair(id & 1);
      order_.emplace_back(draw, id);
    }
    std::sort(order_.begin(), order_.end());
    pass_ = pass;
  }

  uint64_t key_;
  bool covers_;
  std::vector<BitId> unprotected_;
  uint64_t slice_ = 0;       // flips per trial
  uint64_t slices_ = 1;      // trials per pass
  uint64_t pass_ = kNoPass;  // the pass `order_` belongs to
  std::vector<std::pair<uint64_t, BitId>> order_;
};

}  // namespace

std::unique_ptr<MaskSource> make_slice_source(const BitSpace& space, const FaultSpec& faults,
                                              const Protection& protection) {
  return std::make_unique<SliceSource>(space, faults, protection);
}

}  // namespace netsurf
