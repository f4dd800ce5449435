#include "kernels/cpu/mask.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "kernels/cpu/philox.h"
#include "kernels/cpu/tile.h"

namespace netsurf::cpu {
namespace {

using core::kBlockBits;
using core::kBlockWords;

constexpr uint32_t kValuesPerDraw = 8;  // 16-bit values of one Philox block

/// core::count_from_table, which the guide brings within a step or two.
[[gnu::always_inline]] inline uint16_t count_of(const CountTable& table, uint64_t uniform) {
  uint16_t count = table.guide[uniform >> (64 - kGuideBits)];
  while (count < table.thresholds.size() && table.thresholds[count] <= uniform) ++count;
  return count;
}

/// Blocks of trials, numbered one after the other.
struct Place {
  uint64_t trial;
  uint32_t block;

  [[gnu::always_inline]] void advance(uint32_t num_blocks) {
    if (++block == num_blocks) {
      block = 0;
      ++trial;
    }
  }
};

/// The positions marked so far in one block. The words stand elsewhere, so that the rest can live in
/// registers.
struct Marks {
  uint64_t* word;         // [kBlockWords], all zero at first and at last
  uint64_t occupied = 0;  // bit w: word w is not zero
  uint32_t found = 0;

  /// Marks a position, if it is accepted and new.
  [[gnu::always_inline]] void add(uint32_t position, bool accepted) {
    uint64_t old = word[position / 64];
    uint64_t bit = uint64_t{accepted} << (position % 64);
    word[position / 64] = old | bit;
    occupied |= uint64_t{accepted} << (position / 64);
    found += (bit & ~old) != 0;
  }

  /// Marks what was not marked among the first `size` positions, and the other way round.
  [[gnu::always_inline]] void invert(uint32_t size) {
    for (uint32_t w = 0; w * 64 < size; ++w) {
      uint32_t inside = std::min(64u, size - w * 64);
      word[w] = ~word[w] & (~uint64_t{0} >> (64 - inside));
      if (word[w] != 0) {
        occupied |= uint64_t{1} << w;
      } else {
        occupied &= ~(uint64_t{1} << w);
      }
    }
    found = size - found;
  }

  /// Writes base + position for every mark, ascending, and clears the words. The place after them may be
  /// written too: most words hold one mark or two, and writing two always is faster than asking.
  [[gnu::always_inline]] void move_to(uint32_t base, uint32_t* out) {
    for (uint64_t words = occupied; words != 0; words &= words - 1) {
      auto w = static_cast<uint32_t>(std::countr_zero(words));
      uint64_t rest = word[w];
      word[w] = 0;
      const uint32_t first = base + w * 64;
      const int count = std::popcount(rest);
      for (int i = 0; i < 2; ++i, rest &= rest - 1)
        out[i] = first + static_cast<uint32_t>(std::countr_zero(rest));
      for (int i = 2; i < count; ++i, rest &= rest - 1)
        out[i] = first + static_cast<uint32_t>(std::countr_zero(rest));
      out += count;
    }
  }
};

/// 16-bit values into positions of a block, without a division: value mod size, refused from `limit` on.
struct Bounds {
  uint32_t size, limit;
  uint64_t inverse;  // 2^32 / size, rounded up: exact for 16-bit values, as size is at most 2^12

  explicit Bounds(uint32_t block_size)
      : size(block_size),
        limit(65536 - 65536 % block_size),
        inverse(((uint64_t{1} << 32) + block_size - 1) / block_size) {}

  [[gnu::always_inline]] void mark(uint32_t value, Marks& marks) const {
    marks.add(value - static_cast<uint32_t>(value * inverse >> 32) * size, value < limit);
  }
};

struct FullBounds {
  [[gnu::always_inline]] void mark(uint32_t value, Marks& marks) const {
    marks.add(value % kBlockBits, true);
  }
};

/// The i-th 16-bit value of blocks in a row.
[[gnu::always_inline]] inline uint32_t value(const core::PhiloxBlock* random, uint32_t i) {
  static_assert(std::endian::native == std::endian::little);  // low halves stand first
  uint16_t half;
  std::memcpy(&half, reinterpret_cast<const char*>(random) + i * sizeof half, sizeof half);
  return half;
}

/// A block that waits for its random numbers.
struct Pending {
  Place place;
  uint32_t count;
  uint32_t first_draw, num_draws;  // in the window
};

class FlipWriter {
 public:
  FlipWriter(uint64_t key, BlockedBits space, std::span<uint32_t> bits)
      : key_(key), space_(space), last_(space.size(space.num_blocks() - 1)), out_(bits) {}

  [[gnu::always_inline]] void add(Place place, uint32_t count) {
    uint32_t size = space_.size(place.block);
    uint32_t wanted = wanted_of(count, size);
    uint32_t draws = size == kBlockBits ? draws_needed(wanted, kBlockBits) : draws_needed(wanted, size);
    if (num_draws_ + draws > PhiloxDraws::kMax || num_pending_ == PhiloxDraws::kMax) flush();
    pending_[num_pending_++] = {place, count, num_draws_, draws};
    for (uint32_t draw = 0; draw < draws; ++draw) draws_.set_counter(num_draws_++, counter(place, draw));
  }

