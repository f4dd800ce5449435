// What becomes of a quad's sums: stored, pooled, and finished to the words of the next layer.
#pragma once

#include "kernels/cpu/packed_coder.h"

namespace netsurf::cpu {
namespace {

/// The sums of one quad at one pixel, or the largest of a pool so far (turned around where Scaling says).
using QuadSums = uint32_t[kQuad][kTile];

/// The same for kVectors vectors of samples, in registers.
template <int kLanes, int kVectors>
using QuadVectors = typename Vector<kLanes>::Words[kQuad][kVectors];

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

/// Finishes a quad: one word of bytes, or two of halves; the second is left alone where no channel is in it,
/// since it could be another pixel's. Difference: what was written against the clean words.
template <int kLanes, int kVectors, CodeWay kWay>
NETSURF_INLINE void finish_quad(const QuadVectors<kLanes, kVectors>& sums, const Coder<kLanes>& coder,
                                const Scaling* scaling, Width width, bool has_second, uint8_t* packed,
                                const uint8_t* clean, typename Vector<kLanes>::Words& difference) {
  using Words = typename Vector<kLanes>::Words;
  const uint32_t excess = coder.excess();
  Words differs = {};
  if (width == Width::bytes) {
    NETSURF_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      // Every code is one of eight bits, but its excess reaches beyond them: taken off all four at once.
      Words word = coder.template code<kWay>(sums[0][v], scaling, 0) - excess * 0x01010101u;
      NETSURF_UNROLL
      for (int c = 1; c < kQuad; ++c) word += coder.template code<kWay>(sums[c][v], scaling, c) << (8 * c);
      store(packed + 4 * v * kLanes, word);
      if (clean != nullptr) differs |= word ^ load<Words>(clean + 4 * v * kLanes);
    }
  } else {
    NETSURF_UNROLL
    for (int w = 0; w < 2; ++w) {
      if (w == 1 && !has_second) break;
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        const Words low = coder.template code<kWay>(sums[2 * w][v], scaling, 2 * w) - excess,
                    high = coder.template code<kWay>(sums[2 * w + 1][v], scaling, 2 * w + 1) - excess;
        const Words word = (low & 0xFFFFu) | high << 16;
        const int at = w * kWordBytes + 4 * v * kLanes;
        store(packed + at, word);
        if (clean != nullptr) differs |= word ^ load<Words>(clean + at);
      }
    }
  }
  difference |= differs;
}

/// Whether the jobs are of the common kind, for which the loops have code of their own without the questions
/// that other kinds need: sums as they are to bytes by way of floats, and not stored.
template <int kLanes>
NETSURF_INLINE bool are_plain(const LevelLayer& layer, const TileJob* tiles, int num_tiles,
                              const Coder<kLanes>& coder) {
  bool plain = layer.finish != nullptr && layer.finish->width == Width::bytes && layer.product_shift == 0 &&
               coder.way() == CodeWay::floats;
  for (int t = 0; t < num_tiles; ++t) plain = plain && tiles[t].packed != nullptr && tiles[t].sums == nullptr;
  return plain;
}

/// Whether a pool takes the smallest sum of some channel of the job.
NETSURF_INLINE bool turns_any(const LevelLayer& layer, const QuadJob& job) {
  if (!layer.finish->is_scaled || layer.finish->pool == 1) return false;
  uint32_t turns = 0;
  for (uint32_t turn : job.scaling->turn) turns |= turn;
  return turns != 0;
}

/// Turns around the order of the sums of channels whose smallest is to be found; twice changes nothing.
template <int kLanes, int kVectors>
NETSURF_INLINE void turn_quad(QuadVectors<kLanes, kVectors>& sums, const Scaling& scaling) {
  NETSURF_UNROLL
  for (int c = 0; c < kQuad; ++c) {
    NETSURF_UNROLL
    for (int v = 0; v < kVectors; ++v) sums[c][v] ^= scaling.turn[c];
  }
}

/// Takes the sums of one quad at one pixel of a tile, from sample `s` on, and keeps in `largest` what its
/// pool needs. REQUIRES: are_plain if kPlain.
template <int kLanes, int kVectors, bool kPlain>
NETSURF_INLINE void put_quad(QuadVectors<kLanes, kVectors>& sums, const LevelLayer& layer, const QuadJob& job,
                             const TileJob& tile, const PoolPlace& place, int s, const Coder<kLanes>& coder,
                             QuadSums& largest, typename Vector<kLanes>::Words& difference) {
  using Ints = typename Vector<kLanes>::Ints;
  using Words = typename Vector<kLanes>::Words;
  const int channels = layer.num_outputs - kQuad * job.quad;  // and more in the quads that follow
  if (!kPlain && tile.sums != nullptr) {
    int32_t* to = tile.sums + (int64_t{place.pixel} * layer.num_outputs + kQuad * job.quad) * kTile + s;
    NETSURF_UNROLL
    for (int c = 0; c < kQuad; ++c) {
      if (c >= channels) break;
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v) store(to + c * kTile + v * kLanes, sums[c][v]);
    }
  }
  if (!kPlain && (layer.finish == nullptr || tile.packed == nullptr)) return;
  const bool turns = !kPlain && turns_any(layer, job);
  if (turns) turn_quad<kLanes, kVectors>(sums, *job.scaling);
  if (place.in_pool > 0) {
    NETSURF_UNROLL
    for (int c = 0; c < kQuad; ++c) {
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v)
        sums[c][v] = (Words)larger((Ints)sums[c][v], load<Ints>(&largest[c][s + v * kLanes]));
    }
  }
  if (place.in_pool + 1 < layer.finish->pool) {
    NETSURF_UNROLL
    for (int c = 0; c < kQuad; ++c) {
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v) store(&largest[c][s + v * kLanes], sums[c][v]);
    }
    return;
  }
  if (turns) turn_quad<kLanes, kVectors>(sums, *job.scaling);
  const Width width = kPlain ? Width::bytes : layer.finish->width;
  const int64_t word = layer.out_words[place.out_pixel] + job.quad * (4 / codes_in_word(width));
  uint8_t* packed = tile.packed + word * kWordBytes + 4 * s;
  const uint8_t* clean =
      tile.clean_packed != nullptr ? tile.clean_packed + word * kWordBytes + 4 * s : nullptr;
  const bool has_second = channels > 2;
  const Coder<kLanes>& late = loaded_late(coder);
  switch (kPlain ? CodeWay::floats : coder.way()) {
    case CodeWay::floats:
      return finish_quad<kLanes, kVectors, CodeWay::floats>(sums, late, nullptr, width, has_second, packed,
                                                            clean, difference);
    case CodeWay::right_shift:
      return finish_quad<kLanes, kVectors, CodeWay::right_shift>(sums, late, nullptr, width, has_second,
                                                                 packed, clean, difference);
    case CodeWay::left_shift:
      return finish_quad<kLanes, kVectors, CodeWay::left_shift>(sums, late, nullptr, width, has_second,
                                                                packed, clean, difference);
    case CodeWay::scaled:
      return finish_quad<kLanes, kVectors, CodeWay::scaled>(sums, late, job.scaling, width, has_second,
                                                            packed, clean, difference);
  }
}

}  // namespace
}  // namespace netsurf::cpu
