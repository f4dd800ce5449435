#include "tests/kernels/cpu/packed_case.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <numeric>

namespace netsurf::cpu {
namespace {

constexpr size_t kLine = 64;

}  // namespace

Lines::Lines(size_t size, testing::Random& random)
    : size_((size + kLine - 1) / kLine * kLine),
      memory_(static_cast<uint8_t*>(std::aligned_alloc(kLine, size_))) {
  for (size_t i = 0; i < size_; ++i) bytes()[i] = static_cast<uint8_t>(random.bits());
}

Lines::Lines(const Lines& other)
    : size_(other.size_), memory_(static_cast<uint8_t*>(std::aligned_alloc(kLine, size_))) {
  std::memcpy(bytes(), other.bytes(), size_);
}

Lines& Lines::operator=(const Lines& other) {
  if (this != &other) std::memcpy(bytes(), other.bytes(), size_);
  return *this;
}

bool Lines::operator==(const Lines& other) const {
  return size_ == other.size_ && std::memcmp(bytes(), other.bytes(), size_) == 0;
}

void Lines::Free::operator()(uint8_t* memory) const { std::free(memory); }

void PackedCase::draw_layer() {
  is_plain_ = random_.chance(25);
  finish_.pool = random_.of<int>({1, 1, 2, 4, 9});
  int num_pixels = random_.pick(1, std::max(1, (random_.chance(20) ? 40 : 9) / finish_.pool)) * finish_.pool;
  layer_.width = !is_plain_ && random_.chance(30) ? Width::halves : Width::bytes;
  layer_.chunk_words = random_.pick(1, kMatrixWords);
  layer_.num_outputs = random_.chance(10) ? random_.pick(60, 70) : random_.pick(1, 21);
  layer_.product_shift = is_plain_ || random_.chance(70) ? 0 : random_.pick(1, 12);
  // The middle rows are where the 16-bit sums of one, two and four words still fit.
  auto bounds = random_.of<std::vector<int>>(
      {{128, 255}, {127, 128}, {64, 255}, {32, 255}, {16, 255}, {4, 255}, {128, 31}, {1, 1}});
  layer_.max_operand = layer_.width == Width::halves ? 1 << 15 : bounds[0];
  layer_.max_code = layer_.width == Width::halves ? 1 << 15 : bounds[1];
  int num_runs = random_.pick(1, 9), longest = random_.chance(20) ? 40 : 12;
  x_words_ = random_.pick(longest, 80);
  for (int r = 0; r < num_runs; ++r) {
    int length = random_.pick(1, longest);
    int padded = (length + layer_.chunk_words - 1) / layer_.chunk_words * layer_.chunk_words;
    runs_.push_back({random_.pick(0, x_words_ - length), layer_.row_words, length});
    layer_.row_words += padded;
  }
  int reach = 0;
  for (const Run& run : runs_) reach = std::max(reach, run.x + run.length);
  for (int p = 0; p < num_pixels; ++p) pixels_.push_back(random_.pick(0, x_words_ - reach));
  layer_.pixels = pixels_;
  layer_.runs = runs_;
}

/// A word of codes or operands, with many extreme ones.
int32_t PackedCase::draw_word(int32_t largest, bool is_signed) {
  uint32_t word = 0;
  int count = codes_per_word(layer_.width), bits = 32 / count;
  int32_t top =
      is_signed || layer_.width == Width::halves ? std::min(largest, (1 << (bits - 1)) - 1) : largest;
  int32_t bottom = is_signed || layer_.width == Width::halves ? -largest : 0;
  int extreme = random_.pick(0, 2);
  for (int i = 0; i < count; ++i) {
    int64_t value = random_.between(bottom, top);
    if (extreme == 1) value = random_.chance(50) ? top : bottom;
    if (extreme == 2) value = random_.chance(90) ? top : bottom;
    word |= (static_cast<uint32_t>(value) & ((1u << bits) - 1)) << (bits * i);
  }
  return static_cast<int32_t>(word);
}

void PackedCase::draw_kernel() {
  int num_rows = (layer_.num_outputs + kQuad - 1) / kQuad * kQuad;
  size_t row_bytes = static_cast<size_t>(layer_.row_words) * 4;
  weights_.assign(static_cast<size_t>(num_rows) * row_bytes, 0);
  bool lowest = random_.chance(10);
  for (int o = 0; o < num_rows; ++o) {
    start_.push_back(static_cast<int32_t>(random_.bits() >> random_.pick(32, 55)));
    if (o >= layer_.num_outputs) continue;
    for (const Run& run : runs_) {
      for (int i = 0; i < run.length; ++i) {
        int32_t word = draw_word(layer_.max_operand, true);
        if (lowest && layer_.max_operand == 128) word = static_cast<int32_t>(0x80808080u);
        std::memcpy(
            weights_.data() + static_cast<size_t>(o) * row_bytes + static_cast<size_t>(run.kernel + i) * 4,
            &word, sizeof word);
      }
    }
  }
}

void PackedCase::draw_finish() {
  finish_.width = !is_plain_ && random_.chance(30) ? Width::halves : Width::bytes;
  int codes = finish_.width == Width::bytes ? 256 : 65536;
  int kind = is_plain_ ? 0 : random_.pick(0, 2);
  if (kind == 0) {  // everything that fits
    finish_.in_low = INT32_MIN;
    finish_.in_high = INT32_MAX;
    finish_.right_shift = is_plain_ ? random_.pick(2, 14) : random_.pick(0, 30);
  } else if (kind == 1) {
    finish_.in_low = random_.pick(-(1 << 29), 0);
    finish_.in_high = random_.pick(0, 1 << 29);
    finish_.offset = random_.pick(-(1 << 29), 1 << 29) >> random_.pick(0, 29);
    finish_.right_shift = random_.pick(0, 24);
  } else {
    finish_.in_low = random_.pick(-(1 << 14), 0);
    finish_.in_high = random_.pick(0, 1 << 14);
    finish_.offset = random_.pick(-99, 99);
    finish_.left_shift = random_.pick(1, 16);
  }
  finish_.stored_offset = random_.of<int>({0, -(codes / 2), 100, -3});
  if (finish_.width == Width::halves) finish_.stored_offset = random_.of<int>({0, 1 << 15});
  int base = finish_.stored_offset + (finish_.width == Width::bytes ? 0 : INT16_MIN);
  finish_.low = base + random_.pick(0, codes / 4);
  finish_.high = base + random_.pick(codes / 2, codes - 1);
  draw_scalings();
  if (is_plain_ || random_.chance(80)) layer_.finish = &finish_;
}

void PackedCase::draw_scalings() {
  finish_.is_scaled = !is_plain_ && random_.chance(50);
  turns_ = random_.chance(60);
  finish_.has_step = finish_.is_scaled && random_.chance(50);
  if (finish_.has_step) {
    finish_.step = {random_.pick(-300, 300), random_.pick(0, 6), finish_.low, finish_.high};
    finish_.low = random_.pick(-(1 << 15), 0);
    finish_.high = random_.pick(0, (1 << 16) - 1);
  }
  int num_quads = (layer_.num_outputs + kQuad - 1) / kQuad, scale_bits = random_.pick(1, 17);
  int right_shift = random_.pick(scale_bits + 1, scale_bits + 28);
  auto draw = [&](std::vector<AffineChannel>& affine, std::vector<Scaling>& scalings) {
    scalings.resize(static_cast<size_t>(num_quads));
    for (int channel = 0; channel < num_quads * kQuad; ++channel) {
      // What is made of a sum lies within 51 bits, and within 31 of codes.
      const int64_t most = int64_t{1} << std::min(49, 29 + right_shift);
      AffineChannel of{random_.pick(-(1 << scale_bits), 1 << scale_bits),
                       random_.between(-most, most) >> random_.pick(0, 49), right_shift};
      if (random_.chance(20)) of.shift = of.shift >> right_shift << right_shift;
      if (random_.chance(10)) of.scale = 0;
      affine.push_back(of);
      Scaling& scaling = scalings[static_cast<size_t>(channel / kQuad)];
      scaling.factor[channel % kQuad] = std::ldexp(static_cast<double>(of.scale), -right_shift);
      scaling.offset[channel % kQuad] = std::ldexp(static_cast<double>(of.shift), -right_shift);
      scaling.turn[channel % kQuad] = turns_ && of.scale < 0 ? ~uint32_t{0} : 0;
    }
  };
  draw(affine_, scalings_);
  draw(moved_affine_, moved_scalings_);
}

void PackedCase::draw_out_words() {
  // Output pixels in any order, a gap after some of them.
  int per_word = codes_per_word(finish_.width), words = (layer_.num_outputs + per_word - 1) / per_word;
  size_t num_out = pixels_.size() / static_cast<size_t>(finish_.pool);
  std::vector<size_t> order(num_out);
  std::iota(order.begin(), order.end(), size_t{0});
  for (size_t i = num_out; i > 1; --i)
    std::swap(order[i - 1], order[static_cast<size_t>(random_.between(0, static_cast<int64_t>(i) - 1))]);
  out_words_.resize(num_out);
  for (size_t place : order) {
    packed_words_ += random_.pick(0, 1);
    out_words_[place] = packed_words_;
    packed_words_ += words;
  }
  finish_.out_words = out_words_;
}

void PackedCase::draw_tiles() {
  size_t sums = pixels_.size() * static_cast<size_t>(layer_.num_outputs) * kTile * sizeof(int32_t);
  size_t packed = static_cast<size_t>(packed_words_) * kWordBytes;
  for (int t = random_.pick(1, 3); t > 0; --t) {
    Tile tile{.x = Lines(static_cast<size_t>(x_words_ + kSlackWords) * kWordBytes, random_),
              .clean_x = Lines(static_cast<size_t>(x_words_ + kSlackWords) * kWordBytes, random_),
              .sums = Lines(sums, random_),
              .packed = Lines(packed, random_),
              .clean_sums = Lines(sums, random_),
              .clean_packed = Lines(packed, random_)};
    for (int64_t i = 0; i < int64_t{x_words_} * kTile; ++i)
      tile.x.ints()[i] = draw_word(layer_.max_code, false);
    tile.with_packed = is_plain_ || (layer_.finish != nullptr && random_.chance(80));
    tile.with_sums = !is_plain_ && (!tile.with_packed || random_.chance(50));
    tile.with_clean = random_.chance(80);
    before_sums_.push_back(std::move(tile));
  }
}

void PackedCase::draw_quads() {
  size_t quad_bytes = static_cast<size_t>(layer_.row_words) * 4 * kQuad;
  int num_quads = (layer_.num_outputs + kQuad - 1) / kQuad, keep = random_.of<int>({100, 100, 60, 20});
  for (int q = 0; q < num_quads; ++q) {
    if (random_.chance(keep))
      quads_.push_back({q, weights_.data() + static_cast<size_t>(q) * quad_bytes, start_.data() + q * kQuad,
                        &scalings_[static_cast<size_t>(q)]});
  }
  if (random_.chance(70) || quads_.empty()) return;
  std::swap(quads_.front(), quads_.back());
  QuadJob& moved = quads_[quads_.size() / 2];
  moved_weights_.assign(moved.weights, moved.weights + quad_bytes);
  moved.weights = moved_weights_.data();
  moved.scaling = &moved_scalings_[static_cast<size_t>(moved.quad)];
  moved_quad_ = moved.quad;
}

std::vector<Correction> PackedCase::draw_corrections() {
  int reach = 0;
  for (const Run& run : runs_) reach = std::max(reach, run.x + run.length);
  std::vector<Correction> list;
  int32_t largest = layer_.width == Width::bytes ? random_.of<int>({127, 64, 3}) : 1 << 15;
  for (int i = random_.pick(0, random_.chance(15) ? 99 : 9); i > 0; --i)
    list.push_back({random_.pick(0, reach - 1), draw_word(largest, true)});
  return list;
}

void PackedCase::draw_channels() {
  int keep = random_.of<int>({100, 30});
  corrections_.reserve(static_cast<size_t>(layer_.num_outputs));
  for (int channel = 0; channel < layer_.num_outputs; ++channel) {
    if (!random_.chance(keep)) continue;
    const std::vector<Correction>& list = corrections_.emplace_back(draw_corrections());
    channels_.push_back({channel, static_cast<int32_t>(random_.bits()) >> random_.pick(0, 31), list.data(),
                         &moved_scalings_[static_cast<size_t>(channel / kQuad)],
                         static_cast<int32_t>(list.size()), parts_that_fit(list, layer_.max_code)});
  }
}

void PackedCase::draw_own() {
  updated_quads_ = quads_;
  int keep = random_.of<int>({0, 30, 100});
  own_corrections_.reserve(quads_.size() * kQuad);
  for (QuadJob& job : updated_quads_) {
    std::vector<ChannelJob>& own = own_.emplace_back();
    for (int channel = kQuad * job.quad; channel < std::min(kQuad * (job.quad + 1), layer_.num_outputs);
         ++channel) {
      if (!random_.chance(keep)) continue;
      const std::vector<Correction>& list = own_corrections_.emplace_back(draw_corrections());
      own.push_back({.channel = channel,
                     .start_change = static_cast<int32_t>(random_.bits()) >> random_.pick(0, 31),
                     .corrections = list.data(),
                     .num_corrections = static_cast<int32_t>(list.size())});
    }
    job.own = own.data();
    job.num_own = static_cast<int32_t>(own.size());
  }
}

void PackedCase::draw_update() {
  before_update_ = before_sums_;
  // Parts of runs that may differ; a word of the tensor then may where every pixel meets it in one of them.
  int keep = random_.of<int>({0, 50, 90, 100});
  std::vector<char> may_differ(static_cast<size_t>(x_words_), 1);
  for (const Run& run : runs_) {
    int first = random_.pick(0, run.length - 1), length = random_.pick(1, run.length - first);
    if (keep == 100) first = 0, length = run.length;
    bool kept = random_.chance(keep);
    if (kept) differing_.push_back({run.x + first, run.kernel + first, length});
    for (int32_t pixel : pixels_) {
      for (int i = 0; i < run.length; ++i) {
        if (!kept || i < first || i >= first + length) may_differ[static_cast<size_t>(pixel + run.x + i)] = 0;
      }
    }
  }
  // Mostly few samples differ, and those in one channel of a word.
  const uint32_t places = layer_.width == Width::bytes
                              ? random_.of<uint32_t>({~0u, ~0u, 0xFFu, 0xFFu << 8, 0xFFu << 16, 0xFFu << 24})
                              : random_.of<uint32_t>({~0u, 0xFFFFu, 0xFFFFu << 16});
  const int percent = random_.of<int>({70, 70, 2});
  for (Tile& tile : before_update_) {
    Tile clean = tile;
    for (int64_t i = 0; i < int64_t{x_words_} * kTile; ++i) {
      if (may_differ[static_cast<size_t>(i / kTile)] == 0 || !random_.chance(percent)) continue;
      const auto word = static_cast<uint32_t>(clean.x.ints()[i]),
                 other = static_cast<uint32_t>(draw_word(layer_.max_code, false));
      clean.x.ints()[i] = static_cast<int32_t>((word & ~places) | (other & places));
    }
    tile.clean_x = clean.x;
    clean.with_sums = true;
    clean.with_packed = false;
    sum(clean);
    tile.clean_sums = clean.sums;
    // The weights hold the quads' own faults, which clean sums do not.
    for (const std::vector<ChannelJob>& own : own_) {
      for (const ChannelJob& job : own) {
        for (size_t p = 0; p < pixels_.size(); ++p) {
          for (int s = 0; s < kTile; ++s) {
            int32_t& sum = tile.clean_sums.ints()[sum_at(p, job.channel, s)];
            sum = static_cast<int32_t>(static_cast<uint32_t>(sum) -
                                       correction_at(job, tile.clean_x, pixels_[p], s));
          }
        }
      }
    }
  }
}

}  // namespace netsurf::cpu
