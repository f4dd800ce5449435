// Updates of clean sums by words of 8-bit codes that differ from clean ones: the differences as int16 pairs,
// times kernel words widened on the way. All quads use the same differences, and a pair of places that
// differs in no sample of the tile costs nothing.
#pragma once

#include "kernels/cpu/packed_dot.h"
#include "kernels/cpu/packed_output.h"

namespace netsurf::cpu {
namespace {

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
    for (int i = 0; i < run.length; ++i) {
      const int64_t at = (int64_t{layer.pixels[pixel]} + run.x + i) * kWordBytes;
      for (int odd = 0; odd < 2; ++odd) {
        Words differs = {};
        NETSURF_UNROLL
        for (int s = 0; s < kTile; s += kLanes) {
          const auto x = load<Halves>(tile.x + at + 4 * s), clean = load<Halves>(tile.clean_x + at + 4 * s);
          const auto difference = (Words)(odd != 0 ? (x >> 8) - (clean >> 8) : (x & 0xFF) - (clean & 0xFF));
          store(&scratch.differences[count][s], difference);
          differs |= difference;
        }
        scratch.pairs[count] = {run.kernel + i, odd != 0 ? 0 : 8};
        count += any(differs) ? 1 : 0;
      }
    }
  }
  return count;
}

/// The sums of one quad at one pixel, from sample `s` on, by so many pairs of places.
template <typename Unit>
NETSURF_INLINE void update_sums(const LevelLayer& layer, const QuadJob& job, const TileJob& tile, int pixel,
                                int s, const Scratch& scratch, int num_pairs,
                                QuadVectors<Unit::kLanes, Unit::kVectors>& sums) {
  constexpr int kLanes = Unit::kLanes, kVectors = Unit::kVectors;
  using Words = typename Vector<kLanes>::Words;
  using SignedHalves = typename Vector<kLanes>::SignedHalves;
  NETSURF_UNROLL
  for (int c = 0; c < kQuad; ++c) {
    NETSURF_UNROLL
    for (int v = 0; v < kVectors; ++v) sums[c][v] = Words{};
  }
  const auto* weights = reinterpret_cast<const uint8_t*>(job.weights);
  const int64_t stride = int64_t{4} * layer.row_words;
  for (int i = 0; i < num_pairs; ++i) {
    Words differences[kVectors];
    NETSURF_UNROLL
    for (int v = 0; v < kVectors; ++v) differences[v] = load<Words>(&scratch.differences[i][s + v * kLanes]);
    const uint8_t* row = weights + int64_t{4} * scratch.pairs[i].kernel;
    NETSURF_UNROLL
    for (int c = 0; c < kQuad; ++c) {
      const auto w = (SignedHalves)broadcast<Words>(row + c * stride);
      const auto operands = (Words)((SignedHalves)(w << scratch.pairs[i].lift) >> 8);
      NETSURF_UNROLL
      for (int v = 0; v < kVectors; ++v) Unit::add_halves(sums[c][v], differences[v], operands);
    }
  }
  NETSURF_UNROLL
  for (int c = 0; c < kQuad; ++c) {
    const int channel = kQuad * job.quad + c;
    const int64_t row = (int64_t{pixel} * layer.num_outputs + channel) * kTile + s;
    NETSURF_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      sums[c][v] <<= layer.product_shift;
      if (channel < layer.num_outputs) {
        sums[c][v] += load<Words>(tile.clean_sums + row + v * kLanes);
      } else {
        sums[c][v] += static_cast<uint32_t>(job.start[c]);
      }
    }
  }
}

template <typename Unit>
void update_quads(const LevelLayer& layer, const QuadJob* jobs, int num_jobs, TileJob* tiles, int num_tiles,
                  const Scratch& scratch) {
  constexpr int kLanes = Unit::kLanes, kVectors = Unit::kVectors;
  const Coder<kLanes> coder(layer.finish);
  const int pool = layer.finish != nullptr ? layer.finish->pool : 1;
  for (int t = 0; t < num_tiles; ++t) {
    typename Vector<kLanes>::Words difference = {};
    PoolPlace place;
    while (place.pixel < layer.num_pixels) {
      const int num_pairs = find_differences<Unit>(layer, tiles[t], place.pixel, scratch);
      for (int j = 0; j < num_jobs; ++j) {
        for (int s = 0; s < kTile; s += kVectors * kLanes) {
          QuadVectors<kLanes, kVectors> sums;
          update_sums<Unit>(layer, jobs[j], tiles[t], place.pixel, s, scratch, num_pairs, sums);
          put_quad<kLanes, kVectors, false>(sums, layer, jobs[j], tiles[t], place, s, coder,
                                            scratch.largest[j], difference);
        }
      }
      place.advance(pool);
    }
    if (any(difference)) tiles[t].changed = true;
  }
}

}  // namespace
}  // namespace netsurf::cpu
