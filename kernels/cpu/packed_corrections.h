// The loops that correct clean sums, for any Dot of depth 1 (packed_dot.h). Channels that share a word of the
// output are finished together, and one such word is done for all tiles before the next.
#pragma once

#include "kernels/cpu/packed_dot.h"
#include "kernels/cpu/packed_output.h"

namespace netsurf::cpu {
namespace {

// Corrections of the only part, or of each of many, for which 16-bit sums do not pay.
constexpr int kFew = 4, kFewOfMany = 8;

/// The vectors of one channel's tile.
template <int kLanes>
using TileWords = typename Vector<kLanes>::Words[kTile / kLanes];

/// Whether correct_tiles can do without the questions that a dense layer's jobs do not raise: are_plain, one
/// pixel, and clean words for all tiles.
template <int kLanes>
NETSURF_INLINE bool corrects_plainly(const LevelLayer& layer, const TileJob* tiles, int num_tiles,
                                     const Coder<kLanes>& coder) {
  bool plain = layer.num_pixels == 1 && are_plain<kLanes>(layer, tiles, num_tiles, coder);
  for (int t = 0; t < num_tiles; ++t) plain = plain && tiles[t].clean_packed != nullptr;
  return plain;
}

/// What a channel's corrections add at a pixel whose words begin at `x`.
template <typename Dot>
NETSURF_INLINE void add_corrections(const ChannelJob& job, const uint8_t* x,
                                    TileWords<Dot::Unit::kLanes>& sums) {
  constexpr int kLanes = Dot::Unit::kLanes, kVectors = kTile / kLanes;
  for (int i = 0; i < job.num_corrections; ++i) {
    const uint8_t* word = x + int64_t{job.corrections[i].word} * kWordBytes;
    uint32_t memory[2];
    const typename Dot::Rows row = Dot::row_of(job.corrections[i].difference, memory);
    typename Dot::Operand operands[kVectors];
    NETSURF_UNROLL
    for (int v = 0; v < kVectors; ++v) operands[v] = Dot::operand(word + 4 * kLanes * v);
    Dot::template add_row<kVectors>(sums, operands, row, 0, 0);
  }
}

/// The same by way of 16-bit sums over the parts of the job.
template <typename Unit>
NETSURF_INLINE void add_parts(const ChannelJob& job, const uint8_t* x, TileWords<Unit::kLanes>& sums) {
  using Words = typename Vector<Unit::kLanes>::Words;
  using Halves = typename Vector<Unit::kLanes>::Halves;
  constexpr int kLanes = Unit::kLanes, kVectors = kTile / kLanes;
  const Correction *next = job.corrections, *const end = next + job.num_corrections;
  const int length = job.parts == 1 ? job.num_corrections : (job.num_corrections + job.parts - 1) / job.parts;
  asm("" : "+r"(x));  // one address, and not one for every vector
  while (next != end) {
    const Correction* const part_end = end - next > length ? next + length : end;
    Halves pairs[kVectors];
    auto multiply = [&](bool first) __attribute__((always_inline)) {
      const uint8_t* word = x + int64_t{next->word} * kWordBytes;
      const auto difference = Words{} + static_cast<uint32_t>(next->difference);
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        const auto products = (Halves)Unit::pair_sums(load<Words>(word + 4 * kLanes * v), difference);
        pairs[v] = first ? products : pairs[v] + products;
      }
      ++next;
    };
    multiply(true);
    if ((part_end - next) % 2 != 0) multiply(false);
    while (next != part_end) {
      multiply(false);
      multiply(false);
    }
    NETSURF_UNROLL
    for (int v = 0; v < kVectors; ++v)
      Unit::add_halves(sums[v], (Words)pairs[v], (Words)(Halves{} + uint16_t{1}));
  }
}

/// One channel at one pixel: clean sums and what its corrections add; stored if the tile keeps sums.
template <typename Dot, bool kPlain>
NETSURF_INLINE void correct_sums(const LevelLayer& layer, const ChannelJob& job, const TileJob& tile,
                                 int pixel, TileWords<Dot::Unit::kLanes>& sums) {
  using Words = typename Dot::Words;
  constexpr int kLanes = Dot::Unit::kLanes, kVectors = kTile / kLanes;
  const uint8_t* x = tile.x + int64_t{layer.pixels[pixel]} * kWordBytes;
  const int64_t at = (int64_t{pixel} * layer.num_outputs + job.channel) * kTile;
  const auto start = static_cast<uint32_t>(job.start_change);
  const bool starts = kPlain || layer.product_shift == 0;  // with the clean sums, not with 0
  NETSURF_UNROLL
  for (int v = 0; v < kVectors; ++v)
    sums[v] = starts ? load<Words>(tile.clean_sums + at + v * kLanes) + start : Words{};
  bool in_parts = false;
  if constexpr (Dot::kInParts) {
    in_parts = job.num_corrections > kFew && (job.parts == 1 || job.num_corrections > kFewOfMany * job.parts);
    if (in_parts) add_parts<typename Dot::Unit>(job, x, sums);
  }
  if (!in_parts) add_corrections<Dot>(job, x, sums);
  if (!starts) {
    NETSURF_UNROLL
    for (int v = 0; v < kVectors; ++v)
      sums[v] = (sums[v] << layer.product_shift) + load<Words>(tile.clean_sums + at + v * kLanes) + start;
  }
  if (kPlain || tile.sums == nullptr) return;
  NETSURF_UNROLL
  for (int v = 0; v < kVectors; ++v) store(tile.sums + at + v * kLanes, sums[v]);
}

/// The sums of the pool that begins at `pixel` that its code is of: the largest, or the smallest of a channel
/// that is turned around.
template <typename Dot, bool kPlain>
NETSURF_INLINE void correct_pool(const LevelLayer& layer, const ChannelJob& job, const TileJob& tile,
                                 int pixel, int pool, TileWords<Dot::Unit::kLanes>& largest) {
  using Ints = typename Vector<Dot::Unit::kLanes>::Ints;
  constexpr int kVectors = kTile / Dot::Unit::kLanes;
  correct_sums<Dot, kPlain>(layer, job, tile, pixel, largest);
  if (pool == 1) return;
  const uint32_t turn = layer.finish->is_scaled ? job.scaling->turn[job.channel % kQuad] : 0;
  NETSURF_UNROLL
  for (int v = 0; v < kVectors; ++v) largest[v] ^= turn;
  for (int i = 1; i < pool; ++i) {
    TileWords<Dot::Unit::kLanes> sums;
    correct_sums<Dot, kPlain>(layer, job, tile, pixel + i, sums);
    NETSURF_UNROLL
    for (int v = 0; v < kVectors; ++v)
      largest[v] = (typename Dot::Words)larger((Ints)largest[v], (Ints)(sums[v] ^ turn));
  }
  NETSURF_UNROLL
  for (int v = 0; v < kVectors; ++v) largest[v] ^= turn;
}

/// Where the codes of channels that share a word go in it.
struct WordPlaces {
  int count = 0;        // of channels
  int word = 0;         // counted from the output pixel's first
  int bits[kQuad];      // per channel, the lowest bit of its place
  uint32_t keep = ~0u;  // the bits of other channels
  // What the sum of all codes in their places has too much: their excess, less what makes each of them
  // positive, so that it takes nothing from the place above. That is taken out again by an exclusive or.
  uint32_t excess = 0, flip = 0;
};

/// The places of the first job and those after it that share its word.
NETSURF_INLINE WordPlaces places_of(const ChannelJob* jobs, int num_jobs, Width width, uint32_t excess) {
  // Shifts instead of divisions: a channel with one correction takes as long as a few of those.
  const int words = width == Width::bytes ? 2 : 1, size = width == Width::bytes ? 8 : 16;
  const uint32_t place = width == Width::bytes ? 0xFF : 0xFFFF, lift = width == Width::bytes ? 0 : 0x8000;
  WordPlaces places;
  places.word = jobs[0].channel >> words;
  do {
    const int bits = (jobs[places.count].channel & ((1 << words) - 1)) * size;
    places.bits[places.count++] = bits;
    places.keep &= ~(place << bits);
    places.excess += (excess - lift) << bits;
    places.flip |= lift << bits;
  } while (places.count < num_jobs && jobs[places.count].channel >> words == places.word);
  return places;
}

/// Channels that share a word, at all output pixels of a tile.
template <typename Dot, CodeWay kWay, bool kPlain>
NETSURF_INLINE void correct_word(const LevelLayer& layer, const ChannelJob* jobs, const WordPlaces& places,
                                 TileJob& tile, const Coder<Dot::Unit::kLanes>& coder) {
  using Words = typename Dot::Words;
  constexpr int kLanes = Dot::Unit::kLanes, kVectors = kTile / kLanes;
  const int pool = kPlain ? 1 : layer.finish->pool, num_pixels = kPlain ? 1 : layer.num_pixels;
  const bool has_clean = kPlain || tile.clean_packed != nullptr, compares = has_clean && !tile.changed;
  Words difference = {};
  for (int pixel = 0, out = 0; pixel < num_pixels; pixel += pool, ++out) {
    const int64_t at = (layer.out_words[out] + places.word) * int64_t{kWordBytes};
    uint8_t* packed = tile.packed + at;
    const uint8_t* clean = has_clean ? tile.clean_packed + at : packed;
    // All sums first, in memory: the registers are for the corrections, and then for the coder's constants.
    TileWords<kLanes> all_sums[kQuad];
    for (int j = 0; j < places.count; ++j) {
      TileWords<kLanes> sums;
      correct_pool<Dot, kPlain>(layer, jobs[j], tile, pixel, pool, sums);
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v) all_sums[j][v] = sums[v];
    }
    TileWords<kLanes> codes;
    NETSURF_UNROLL
    for (int v = 0; v < kVectors; ++v)
      codes[v] = (load<Words>(clean + 4 * kLanes * v) & places.keep) - places.excess;
    for (int j = 0; j < places.count; ++j) {
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v)
        codes[v] += coder.template code<kWay>(all_sums[j][v], jobs[j].scaling, jobs[j].channel % kQuad)
                    << places.bits[j];
    }
    if constexpr (!kPlain) {
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v) codes[v] ^= places.flip;
    }
    if (compares) {
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v) difference |= codes[v] ^ load<Words>(clean + 4 * kLanes * v);
    }
    NETSURF_UNROLL
    for (int v = 0; v < kVectors; ++v) store(packed + 4 * kLanes * v, codes[v]);
  }
  if (compares) note_change(difference, tile);
}

