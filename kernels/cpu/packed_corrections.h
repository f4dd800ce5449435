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
template <int kLanes, CodeWay kWay>
NETSURF_INLINE void finish_channel(const TileWords<kLanes>& sums, const Coder<kLanes>& coder, int bits,
                                   uint32_t mask, uint8_t* packed, const uint8_t* clean,
                                   typename Vector<kLanes>::Words& difference) {
  using Words = typename Vector<kLanes>::Words;
  NETSURF_UNROLL
  for (int v = 0; v < kTile / kLanes; ++v) {
    const int at = 4 * kLanes * v;
    Words code = ((coder.template code<kWay>(sums[v]) - coder.excess()) << bits) & mask;
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
  // Shifts instead of divisions: a channel with one correction takes as long as a few of those.
  const bool bytes = finish != nullptr && finish->width == Width::bytes;
  const int bits = bytes ? 8 * (job.channel & 3) : 16 * (job.channel & 1);
  const int channel_word = job.channel >> (bytes ? 2 : 1);
  const uint32_t mask = (bytes ? 0xFFu : 0xFFFFu) << bits;
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
    if (finish != nullptr && pool > 1) {
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v)
        sums[v] = largest[v] =
            place.in_pool == 0 ? sums[v] : (typename Dot::Words)larger((Ints)largest[v], (Ints)sums[v]);
    }
    if (finish != nullptr && place.in_pool + 1 == pool) {
      const int64_t word = (layer.out_words[place.out_pixel] + channel_word) * int64_t{kWordBytes};
      const uint8_t* clean = tile.clean_packed != nullptr ? tile.clean_packed + word : nullptr;
      uint8_t* packed = tile.packed + word;
      switch (coder.way()) {
        case CodeWay::floats:
          finish_channel<kLanes, CodeWay::floats>(sums, coder, bits, mask, packed, clean, difference);
          break;
        case CodeWay::right_shift:
          finish_channel<kLanes, CodeWay::right_shift>(sums, coder, bits, mask, packed, clean, difference);
          break;
        case CodeWay::left_shift:
          finish_channel<kLanes, CodeWay::left_shift>(sums, coder, bits, mask, packed, clean, difference);
          break;
      }
    }
    place.advance(pool);
  }
}

template <typename Unit>
void correct_with_unit(const LevelLayer& layer, const LevelChannel* jobs, int num_jobs, TileJob* tiles,
                       int num_tiles) {
  const Coder<Unit::kLanes> coder(layer.finish);
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
