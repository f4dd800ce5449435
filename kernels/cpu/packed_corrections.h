// The loops that correct clean sums, for any Dot of depth 1 (packed_dot.h).
#pragma once

#include "kernels/cpu/packed_dot.h"
#include "kernels/cpu/packed_output.h"

namespace netsurf::cpu {
namespace {

/// The vectors of one channel's tile.
template <int kLanes>
using TileWords = typename Vector<kLanes>::Words[kTile / kLanes];

/// One channel at one pixel: clean sums and what its corrections add.
template <typename Dot>
NETSURF_INLINE void correct_sums(const LevelLayer& layer, const LevelChannel& job, const uint8_t* x,
                                 const int32_t* clean, TileWords<Dot::Unit::kLanes>& sums) {
  using Words = typename Dot::Words;
  constexpr int kLanes = Dot::Unit::kLanes, kColumns = Dot::Unit::kVectors,
                kParts = kTile / kLanes / kColumns;
  Words products[kParts][kColumns] = {};
  for (int i = 0; i < job.num_corrections; ++i) {
    const uint8_t* word = x + int64_t{job.corrections[i].word} * kWordBytes;
    uint32_t memory[2];
    const typename Dot::Rows row = Dot::row_of(job.corrections[i].difference, memory);
    NETSURF_UNROLL
    for (int part = 0; part < kParts; ++part) {
      typename Dot::Operand operands[kColumns];
      NETSURF_UNROLL
      for (int c = 0; c < kColumns; ++c)
        operands[c] = Dot::operand(word + 4 * kLanes * (part * kColumns + c));
      Dot::template add_row<kColumns>(products[part], operands, row, 0, 0);
    }
  }
  NETSURF_UNROLL
  for (int v = 0; v < kTile / kLanes; ++v)
    sums[v] = (products[v / kColumns][v % kColumns] << layer.product_shift) +
              load<Words>(clean + v * kLanes) + static_cast<uint32_t>(job.start_change);
}

/// Puts a channel's codes into the bits of `mask`, `bits` from the lowest, of a word.
template <int kLanes, bool kIsLeft>
NETSURF_INLINE void finish_channel(const TileWords<kLanes>& sums, const Coder<kLanes>& coder, int bits,
                                   uint32_t mask, uint8_t* packed, const uint8_t* clean,
                                   typename Vector<kLanes>::Words& difference) {
  using Words = typename Vector<kLanes>::Words;
  NETSURF_UNROLL
  for (int v = 0; v < kTile / kLanes; ++v) {
    const int at = 4 * kLanes * v;
    Words code = (coder.template code<kIsLeft>(sums[v]) << bits) & mask;
    store(packed + at, (load<Words>(packed + at) & ~mask) | code);
    if (clean != nullptr) difference |= (load<Words>(clean + at) & mask) ^ code;
  }
}

template <typename Dot>
NETSURF_INLINE void correct_channel(const LevelLayer& layer, const LevelChannel& job, const TileJob& tile,
                                    const Coder<Dot::Unit::kLanes>& coder, typename Dot::Words& difference) {
  using Ints = typename Vector<Dot::Unit::kLanes>::Ints;
  constexpr int kLanes = Dot::Unit::kLanes, kVectors = kTile / kLanes;
  const Finish* finish = tile.packed != nullptr ? layer.finish : nullptr;
  const int pool = finish != nullptr ? finish->pool : 1;
  const int per_word = finish != nullptr ? codes_in_word(finish->width) : 1;
  const int bits = 32 / per_word * (job.channel % per_word);
  const uint32_t mask = (per_word == 4 ? 0xFFu : 0xFFFFu) << bits;
  TileWords<kLanes> largest = {};
  PoolPlace place;
  while (place.pixel < layer.num_pixels) {
    TileWords<kLanes> sums;
    const int64_t at = (int64_t{place.pixel} * layer.num_outputs + job.channel) * kTile;
    correct_sums<Dot>(layer, job, tile.x + int64_t{layer.pixels[place.pixel]} * kWordBytes,
                      tile.clean_sums + at, sums);
    if (tile.sums != nullptr) {
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v) store(tile.sums + at + v * kLanes, sums[v]);
    }
    if (finish != nullptr) {
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v)
        largest[v] =
            place.in_pool == 0 ? sums[v] : (typename Dot::Words)larger((Ints)largest[v], (Ints)sums[v]);
      if (place.in_pool + 1 == pool) {
        const int64_t word =
            (layer.out_words[place.out_pixel] + job.channel / per_word) * int64_t{kWordBytes};
        const uint8_t* clean = tile.clean_packed != nullptr ? tile.clean_packed + word : nullptr;
        if (coder.is_left()) {
          finish_channel<kLanes, true>(largest, coder, bits, mask, tile.packed + word, clean, difference);
        } else {
          finish_channel<kLanes, false>(largest, coder, bits, mask, tile.packed + word, clean, difference);
        }
      }
    }
    place.advance(pool);
  }
}

template <typename Unit>
void correct_with_unit(const LevelLayer& layer, const LevelChannel* jobs, int num_jobs, TileJob* tiles,
                       int num_tiles) {
  Coder<Unit::kLanes> coder;
  if (layer.finish != nullptr) coder = Coder<Unit::kLanes>(*layer.finish);
  for (int t = 0; t < num_tiles; ++t) {
    typename Vector<Unit::kLanes>::Words difference = {};
    for (int j = 0; j < num_jobs; ++j) {
      if (layer.width == Width::halves) {
        correct_channel<HalvesDot<Unit>>(layer, jobs[j], tiles[t], coder, difference);
      } else if constexpr (Unit::kBytes == ByteWay::dot) {
        correct_channel<BytesDot<Unit>>(layer, jobs[j], tiles[t], coder, difference);
      } else {
        if constexpr (Unit::kBytes == ByteWay::pairs) {
          if (jobs[j].pairs_fit) {
            correct_channel<PairsDot<Unit, 1>>(layer, jobs[j], tiles[t], coder, difference);
            continue;
          }
        }
        correct_channel<WideDot<Unit>>(layer, jobs[j], tiles[t], coder, difference);
      }
    }
    if (any(difference)) tiles[t].changed = true;
  }
}

}  // namespace
}  // namespace netsurf::cpu