/// A function of its own: inside of others its constants would not stay in registers.
/// REQUIRES: corrects_plainly if kPlain.
template <typename Dot, CodeWay kWay, bool kPlain>
__attribute__((noinline)) void correct_tiles(const LevelLayer& layer, const ChannelJob* jobs,
                                             const WordPlaces& places, TileJob* tiles, int num_tiles,
                                             const Coder<Dot::Unit::kLanes>& coder) {
  for (int t = 0; t < num_tiles; ++t) {
    if (kPlain || (layer.finish != nullptr && tiles[t].packed != nullptr)) {
      correct_word<Dot, kWay, kPlain>(layer, jobs, places, tiles[t], coder);
      continue;
    }
    for (int j = 0; j < places.count; ++j) {
      for (int pixel = 0; pixel < layer.num_pixels; ++pixel) {
        TileWords<Dot::Unit::kLanes> sums;
        correct_sums<Dot, false>(layer, jobs[j], tiles[t], pixel, sums);
      }
    }
  }
}

template <typename Dot>
NETSURF_INLINE void correct_with_dot(const LevelLayer& layer, const ChannelJob* jobs,
                                     const WordPlaces& places, TileJob* tiles, int num_tiles,
                                     const Coder<Dot::Unit::kLanes>& coder, bool plain) {
  if (plain) return correct_tiles<Dot, CodeWay::floats, true>(layer, jobs, places, tiles, num_tiles, coder);
  switch (coder.way()) {
    case CodeWay::floats:
      return correct_tiles<Dot, CodeWay::floats, false>(layer, jobs, places, tiles, num_tiles, coder);
    case CodeWay::right_shift:
      return correct_tiles<Dot, CodeWay::right_shift, false>(layer, jobs, places, tiles, num_tiles, coder);
    case CodeWay::left_shift:
      return correct_tiles<Dot, CodeWay::left_shift, false>(layer, jobs, places, tiles, num_tiles, coder);
    case CodeWay::scaled:
      return correct_tiles<Dot, CodeWay::scaled, false>(layer, jobs, places, tiles, num_tiles, coder);
  }
}

