// Updates of clean sums by words of 8-bit codes that differ from clean ones: the differences as int16 pairs,
// times kernel words widened on the way. All quads use the same differences, and a pair of places that
// differs in no sample of the tile costs nothing.
#pragma once

#include "kernels/cpu/packed_dot.h"
#include "kernels/cpu/packed_output.h"
#include "kernels/cpu/packed_own.h"

namespace netsurf::cpu {
namespace {

/// The vectors of one channel's tile.
template <int kLanes>
using ChannelSums = typename Vector<kLanes>::Words[kTile / kLanes];

/// What becomes of the sums. The common kinds have code of their own: `stored` as they are and no more, and
/// `plain` as are_plain says, with a pool or without.
enum class UpdateWay : uint8_t { stored, plain, pooled, any };

NETSURF_INLINE UpdateWay update_way(const LevelLayer& layer, const TileJob* tiles, int num_tiles,
                                    bool are_plain) {
  if (are_plain) return layer.finish->pool == 1 ? UpdateWay::plain : UpdateWay::pooled;
  bool stored = layer.product_shift == 0;
  for (int t = 0; t < num_tiles; ++t)
    stored = stored && tiles[t].sums != nullptr && (layer.finish == nullptr || tiles[t].packed == nullptr);
  return stored ? UpdateWay::stored : UpdateWay::any;
}

/// Bits that some lane has.
template <typename Words>
NETSURF_INLINE uint32_t bits_of(const Words& v) {
  uint64_t parts[sizeof v / 8], all = 0;
  store(parts, v);
  NETSURF_UNROLL
  for (uint64_t part : parts) all |= part;
  return static_cast<uint32_t>(all) | static_cast<uint32_t>(all >> 32);
}

/// Finds what differs at a pixel of a tile; the number of pairs of places that it puts into `scratch`.
template <typename Unit>
NETSURF_INLINE int find_differences(const LevelLayer& layer, const TileJob& tile, int pixel,
                                    const Scratch& scratch) {
  constexpr int kLanes = Unit::kLanes;
  using Words = typename Vector<kLanes>::Words;
  using Halves = typename Vector<kLanes>::Halves;
  int count = 0;
  for (int r = 0; r < layer.num_runs; ++r) {
    const Run& run = layer.runs[r];
    const int64_t first = (int64_t{layer.pixels[pixel]} + run.x) * kWordBytes;
    const uint8_t *x = tile.x + first, *clean = tile.clean_x + first;
    for (int i = 0; i < run.length; ++i, x += kWordBytes, clean += kWordBytes) {
      Words differs = {};
      NETSURF_UNROLL
      for (int b = 0; b < kWordBytes; b += 4 * kLanes) differs |= load<Words>(x + b) ^ load<Words>(clean + b);
      const uint32_t places = bits_of(differs);
      if ((places & 0x00FF00FFu) != 0) {
        NETSURF_UNROLL
        for (int s = 0; s < kTile; s += kLanes)
          store(&scratch.differences[count][s],
                (load<Halves>(x + 4 * s) & 0xFF) - (load<Halves>(clean + 4 * s) & 0xFF));
        scratch.pairs[count++] = {run.kernel + i, 8};
      }
      if ((places & 0xFF00FF00u) != 0) {
        NETSURF_UNROLL
        for (int s = 0; s < kTile; s += kLanes)
          store(&scratch.differences[count][s],
                (load<Halves>(x + 4 * s) >> 8) - (load<Halves>(clean + 4 * s) >> 8));
        scratch.pairs[count++] = {run.kernel + i, 0};
      }
    }
  }
  return count;
}

/// The operands of two places of a kernel row's word, as int16 pairs.
template <int kLanes>
NETSURF_INLINE typename Vector<kLanes>::Words operands_of(const int8_t* row, const PlacePair& pair) {
  using SignedHalves = typename Vector<kLanes>::SignedHalves;
  const auto w = (SignedHalves)broadcast<typename Vector<kLanes>::Words>(row + int64_t{4} * pair.kernel);
  return (typename Vector<kLanes>::Words)((SignedHalves)(w << pair.lift) >> 8);
}

/// Adds what so many pairs of places make of one kernel row.
template <typename Unit>
NETSURF_INLINE void add_pairs(const int8_t* row, const Scratch& scratch, int num_pairs,
                              ChannelSums<Unit::kLanes>& sums) {
  constexpr int kLanes = Unit::kLanes;
  using Words = typename Vector<kLanes>::Words;
  for (int i = 0; i < num_pairs; ++i) {
    const Words operands = operands_of<kLanes>(row, scratch.pairs[i]);
    NETSURF_UNROLL
    for (int v = 0; v < kTile / kLanes; ++v)
      Unit::add_halves(sums[v], load<Words>(&scratch.differences[i][v * kLanes]), operands);
  }
}

/// What a quad's channels have at a pixel.
struct QuadRows {
  int count;              // of real channels
  int64_t stride;         // of kernel rows, in bytes
  const int8_t* row;      // the first one's
  int64_t sums;           // where the first one's are in the tile's
  const int32_t* before;  // [count, kTile], sums to add to: clean ones and what the quad's own faults add
};

/// Clean sums and what the job's own faults make of the clean words.
template <typename Unit>
__attribute__((noinline)) void put_own(const LevelLayer& layer, const QuadJob& job, const TileJob& tile,
                                       int pixel, const QuadRows& rows, QuadSums& before) {
  using Words = typename Vector<Unit::kLanes>::Words;
  constexpr int kLanes = Unit::kLanes, kVectors = kTile / kLanes;
  const uint8_t* x[kVectors];
  for (int v = 0; v < kVectors; ++v)
    x[v] = tile.clean_x + int64_t{layer.pixels[pixel]} * kWordBytes + 4 * kLanes * v;
  Words sums[kQuad][kVectors] = {};
  add_own<WideDot<Unit>>(&job, x, sums);
  const OwnStarts starts(job);
  for (int c = 0; c < rows.count; ++c) {
    for (int v = 0; v < kVectors; ++v)
      store(&before[c][v * kLanes], (sums[c][v] << layer.product_shift) + starts.of[c] +
                                        load<Words>(rows.before + c * kTile + v * kLanes));
  }
}

/// `memory` must live as long.
template <typename Unit>
NETSURF_INLINE QuadRows rows_of(const LevelLayer& layer, const QuadJob& job, const TileJob& tile, int pixel,
                                QuadSums& memory) {
  const int first = kQuad * job.quad, left = layer.num_outputs - first;
  const int64_t sums = (int64_t{pixel} * layer.num_outputs + first) * kTile;
  QuadRows rows = {left < kQuad ? left : kQuad, int64_t{4} * layer.row_words, job.weights, sums,
                   tile.clean_sums + sums};
  if (job.num_own > 0) [[unlikely]] {
    put_own<Unit>(layer, job, tile, pixel, rows, memory);
    rows.before = reinterpret_cast<const int32_t*>(memory);
  }
  return rows;
}

/// One quad at one pixel, if its sums are stored as they are: channel by channel, with all samples of one in
/// registers.
template <typename Unit>
NETSURF_INLINE void store_quad(const QuadRows& rows, int32_t* to, const Scratch& scratch, int num_pairs) {
  constexpr int kLanes = Unit::kLanes, kVectors = kTile / kLanes;
  using Words = typename Vector<kLanes>::Words;
  if (num_pairs == 1) {
    // Mostly: one channel of the layer before has changed. Its differences stay in registers.
    const PlacePair pair = scratch.pairs[0];
    ChannelSums<kLanes> differences;
    NETSURF_UNROLL
    for (int v = 0; v < kVectors; ++v) differences[v] = load<Words>(&scratch.differences[0][v * kLanes]);
    for (int c = 0; c < rows.count; ++c) {
      const Words operands = operands_of<kLanes>(rows.row + c * rows.stride, pair);
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        Words sum = load<Words>(rows.before + c * kTile + v * kLanes);
        Unit::add_halves(sum, differences[v], operands);
        store(to + c * kTile + v * kLanes, sum);
      }
    }
    return;
  }
  for (int c = 0; c < rows.count; ++c) {
    ChannelSums<kLanes> sums;
    NETSURF_UNROLL
    for (int v = 0; v < kVectors; ++v) sums[v] = load<Words>(rows.before + c * kTile + v * kLanes);
    add_pairs<Unit>(rows.row + c * rows.stride, scratch, num_pairs, sums);
    NETSURF_UNROLL
    for (int v = 0; v < kVectors; ++v) store(to + c * kTile + v * kLanes, sums[v]);
  }
}

/// The same for a quad of plain jobs: pooled in `largest`, and to codes behind the last pixel of a pool.
template <typename Unit, bool kPools>
NETSURF_INLINE void finish_plainly(const LevelLayer& layer, const QuadRows& rows, const QuadJob& job,
                                   const TileJob& tile, const PoolPlace& place, const Scratch& scratch,
                                   int num_pairs, const Coder<Unit::kLanes>& coder, QuadSums& largest,
                                   typename Vector<Unit::kLanes>::Words& difference) {
  constexpr int kLanes = Unit::kLanes, kVectors = kTile / kLanes;
  using Words = typename Vector<kLanes>::Words;
  using Ints = typename Vector<kLanes>::Ints;
  ChannelSums<kLanes> codes;
  if (!kPools) {
    NETSURF_UNROLL
    for (int v = 0; v < kVectors; ++v) codes[v] = Words{} - coder.excess() * 0x01010101u;
  }
  NETSURF_UNROLL
  for (int c = 0; c < kQuad; ++c) {
    ChannelSums<kLanes> sums;
    if (c < rows.count) {
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v) sums[v] = load<Words>(rows.before + c * kTile + v * kLanes);
    } else {
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v) sums[v] = Words{} + static_cast<uint32_t>(job.start[c]);
    }
    add_pairs<Unit>(rows.row + c * rows.stride, scratch, num_pairs, sums);
    if (kPools) {
      if (place.in_pool > 0) {
        NETSURF_UNROLL
        for (int v = 0; v < kVectors; ++v)
          sums[v] = (Words)larger((Ints)sums[v], load<Ints>(&largest[c][v * kLanes]));
      }
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v) store(&largest[c][v * kLanes], sums[v]);
    } else {
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v)
        codes[v] += coder.template code<CodeWay::floats>(sums[v], nullptr, c) << (8 * c);
    }
  }
  if (kPools) {
    if (place.in_pool + 1 < layer.finish->pool) return;
    NETSURF_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      codes[v] = Words{} - coder.excess() * 0x01010101u;
      NETSURF_UNROLL
      for (int c = 0; c < kQuad; ++c)
        codes[v] += coder.template code<CodeWay::floats>(load<Words>(&largest[c][v * kLanes]), nullptr, c)
                    << (8 * c);
    }
  }
  const int64_t word = (int64_t{layer.out_words[place.out_pixel]} + job.quad) * kWordBytes;
  if (tile.clean_packed != nullptr) {
    NETSURF_UNROLL
    for (int v = 0; v < kVectors; ++v)
      difference |= codes[v] ^ load<Words>(tile.clean_packed + word + 4 * kLanes * v);
  }
  NETSURF_UNROLL
  for (int v = 0; v < kVectors; ++v) store(tile.packed + word + 4 * kLanes * v, codes[v]);
}

