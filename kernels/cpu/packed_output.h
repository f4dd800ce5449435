// What becomes of a quad's sums: stored, pooled, and finished to the words of the next layer.
#pragma once

#include "kernels/cpu/packed_vector.h"

namespace netsurf::cpu {
namespace {

/// The sums of one quad at one pixel, or the largest of a pool so far.
using QuadSums = uint32_t[kQuad][kTile];

/// Where a pixel stands in the pools.
struct PoolPlace {
  int pixel = 0;
  int in_pool = 0;
  int out_pixel = 0;

  NETSURF_INLINE void advance(int pool) {
    ++pixel;
    if (++in_pool == pool) {
      in_pool = 0;
      ++out_pixel;
    }
  }
};

/// Replaces sums by the larger of them and the pool's.
template <int kLanes>
NETSURF_INLINE void pool_quad(QuadSums& sums, const QuadSums& largest) {
  using Ints = typename Vector<kLanes>::Ints;
  for (int c = 0; c < kQuad; ++c) {
    for (int s = 0; s < kTile; s += kLanes)
      store(&sums[c][s], larger(load<Ints>(&sums[c][s]), load<Ints>(&largest[c][s])));
  }
}

/// Finishes a quad: one word of bytes, or two of halves; the second is left alone where no channel is in it,
/// since it could be another pixel's. Difference: what was written against the clean words.
template <int kLanes, bool kIsLeft>
NETSURF_INLINE void finish_quad(const QuadSums& sums, const Coder<kLanes>& coder, Width width,
                                bool has_second, uint8_t* packed, const uint8_t* clean,
                                typename Vector<kLanes>::Words& difference) {
  using Words = typename Vector<kLanes>::Words;
  for (int s = 0; s < kTile; s += kLanes) {
    Words codes[kQuad], words[2];
    NETSURF_UNROLL
    for (int c = 0; c < kQuad; ++c) codes[c] = coder.template code<kIsLeft>(load<Words>(&sums[c][s]));
    if (width == Width::bytes) {
      words[0] = (codes[0] & 0xFFu) | (codes[1] & 0xFFu) << 8 | (codes[2] & 0xFFu) << 16 | codes[3] << 24;
    } else {
      words[0] = (codes[0] & 0xFFFFu) | codes[1] << 16;
      words[1] = (codes[2] & 0xFFFFu) | codes[3] << 16;
      if (has_second) {
        store(packed + kWordBytes + 4 * s, words[1]);
        if (clean != nullptr) difference |= words[1] ^ load<Words>(clean + kWordBytes + 4 * s);
      }
    }
    store(packed + 4 * s, words[0]);
    if (clean != nullptr) difference |= words[0] ^ load<Words>(clean + 4 * s);
  }
}

/// Takes the sums of one quad at one pixel of a tile, and keeps in `largest` what its pool needs.
template <int kLanes>
NETSURF_INLINE void put_quad(QuadSums& sums, const LevelLayer& layer, int quad, const TileJob& tile,
                             const PoolPlace& place, const Coder<kLanes>& coder, QuadSums& largest,
                             typename Vector<kLanes>::Words& difference) {
  const int left = layer.num_outputs - kQuad * quad, channels = left < kQuad ? left : kQuad;
  if (tile.sums != nullptr)
    __builtin_memcpy(tile.sums + (int64_t{place.pixel} * layer.num_outputs + kQuad * quad) * kTile, sums,
                     static_cast<size_t>(channels) * sizeof sums[0]);
  if (layer.finish == nullptr || tile.packed == nullptr) return;
  if (place.in_pool > 0) pool_quad<kLanes>(sums, largest);
  if (place.in_pool + 1 < layer.finish->pool) {
    __builtin_memcpy(largest, sums, sizeof largest);
    return;
  }
  const Width width = layer.finish->width;
  const int64_t word = layer.out_words[place.out_pixel] + quad * (4 / codes_in_word(width));
  uint8_t* packed = tile.packed + word * kWordBytes;
  const uint8_t* clean = tile.clean_packed != nullptr ? tile.clean_packed + word * kWordBytes : nullptr;
  if (coder.is_left()) {
    finish_quad<kLanes, true>(sums, coder, width, channels > 2, packed, clean, difference);
  } else {
    finish_quad<kLanes, false>(sums, coder, width, channels > 2, packed, clean, difference);
  }
}

}  // namespace
}  // namespace netsurf::cpu