/// With the Dot that the unit has for these jobs.
template <typename Unit>
NETSURF_INLINE void correct_jobs(const LevelLayer& layer, const ChannelJob* jobs, const WordPlaces& places,
                                 TileJob* tiles, int num_tiles, const Coder<Unit::kLanes>& coder,
                                 bool plain) {
  if (layer.width == Width::halves)
    return correct_with_dot<HalvesDot<Unit>>(layer, jobs, places, tiles, num_tiles, coder, plain);
  if constexpr (Unit::kBytes == ByteWay::dot) {
    correct_with_dot<BytesDot<Unit>>(layer, jobs, places, tiles, num_tiles, coder, plain);
  } else {
    if constexpr (Unit::kBytes == ByteWay::pairs) {
      bool fit = true;
      for (int j = 0; j < places.count; ++j) fit = fit && jobs[j].parts > 0;
      if (fit)
        return correct_with_dot<PairsDot<Unit, 1>>(layer, jobs, places, tiles, num_tiles, coder, plain);
    }
    correct_with_dot<WideDot<Unit>>(layer, jobs, places, tiles, num_tiles, coder, plain);
  }
}

constexpr int kTilesAtOnce =
    8;  // that one word is done for, so that what is asked for stays in the first cache
constexpr int kJobsAhead = 5;  // that are asked for