/// The same for jobs of any kind, by the vectors that put_quad takes at a time.
template <typename Unit>
NETSURF_INLINE void put_updated(const LevelLayer& layer, const QuadRows& rows, const QuadJob& job,
                                const TileJob& tile, const PoolPlace& place, const Scratch& scratch,
                                int num_pairs, const Coder<Unit::kLanes>& coder, QuadSums& largest,
                                typename Vector<Unit::kLanes>::Words& difference) {
  constexpr int kLanes = Unit::kLanes, kVectors = Unit::kVectors;
  using Words = typename Vector<kLanes>::Words;
  for (int s = 0; s < kTile; s += kVectors * kLanes) {
    QuadVectors<kLanes, kVectors> sums;
    NETSURF_UNROLL
    for (int c = 0; c < kQuad; ++c) {
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v) sums[c][v] = Words{};
    }
    for (int i = 0; i < num_pairs; ++i) {
      Words differences[kVectors];
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v)
        differences[v] = load<Words>(&scratch.differences[i][s + v * kLanes]);
      NETSURF_UNROLL
      for (int c = 0; c < kQuad; ++c) {
        const Words operands = operands_of<kLanes>(rows.row + c * rows.stride, scratch.pairs[i]);
        NETSURF_UNROLL
        for (int v = 0; v < kVectors; ++v) Unit::add_halves(sums[c][v], differences[v], operands);
      }
    }
    NETSURF_UNROLL
    for (int c = 0; c < kQuad; ++c) {
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        sums[c][v] <<= layer.product_shift;
        if (c < rows.count) {
          sums[c][v] += load<Words>(rows.before + c * kTile + s + v * kLanes);
        } else {
          sums[c][v] += static_cast<uint32_t>(job.start[c]);
        }
      }
    }
    put_quad<kLanes, kVectors, false>(sums, layer, job, tile, place, s, coder, largest, difference);
  }
}

