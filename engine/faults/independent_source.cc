// bernoulli, independent: every bit of every trial flips with probability BER, independently. Drawn block by
// block, a count and then positions: O(flips + blocks) per trial.
#include <algorithm>
#include <array>
#include <numeric>
#include <span>

#include "engine/faults/binomial_table.h"
#include "engine/faults/mask_source.h"
#include "engine/faults/parts.h"
#include "kernels/cpu/mask.h"

namespace netsurf {
namespace {

/// Counts held at a time: 8 MB.
constexpr uint64_t kMaxCounts = 1 << 22;
/// Blocks and flips that are worth waking a thread for.
constexpr uint64_t kWorkPerThread = 1 << 16;

/// The counts of one size of block.
struct Table {
  std::vector<uint64_t> thresholds;
  std::array<uint16_t, cpu::kGuideSize> guide{};

  void build(uint32_t size, uint64_t p_fixed) {
    thresholds = binomial_thresholds(size, p_fixed);
    cpu::make_guide(thresholds, guide);
  }
  cpu::CountTable view() const { return {thresholds, guide}; }
};

class IndependentSource : public MaskSource {
 public:
  IndependentSource(const BitSpace& space, const FaultSpec& faults)
      : key_(stream_key(space, faults)), space_{space.size()}, rate_(faults.bit_error_rate) {
    uint64_t p_fixed = rate_.is_zero() || rate_.is_one() ? 0 : rate_.times_two_to_64();
    draws_ = p_fixed != 0 && space_.num_bits > 0;
    if (!draws_) return;
    if (space_.num_bits >= core::kBlockBits) full_block_.build(core::kBlockBits, p_fixed);
    if (uint32_t size = space_.num_bits % core::kBlockBits; size != 0) last_block_.build(size, p_fixed);
  }

  void draw(uint64_t begin, uint64_t end, int num_threads, FaultBatch& batch) override {
    batch.offset.assign(1, 0);
    if (!draws_) return draw_all_or_none(end - begin, batch);
    uint64_t most = std::max<uint64_t>(1, kMaxCounts / space_.num_blocks());
    for (uint64_t count = 0; begin < end; begin += count) {
      count = std::min(most, end - begin);
      draw_some(begin, count, num_threads, batch);
    }
  }

  double expected_flips(uint64_t num_unprotected) const override {
    return rate_.value() * static_cast<double>(num_unprotected);
  }

 private:
  /// Appends `count` trials. Counts first: they say where each trial's flips go, so that trials are written
  /// to their places side by side.
  void draw_some(uint64_t begin, uint64_t count, int num_threads, FaultBatch& batch) const {
    const uint64_t num_blocks = space_.num_blocks(), first = batch.offset.size() - 1;
    std::vector<uint16_t> counts(count * num_blocks);
    batch.offset.resize(first + 1 + count);
    uint64_t* ends = batch.offset.data() + first + 1;
    uint64_t work = static_cast<uint64_t>(expected_flips(space_.num_bits)) + num_blocks;
    int parts = num_parts(count, std::max<uint64_t>(1, kWorkPerThread / work), num_threads);
    for_each_part(count, parts, [&](int, uint64_t from, uint64_t to) {
      cpu::draw_counts(key_, space_, full_block_.view(), last_block_.view(), begin + from, to - from,
                       counts.data() + from * num_blocks);
      for (uint64_t i = from; i < to; ++i) {
        const uint16_t* trial = counts.data() + i * num_blocks;
        ends[i] = std::accumulate(trial, trial + num_blocks, uint64_t{0});
      }
    });
    for (uint64_t i = 0; i < count; ++i) ends[i] += ends[static_cast<int64_t>(i) - 1];
    batch.bits.resize(ends[count - 1]);
    for_each_part(count, parts, [&](int, uint64_t from, uint64_t to) {
      uint64_t start = batch.offset[first + from];
      cpu::draw_flips(key_, space_, begin + from, to - from, counts.data() + from * num_blocks,
                      std::span(batch.bits).subspan(start, batch.offset[first + to] - start));
    });
  }

  /// Rates 0 and 1, and those too small for 64 bits, draw nothing.
  void draw_all_or_none(uint64_t count, FaultBatch& batch) const {
    uint64_t flips = rate_.is_one() ? space_.num_bits : 0;
    batch.bits.resize(count * flips);
    for (uint64_t trial = 0; trial < count; ++trial) {
      auto start = batch.bits.begin() + static_cast<std::ptrdiff_t>(trial * flips);
      std::iota(start, start + static_cast<std::ptrdiff_t>(flips), BitId{0});
      batch.offset.push_back((trial + 1) * flips);
    }
  }

  uint64_t key_;
  cpu::BlockedBits space_;
  UnitDecimal rate_;
  bool draws_ = false;
  Table full_block_, last_block_;
};

}  // namespace

std::unique_ptr<MaskSource> make_independent_source(const BitSpace& space, const FaultSpec& faults) {
  return std::make_unique<IndependentSource>(space, faults);
}

}  // namespace netsurf
