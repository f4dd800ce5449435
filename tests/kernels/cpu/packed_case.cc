#include <algorithm>
#include <cstring>

#include "kernels/core/fixed.h"
#include "tests/kernels/cpu/packed_case.h"

namespace netsurf::cpu {
namespace {

uint32_t word_at(const uint8_t* words, int64_t word, int sample) {
  uint32_t value;
  std::memcpy(&value, words + word * kWordBytes + 4 * sample, sizeof value);
  return value;
}

uint32_t operands_at(const int8_t* row, int32_t word) {
  uint32_t value;
  std::memcpy(&value, row + int64_t{word} * 4, sizeof value);
  return value;
}

/// Products of one word with one word of operands.
uint32_t dot(uint32_t x, uint32_t w, Width width) {
  int64_t sum = 0;
  for (int i = 0; i < codes_per_word(width); ++i) {
    if (width == Width::bytes) {
      sum += int64_t{static_cast<uint8_t>(x >> (8 * i))} * static_cast<int8_t>(w >> (8 * i));
    } else {
      sum += int64_t{static_cast<int16_t>(x >> (16 * i))} * static_cast<int16_t>(w >> (16 * i));
    }
  }
  return static_cast<uint32_t>(sum);
}

}  // namespace

int32_t stored_code(int32_t sum, const Finish& finish, const AffineChannel& channel) {
  core::Requantizer q;
  if (finish.is_scaled) {
    q.in_low = -(int64_t{1} << 60);
    q.in_high = int64_t{1} << 60;
    q.right_shift = channel.right_shift;
    q.low = finish.low;
    q.high = finish.high;
    int64_t code = core::requantize_plainly<int64_t>(channel.scale * sum + channel.shift, q);
    if (finish.has_step) {
      core::Requantizer step{.in_low = INT32_MIN,
                             .in_high = INT32_MAX,
                             .offset = finish.step.offset,
                             .right_shift = finish.step.shift,
                             .low = finish.step.low,
                             .high = finish.step.high};
      code = core::requantize_plainly<int64_t>(code, step);
    }
    return static_cast<int32_t>(code) - finish.stored_offset;
  }
  q.in_low = finish.in_low;
  q.in_high = finish.in_high;
  q.offset = finish.offset;
  q.right_shift = finish.right_shift;
  q.left_shift = finish.left_shift;
  q.low = finish.low;
  q.high = finish.high;
  return core::requantize_plainly<int32_t>(sum, q) - finish.stored_offset;
}

void PackedCase::put_codes(const std::vector<uint32_t>& sums, const AffineChannel& affine, int channel,
                           int sample, Tile& tile) const {
  int per_word = codes_per_word(finish_.width), bits = 32 / per_word, shift = bits * (channel % per_word);
  uint32_t mask = ((1u << bits) - 1) << shift;
  auto pool = static_cast<size_t>(finish_.pool);
  for (size_t out = 0; out < out_words_.size(); ++out) {
    int32_t largest = INT32_MIN, stored = INT32_MIN;
    for (size_t p = 0; p < pool; ++p) {
      auto sum = static_cast<int32_t>(sums[out * pool + p]);
      largest = std::max(largest, sum);
      stored = std::max(stored, stored_code(sum, finish_, affine));
    }
    if (!turns_) stored = stored_code(largest, finish_, affine);
    uint32_t code = (static_cast<uint32_t>(stored) << shift) & mask;
    int64_t word = out_words_[out] + channel / per_word;
    uint32_t value = (word_at(tile.packed.bytes(), word, sample) & ~mask) | code;
    std::memcpy(tile.packed.bytes() + word * kWordBytes + 4 * sample, &value, sizeof value);
    if (tile.with_clean && (word_at(tile.clean_packed.bytes(), word, sample) & mask) != code)
      tile.changed = true;
  }
}

void PackedCase::sum(Tile& tile) const {
  int per_word = codes_per_word(finish_.width);
  for (const QuadJob& job : quads_) {
    for (int c = 0; c < kQuad; ++c) {
      int channel = kQuad * job.quad + c;
      const int8_t* row = job.weights + int64_t{c} * layer_.row_words * 4;
      // A channel that is not there has its place filled if it shares the word with one that is.
      bool has_word = channel / per_word <= (layer_.num_outputs - 1) / per_word;
      for (int s = 0; s < kTile; ++s) {
        std::vector<uint32_t> sums;
        for (int32_t pixel : pixels_) {
          uint32_t products = 0;
          for (const Run& run : runs_) {
            for (int i = 0; i < run.length; ++i)
              products += dot(word_at(tile.x.bytes(), pixel + run.x + i, s), operands_at(row, run.kernel + i),
                              layer_.width);
          }
          sums.push_back((products << layer_.product_shift) + static_cast<uint32_t>(job.start[c]));
          if (tile.with_sums && channel < layer_.num_outputs)
            tile.sums.ints()[sum_at(sums.size() - 1, channel, s)] = static_cast<int32_t>(sums.back());
        }
        const std::vector<AffineChannel>& affine = job.quad == moved_quad_ ? moved_affine_ : affine_;
        if (tile.with_packed && has_word)
          put_codes(sums, affine[static_cast<size_t>(channel)], channel, s, tile);
      }
    }
  }
}

uint32_t PackedCase::correction_at(const ChannelJob& job, const Lines& x, int32_t pixel, int sample) const {
  uint32_t products = 0;
  for (int i = 0; i < job.num_corrections; ++i)
    products += dot(word_at(x.bytes(), pixel + job.corrections[i].word, sample),
                    static_cast<uint32_t>(job.corrections[i].difference), layer_.width);
  return (products << layer_.product_shift) + static_cast<uint32_t>(job.start_change);
}

void PackedCase::correct(Tile& tile) const {
  for (const ChannelJob& job : channels_) {
    if (!tile.with_packed || !tile.with_clean) continue;
    for (int32_t first : out_words_) {
      int64_t at = (first + job.channel / codes_per_word(finish_.width)) * int64_t{kWordBytes};
      std::memcpy(tile.packed.bytes() + at, tile.clean_packed.bytes() + at, kWordBytes);
    }
  }
  for (const ChannelJob& job : channels_) {
    for (int s = 0; s < kTile; ++s) {
      std::vector<uint32_t> sums;
      for (int32_t pixel : pixels_) {
        int64_t at = sum_at(sums.size(), job.channel, s);
        sums.push_back(static_cast<uint32_t>(tile.clean_sums.ints()[at]) +
                       correction_at(job, tile.x, pixel, s));
        if (tile.with_sums) tile.sums.ints()[at] = static_cast<int32_t>(sums.back());
      }
      if (tile.with_packed)
        put_codes(sums, moved_affine_[static_cast<size_t>(job.channel)], job.channel, s, tile);
    }
  }
}

template <typename Do>
PackedCase::Tiles PackedCase::expect(Tiles& before, Do what) {
  Tiles after;
  for (Tile& tile : before) {
    if (random_.chance(70)) {
      Tile result = tile;
      what(result);
      tile.clean_packed = result.packed;
      if (random_.chance(50))
        tile.clean_packed.bytes()[random_.between(0, static_cast<int64_t>(result.packed.size()) - 1)] ^= 1;
    }
    after.push_back(tile);
    what(after.back());
  }
  return after;
}

PackedCase::PackedCase(uint64_t seed) : seed_(seed), random_(seed) {
  draw_layer();
  draw_kernel();
  draw_finish();
  draw_out_words();
  draw_quads();
  draw_channels();
  draw_tiles();
  before_correct_ = before_sums_;
  draw_own();
  draw_update();
  after_sums_ = expect(before_sums_, [this](Tile& tile) { sum(tile); });
  after_update_ = expect(before_update_, [this](Tile& tile) { sum(tile); });
  after_correct_ = expect(before_correct_, [this](Tile& tile) { correct(tile); });
}

std::vector<TileJob> PackedCase::jobs_of(const Tiles& tiles) {
  std::vector<TileJob> jobs;
  for (const Tile& tile : tiles) {
    jobs.push_back({.x = tile.x.bytes(),
                    .sums = tile.with_sums ? tile.sums.ints() : nullptr,
                    .packed = tile.with_packed ? tile.packed.bytes() : nullptr,
                    .clean_sums = tile.clean_sums.ints(),
                    .clean_x = tile.clean_x.bytes(),
                    .clean_packed = tile.with_clean ? tile.clean_packed.bytes() : nullptr});
  }
  return jobs;
}

std::string PackedCase::compare(const Tiles& got, const std::vector<TileJob>& jobs, const Tiles& want) const {
  std::string wrong;
  for (size_t t = 0; t < got.size(); ++t) {
    if (got[t].sums != want[t].sums) wrong += " sums";
    if (got[t].packed != want[t].packed) wrong += " packed";
    if (jobs[t].changed != want[t].changed) wrong += want[t].changed ? " not-changed" : " changed";
  }
  if (!wrong.empty()) wrong += " of case " + std::to_string(seed_);
  return wrong;
}

std::string PackedCase::run_sums(const PackedKernels& kernels) const {
  Tiles tiles = before_sums_;
  std::vector<TileJob> jobs = jobs_of(tiles);
  kernels.sums(layer_, quads_, jobs);
  return compare(tiles, jobs, after_sums_);
}

std::string PackedCase::run_update(const PackedKernels& kernels) const {
  Tiles tiles = before_update_;
  std::vector<TileJob> jobs = jobs_of(tiles);
  kernels.update(layer_, updated_quads_, differing_, jobs);
  return compare(tiles, jobs, after_update_);
}

std::string PackedCase::run_correct(const PackedKernels& kernels) const {
  Tiles tiles = before_correct_;
  std::vector<TileJob> jobs = jobs_of(tiles);
  kernels.correct(layer_, channels_, jobs);
  return compare(tiles, jobs, after_correct_);
}

}  // namespace netsurf::cpu