/// A function of its own: inside of others its constants would not stay in registers.
/// REQUIRES: that update_way gives kWay.
template <typename Unit, UpdateWay kWay>
__attribute__((noinline)) void update_tiles(const LevelLayer& layer, const QuadJob* jobs, int num_jobs,
                                            TileJob* tiles, int num_tiles, const Coder<Unit::kLanes>& coder,
                                            const Scratch& scratch) {
  const int pool = layer.finish != nullptr ? layer.finish->pool : 1;
  for (int t = 0; t < num_tiles; ++t) {
    typename Vector<Unit::kLanes>::Words difference = {};
    PoolPlace place;
    while (place.pixel < layer.num_pixels) {
      const int num_pairs = find_differences<Unit>(layer, tiles[t], place.pixel, scratch);
      for (int j = 0; j < num_jobs; ++j) {
        QuadSums memory;
        const QuadRows rows = rows_of<Unit>(layer, jobs[j], tiles[t], place.pixel, memory);
        if constexpr (kWay == UpdateWay::stored) {
          store_quad<Unit>(rows, tiles[t].sums + rows.sums, scratch, num_pairs);
        } else if constexpr (kWay == UpdateWay::any) {
          put_updated<Unit>(layer, rows, jobs[j], tiles[t], place, scratch, num_pairs, coder,
                            scratch.largest[j], difference);
        } else {
          finish_plainly<Unit, kWay == UpdateWay::pooled>(layer, rows, jobs[j], tiles[t], place, scratch,
                                                          num_pairs, coder, scratch.largest[j], difference);
        }
      }
      place.advance(pool);
    }
    note_change(difference, tiles[t]);
  }
}

template <typename Unit>
void update_quads(const LevelLayer& layer, const QuadJob* jobs, int num_jobs, TileJob* tiles, int num_tiles,
                  const Scratch& scratch) {
  const Coder<Unit::kLanes> coder(layer.finish);
  const bool plain = are_plain<Unit::kLanes>(layer, tiles, num_tiles, coder);
  switch (update_way(layer, tiles, num_tiles, plain)) {
    case UpdateWay::stored:
      return update_tiles<Unit, UpdateWay::stored>(layer, jobs, num_jobs, tiles, num_tiles, coder, scratch);
    case UpdateWay::plain:
      return update_tiles<Unit, UpdateWay::plain>(layer, jobs, num_jobs, tiles, num_tiles, coder, scratch);
    case UpdateWay::pooled:
      return update_tiles<Unit, UpdateWay::pooled>(layer, jobs, num_jobs, tiles, num_tiles, coder, scratch);
    case UpdateWay::any:
      return update_tiles<Unit, UpdateWay::any>(layer, jobs, num_jobs, tiles, num_tiles, coder, scratch);
  }
}

}  // namespace
}  // namespace netsurf::cpu
