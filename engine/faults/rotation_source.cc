// bernoulli, rotation: each bit draws one 64-bit number U per epoch of R trials and flips in trial floor(U /
// P) of it, where P = BER x 2^64 and R = floor(2^64 / P). A trial alone is exactly bernoulli; within an epoch
// a bit flips at most once.
#include <algorithm>

#include "engine/base/error.h"
#include "engine/faults/mask_source.h"
#include "kernels/core/philox.h"

namespace netsurf {
namespace {

class RotationSource : public MaskSource {
 public:
  RotationSource(const BitSpace& space, const FaultSpec& faults)
      : key_(stream_key(space, faults)), num_bits_(space.size()), rate_(faults.bit_error_rate) {
    if (UnitDecimal::parse("0.1", "limit") < rate_) {
      throw InputError("design rotation is refused above a bit error rate of 0.1, found " + rate_.text() +
                       "; use --design independent");
    }
    step_ = rate_.times_two_to_64();
    if (step_ <= 1) {  // an epoch of 2^64 trials could not be counted
      throw InputError("bit error rate " + rate_.text() +
                       " is too small for design rotation; use --design independent");
    }
    trials_per_epoch_ = static_cast<uint64_t>((static_cast<unsigned __int128>(1) << 64) / step_);
  }

  void draw(uint64_t begin, uint64_t end, FaultBatch& batch) override {
    batch.offset.assign(1, 0);
    for (uint64_t trial = begin; trial < end;) {
      uint64_t first = trial % trials_per_epoch_;
      uint64_t count = std::min(end - trial, trials_per_epoch_ - first);
      draw_part_of_epoch(trial / trials_per_epoch_, first, count, batch);
      trial += count;
    }
  }

  uint64_t epoch_size() const override { return trials_per_epoch_; }
  double expected_flips(uint64_t num_unprotected) const override {
    return rate_.value() * static_cast<double>(num_unprotected);
  }

 private:
  /// Appends trials [first, first + count) of an epoch: one pass over the bits, then a counting sort by
  /// trial.
  void draw_part_of_epoch(uint64_t epoch, uint64_t first, uint64_t count, FaultBatch& batch) const {
    std::vector<std::pair<uint64_t, BitId>> flips;  // (trial within the part, bit), bits ascending
    for (uint64_t id = 0; id < num_bits_; id += 2) {
      core::PhiloxBlock random = core::philox(
          core::counter_of(epoch, static_cast<uint32_t>(id / 2), 0, core::Purpose::rotation), key_);
      for (uint64_t i = 0; i < 2 && id + i < num_bits_; ++i) {
        uint64_t place =
            random.pair(static_cast<int>(i)) / step_ - first;  // wraps when it lies before `first`
        if (place < count) flips.emplace_back(place, static_cast<BitId>(id + i));
      }
    }
    std::vector<uint64_t> next(count + 1, 0);
    for (const auto& [place, id] : flips) ++next[place + 1];
    uint64_t base = batch.bits.size();
    next[0] = base;
    for (uint64_t place = 0; place < count; ++place) {
      next[place + 1] += next[place];
      batch.offset.push_back(next[place + 1]);
    }
    batch.bits.resize(base + flips.size());
    for (const auto& [place, id] : flips) batch.bits[next[place]++] = id;
  }

  uint64_t key_;
  uint64_t num_bits_;
  UnitDecimal rate_;
  uint64_t step_ = 0;
  uint64_t trials_per_epoch_ = 1;
};

class NothingFlips : public MaskSource {
 public:
  void draw(uint64_t begin, uint64_t end, FaultBatch& batch) override {
    batch.offset.assign(end - begin + 1, 0);
  }
  double expected_flips(uint64_t) const override { return 0; }
};

}  // namespace

std::unique_ptr<MaskSource> make_rotation_source(const BitSpace& space, const FaultSpec& faults) {
  if (faults.bit_error_rate.is_zero()) return std::make_unique<NothingFlips>();
  return std::make_unique<RotationSource>(space, faults);
}

}  // namespace netsurf