  [[gnu::always_inline]] void flush() {
    philox_all(key_, num_draws_, draws_);
    for (uint32_t i = 0; i < num_pending_; ++i) {
      const Pending& each = pending_[i];
      uint32_t size = space_.size(each.place.block);
      if (size == kBlockBits) {
        draw(each, size, FullBounds{});
      } else {
        draw(each, size, last_);
      }
    }
    num_pending_ = num_draws_ = 0;
  }

 private:
  static uint32_t wanted_of(uint32_t count, uint32_t size) { return count > size / 2 ? size - count : count; }

  /// Draws that find `wanted` positions of `size` nearly always. One more is repeated with a probability of
  /// at most wanted / size, so wanted^2 / 2 size repeats are expected of few, and of half of all 0.19 size.
  [[gnu::always_inline]] static uint32_t draws_needed(uint32_t wanted, uint32_t size) {
    return (wanted + wanted * wanted * 3 / 4 / size + kValuesPerDraw - 1) / kValuesPerDraw;
  }

  [[gnu::always_inline]] static core::PhiloxBlock counter(Place place, uint32_t draw) {
    return core::counter_of(place.trial, place.block, draw, core::Purpose::flip_position);
  }

  /// Finds one block's positions and writes its bits. The first values cannot find too many, so only the
  /// later ones are counted one by one.
  template <typename AnyBounds>
  [[gnu::always_inline]] void draw(const Pending& each, uint32_t size, const AnyBounds& bounds) {
    const uint32_t wanted = wanted_of(each.count, size);
    const core::PhiloxBlock* random = draws_.random + each.first_draw;
    const uint32_t num_values = each.num_draws * kValuesPerDraw;
    Marks marks{words_};
    uint32_t i = 0;
    for (const uint32_t safe = std::min(wanted, num_values); i < safe; ++i)
      bounds.mark(value(random, i), marks);
    for (; marks.found < wanted && i < num_values; ++i) bounds.mark(value(random, i), marks);
    for (; marks.found < wanted; ++i) {
      core::PhiloxBlock block = core::philox(counter(each.place, i / kValuesPerDraw), key_);
      bounds.mark(value(&block, i % kValuesPerDraw), marks);
    }
    if (wanted != each.count) marks.invert(size);
    write(marks, each.place.block * kBlockBits, each.count);
  }

  [[gnu::always_inline]] void write(Marks& marks, uint32_t base, uint32_t count) {
    if (count < out_.size()) {
      marks.move_to(base, out_.data());
    } else {  // nothing stands after the last block's place
      uint32_t last[kBlockBits + 1];
      marks.move_to(base, last);
      std::copy(last, last + count, out_.data());
    }
    out_ = out_.subspan(count);
  }

  uint64_t key_;
  BlockedBits space_;
  Bounds last_;
  std::span<uint32_t> out_;  // what is still to be written
  uint32_t num_pending_ = 0, num_draws_ = 0;
  uint64_t words_[kBlockWords] = {};
  Pending pending_[PhiloxDraws::kMax];
  PhiloxDraws draws_;
};

}  // namespace

void make_guide(std::span<const uint64_t> thresholds, std::span<uint16_t, kGuideSize> guide) {
  for (uint64_t g = 0; g < kGuideSize; ++g) {
    guide[g] = static_cast<uint16_t>(core::count_from_table(
        thresholds.data(), static_cast<uint32_t>(thresholds.size()), g << (64 - kGuideBits)));
  }
}

NETSURF_CLONES void draw_counts(uint64_t key, BlockedBits space, const CountTable& full,
                                const CountTable& last, uint64_t begin, uint64_t num_trials,
                                uint16_t* counts) {
  const uint32_t num_blocks = space.num_blocks();
  const uint64_t num_counts = num_trials * num_blocks;
  PhiloxDraws draws;
  Place place{begin, 0};
  for (uint64_t first = 0; first < num_counts; first += PhiloxDraws::kMax) {
    auto window = static_cast<uint32_t>(std::min<uint64_t>(PhiloxDraws::kMax, num_counts - first));
    Place each = place;
    for (uint32_t i = 0; i < window; ++i, each.advance(num_blocks))
      draws.set_counter(i, core::counter_of(each.trial, each.block, 0, core::Purpose::flip_count));
    philox_all(key, window, draws);
    for (uint32_t i = 0; i < window; ++i, place.advance(num_blocks)) {
      bool is_full = space.size(place.block) == kBlockBits;
      counts[first + i] = count_of(is_full ? full : last, draws.random[i].pair(0));
    }
  }
}

NETSURF_CLONES void draw_flips(uint64_t key, BlockedBits space, uint64_t begin, uint64_t num_trials,
                               const uint16_t* counts, std::span<uint32_t> bits) {
  if (bits.empty()) return;
  FlipWriter writer(key, space, bits);
  Place place{begin, 0};
  const uint32_t num_blocks = space.num_blocks();
  for (const uint16_t* count = counts; count < counts + num_trials * num_blocks;
       ++count, place.advance(num_blocks)) {
    if (*count > 0) writer.add(place, *count);
  }
  writer.flush();
}

}  // namespace netsurf::cpu
