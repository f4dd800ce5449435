// exact and coverage: trials are consecutive slices of the unprotected bits, in an order drawn anew for each
// pass. The order is by one 64-bit draw per bit and pass, ties by BitId.
#include <algorithm>
#include <span>
#include <vector>

#include "engine/base/error.h"
#include "engine/faults/bit_numbers.h"
#include "engine/faults/mask_source.h"
#include "engine/faults/parts.h"
#include "engine/faults/slices.h"

namespace netsurf {
namespace {

constexpr uint64_t kNoPass = ~uint64_t{0};

class SliceSource : public MaskSource {
 public:
  SliceSource(const BitSpace& space, const FaultSpec& faults, const Protection& protection)
      : key_(stream_key(space, faults)),
        num_bits_(space.size()),
        covers_(faults.model == FaultModel::coverage) {
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

  /// Every slice's length is known beforehand, so passes are written to their places side by side.
  void draw(uint64_t begin, uint64_t end, int num_threads, FaultBatch& batch) override {
    batch.offset.assign(1, 0);
    for (uint64_t trial = begin; trial < end; ++trial)
      batch.offset.push_back(batch.offset.back() + length(trial % slices_));
    batch.bits.resize(batch.offset.back());
    if (batch.bits.empty()) return;
    const uint64_t first_pass = begin / slices_, last_pass = (end - 1) / slices_;
    const uint64_t passes = last_pass - first_pass + 1;
    std::vector<BitId> last;
    for_each_part(passes, num_parts(passes, 1, num_threads), [&](int, uint64_t from, uint64_t to) {
      for (uint64_t pass = first_pass + from; pass < first_pass + to; ++pass) {
        std::vector<BitId> order;
        if (pass != kept_pass_) order = order_of(pass);
        copy_slices(pass == kept_pass_ ? kept_ : order, pass, begin, end, batch);
        if (pass == last_pass) last = std::move(order);
      }
    });
    if (last_pass == kept_pass_) return;
    kept_ = std::move(last);
    kept_pass_ = last_pass;
  }

  uint64_t epoch_size() const override { return slices_; }
  bool is_short_slice(uint64_t trial) const override { return length(trial % slices_) < slice_; }
  double expected_flips(uint64_t) const override { return static_cast<double>(slice_); }

 private:
  /// Flips of a slice: only coverage's last one may be short.
  uint64_t length(uint64_t slice) const {
    return std::min<uint64_t>(slice_, unprotected_.size() - slice * slice_);
  }

  /// The slices of one pass that lie in trials [begin, end), to their places.
  void copy_slices(const std::vector<BitId>& order, uint64_t pass, uint64_t begin, uint64_t end,
                   FaultBatch& batch) const {
    const uint64_t start = std::max(begin, pass * slices_), first = start % slices_;
    const uint64_t count = std::min(end - start, slices_ - first);
    const uint64_t to = batch.offset[start - begin];
    std::copy_n(order.data() + first * slice_, batch.offset[start - begin + count] - to,
                batch.bits.data() + to);
  }

  /// The unprotected bits of a pass, slice after slice, each slice ascending.
  std::vector<BitId> order_of(uint64_t pass) const {
    std::vector<uint64_t> numbers(unprotected_.size());
    uint64_t* next = numbers.data();
    const BitId* wanted = unprotected_.data();
    const BitId* const end = wanted + unprotected_.size();
    draw_bit_numbers(key_, pass, core::Purpose::slice_order, 0, num_bits_,
                     [&](uint64_t id, std::span<const uint64_t> drawn) {
                       for (uint64_t i = 0; i < drawn.size() && wanted < end; ++i) {
                         if (*wanted != id + i) continue;
                         *next++ = drawn[i];
                         ++wanted;
                       }
                     });
    std::vector<BitId> order = slices_by_rank(numbers, slice_);
    for (BitId& each : order) each = unprotected_[each];
    return order;
  }

  uint64_t key_;
  uint64_t num_bits_;
  bool covers_;
  std::vector<BitId> unprotected_;
  uint64_t slice_ = 0;            // flips per trial
  uint64_t slices_ = 1;           // trials per pass
  uint64_t kept_pass_ = kNoPass;  // the last pass drawn: the next trials may go on with it
  std::vector<BitId> kept_;       // its order
};

}  // namespace

std::unique_ptr<MaskSource> make_slice_source(const BitSpace& space, const FaultSpec& faults,
                                              const Protection& protection) {
  return std::make_unique<SliceSource>(space, faults, protection);
}

}  // namespace netsurf
