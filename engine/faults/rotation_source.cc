// bernoulli, rotation: each bit draws one 64-bit number U per epoch of R trials and flips in trial floor(U /
// P) of it, where P = BER x 2^64 and R = floor(2^64 / P). A trial alone is exactly bernoulli; within an epoch
// a bit flips at most once.
#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/faults/bit_numbers.h"
#include "engine/faults/mask_source.h"
#include "engine/faults/parts.h"

namespace netsurf {
namespace {

/// Trials drawn in one pass over the bits, so that a place fits 32 bits.
constexpr uint64_t kMaxTrials = uint64_t{1} << 31;
/// Bits that are worth waking a thread for.
constexpr uint64_t kBitsPerThread = 1 << 16;

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

  void draw(uint64_t begin, uint64_t end, int num_threads, FaultBatch& batch) override {
    batch.offset.assign(1, 0);
    for (uint64_t trial = begin; trial < end;) {
      uint64_t first = trial % trials_per_epoch_;
      uint64_t count = std::min({end - trial, trials_per_epoch_ - first, kMaxTrials});
      draw_part_of_epoch(trial / trials_per_epoch_, first, count, num_threads, batch);
      trial += count;
    }
  }

  uint64_t epoch_size() const override { return trials_per_epoch_; }
  double expected_flips(uint64_t num_unprotected) const override {
    return rate_.value() * static_cast<double>(num_unprotected);
  }

 private:
  struct Flip {
    uint32_t place;  // trial within the part of the epoch
    BitId id;
  };

  /// What one thread found among its bits.
  struct Part {
    std::vector<Flip> flips;     // ids ascending
    std::vector<uint64_t> next;  // [place] = flips there, then where the next one goes
  };

  /// Appends trials [first, first + count) of an epoch: one pass over the bits, then a counting sort by
  /// trial. Parts are in the order of their bits, so every trial's list ascends.
  void draw_part_of_epoch(uint64_t epoch, uint64_t first, uint64_t count, int num_threads,
                          FaultBatch& batch) const {
    std::vector<Part> parts(static_cast<size_t>(num_parts(num_bits_, kBitsPerThread, num_threads)));
    auto each_part = [&](const auto& work) {
      for_each_part(num_bits_, static_cast<int>(parts.size()), work);
    };
    each_part([&](int part, uint64_t from, uint64_t to) {
      find_flips(epoch, first, count, from, to, parts[static_cast<size_t>(part)]);
    });
    uint64_t base = batch.bits.size();
    for (uint64_t place = 0; place < count; ++place) {
      for (Part& part : parts) base += std::exchange(part.next[place], base);
      batch.offset.push_back(base);
    }
    batch.bits.resize(base);
    each_part([&](int part, uint64_t, uint64_t) {
      std::vector<uint64_t>& next = parts[static_cast<size_t>(part)].next;
      for (const Flip& flip : parts[static_cast<size_t>(part)].flips)
        batch.bits[next[flip.place]++] = flip.id;
    });
  }

  /// The flips of bits [from, to) in trials [first, first + count) of an epoch.
  void find_flips(uint64_t epoch, uint64_t first, uint64_t count, uint64_t from, uint64_t to,
                  Part& part) const {
    part.next.assign(count, 0);
    const double share = std::min(1.0, rate_.value() * static_cast<double>(count));
    part.flips.reserve(static_cast<size_t>(share * static_cast<double>(to - from) * 1.1) + 4096);
    const uint64_t begin = first * step_;
    const uint64_t last = count * step_ - 1;  // a whole epoch may end at 2^64
    draw_bit_numbers(key_, epoch, core::Purpose::rotation, from, to,
                     [&](uint64_t id, std::span<const uint64_t> numbers) {
                       const size_t before = part.flips.size();
                       part.flips.resize(before + numbers.size());
                       Flip* const start = part.flips.data() + before;
                       Flip* end = start;
                       for (uint64_t number : numbers) {
                         const uint64_t above = number - begin;  // wraps below the part's first trial
                         *end = {static_cast<uint32_t>(place_of(above)), static_cast<BitId>(id++)};
                         end += above <= last ? 1 : 0;
                       }
                       for (const Flip* flip = start; flip < end; ++flip) ++part.next[flip->place];
                       part.flips.resize(static_cast<size_t>(end - part.flips.data()));
                     });
  }

  /// floor(x / P): x R / 2^64 lies below x / P by less than one.
  uint64_t place_of(uint64_t x) const {
    auto place = static_cast<uint64_t>(static_cast<unsigned __int128>(x) * trials_per_epoch_ >> 64);
    return place + (x - place * step_ >= step_ ? 1 : 0);
  }

  uint64_t key_;
  uint64_t num_bits_;
  UnitDecimal rate_;
  uint64_t step_ = 0;
  uint64_t trials_per_epoch_ = 1;
};

class NothingFlips : public MaskSource {
 public:
  void draw(uint64_t begin, uint64_t end, int, FaultBatch& batch) override {
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
