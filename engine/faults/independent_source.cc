// bernoulli, independent: every bit of every trial flips with probability BER, independently. Drawn block by
// block, a count and then positions: O(flips + blocks) per trial.
#include <algorithm>
#include <bit>

#include "engine/faults/binomial_table.h"
#include "engine/faults/mask_source.h"
#include "kernels/core/mask.h"

namespace netsurf {
namespace {

class IndependentSource : public MaskSource {
 public:
  IndependentSource(const BitSpace& space, const FaultSpec& faults)
      : key_(stream_key(space, faults)), num_bits_(space.size()), rate_(faults.bit_error_rate) {
    uint64_t p_fixed = rate_.is_zero() || rate_.is_one() ? 0 : rate_.times_two_to_64();
    if (p_fixed == 0) return;
    if (num_bits_ >= core::kBlockBits) full_block_ = binomial_thresholds(core::kBlockBits, p_fixed);
    if (num_bits_ % core::kBlockBits != 0)
      last_block_ = binomial_thresholds(num_bits_ % core::kBlockBits, p_fixed);
  }

  void draw(uint64_t begin, uint64_t end, FaultBatch& batch) override {
    batch.offset.assign(1, 0);
    for (uint64_t trial = begin; trial < end; ++trial) {
      if (rate_.is_one()) {
        for (uint64_t id = 0; id < num_bits_; ++id) batch.bits.push_back(static_cast<BitId>(id));
      } else if (!rate_.is_zero()) {
        draw_trial(trial, batch.bits);
      }
      batch.offset.push_back(batch.bits.size());
    }
  }

  double expected_flips(uint64_t num_unprotected) const override {
    return rate_.value() * static_cast<double>(num_unprotected);
  }

 private:
  void draw_trial(uint64_t trial, std::vector<BitId>& bits) const {
    uint32_t block = 0;
    for (uint64_t begin = 0; begin < num_bits_; begin += core::kBlockBits, ++block) {
      auto size = static_cast<uint32_t>(std::min<uint64_t>(core::kBlockBits, num_bits_ - begin));
      const std::vector<uint64_t>& table = size == core::kBlockBits ? full_block_ : last_block_;
      uint64_t uniform =
          core::philox(core::counter_of(trial, block, 0, core::Purpose::flip_count), key_).pair(0);
      uint32_t count = core::count_from_table(table.data(), static_cast<uint32_t>(table.size()), uniform);
      if (count > 0) draw_block(trial, block, size, count, static_cast<BitId>(begin), bits);
    }
  }

  void draw_block(uint64_t trial, uint32_t block, uint32_t size, uint32_t count, BitId begin,
                  std::vector<BitId>& bits) const {
    uint64_t mask[core::kBlockWords];
    core::draw_positions(key_, trial, block, size, count, mask);
    for (uint32_t w = 0; w < core::kBlockWords; ++w) {
      for (uint64_t rest = mask[w]; rest != 0; rest &= rest - 1) {
        bits.push_back(begin + w * 64 + static_cast<uint32_t>(std::countr_zero(rest)));
      }
    }
  }

  uint64_t key_;
  uint64_t num_bits_;
  UnitDecimal rate_;
  std::vector<uint64_t> full_block_, last_block_;
};

}  // namespace

std::unique_ptr<MaskSource> make_independent_source(const BitSpace& space, const FaultSpec& faults) {
  return std::make_unique<IndependentSource>(space, faults);
}

}  // namespace netsurf