/// Asks for the words that a dense layer's job will read: no one has met them since another trial.
NETSURF_INLINE void prefetch(const ChannelJob& job, const LevelLayer& layer, const TileJob* tiles,
                             int num_tiles) {
  constexpr int kLine = 64;
  for (int i = 0; i < job.num_corrections; ++i) {
    const int64_t byte = (int64_t{layer.pixels[0]} + job.corrections[i].word) * kWordBytes;
    for (int t = 0; t < num_tiles; ++t) {
      __builtin_prefetch(tiles[t].x + byte);
      __builtin_prefetch(tiles[t].x + byte + kLine);
    }
  }
}

template <typename Unit>
void correct_with_unit(const LevelLayer& layer, const ChannelJob* jobs, int num_jobs, TileJob* tiles,
                       int num_tiles) {
  const Coder<Unit::kLanes> coder(layer.finish);
  const Width width = layer.finish != nullptr ? layer.finish->width : Width::bytes;
  const bool plain = corrects_plainly<Unit::kLanes>(layer, tiles, num_tiles, coder);
  int64_t words = 0;
  for (int j = 0; j < num_jobs; ++j) words += int64_t{jobs[j].num_corrections} * layer.num_pixels;
  // Tile after tile where words of the tensor are met again and again while they are in the first cache.
  const bool is_sparse = words <= 2 * layer.row_words;
  for (int t = 0; t < num_tiles;) {
    const int left = num_tiles - t, limit = is_sparse ? kTilesAtOnce : 1, count = left < limit ? left : limit;
    for (int j = 0, asked = 0; j < num_jobs;) {
      for (; is_sparse && asked < num_jobs && asked < j + kJobsAhead; ++asked)
        prefetch(jobs[asked], layer, tiles + t, count);
      const WordPlaces places = places_of(jobs + j, num_jobs - j, width, coder.excess());
      correct_jobs<Unit>(layer, jobs + j, places, tiles + t, count, coder, plain);
      j += places.count;
    }
    t += count;
  }
}

}  // namespace
}  // namespace netsurf::cpu
