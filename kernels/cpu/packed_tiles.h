// Sums on a matrix unit, for any Tiles: sixteen output channels (a band of four quads) by sixteen samples at
// a time, for two bands at one pixel or one band at two. Tiles brings the unit's operations on numbered
// tiles:
//   configure(words): 16 rows of 64 bytes for sums, 16 rows of 4 `words` for kernels, `words` rows of 64 for
//   codes zero<t>(); load<t>(from, stride); load_once<t>: the same for what will not be read again soon
//   multiply<sums, kernels, codes>(): sums[m][n] += kernels[m][k] codes[k][n] over words, int8 by uint8
//   store<t>(to, stride); release(): the unit goes back to its first state
//   kLanes, for what becomes of the sums; others(...): a SumsLoop for what does not fill bands
#pragma once

#include "kernels/cpu/packed_output.h"

namespace netsurf::cpu {
namespace {

constexpr int kBand = 4;  // quads
constexpr int kBandRows = kBand * kQuad;
static_assert(2 * kBand <= kScratchQuads);
constexpr int kMinChunkWords = 4;  // with fewer a tile multiplies less than vectors do in the same time
constexpr int kHalf = kTile / 2;   // samples of a matrix tile

/// The rows of one band, as the unit loads them.
struct BandRows {
  const int8_t* first = nullptr;
  int64_t stride = 0;  // bytes
};

// Numbers of the matrix tiles: sums of (band or position i, half h), kernels of band i, codes of half h.
constexpr int sums_tile(int i, int half) { return 2 * i + half; }
constexpr int kKernelTile = 4, kCodesTile = 6;
constexpr bool is_kernel_tile(int tile) { return tile >= kKernelTile && tile < kCodesTile; }
constexpr bool is_codes_tile(int tile) { return tile >= kCodesTile; }

/// The rows of four jobs in one piece: where they lie if they follow each other, or else copied.
NETSURF_INLINE BandRows band_rows(const LevelLayer& layer, const QuadJob* jobs, uint8_t* copy) {
  const int64_t stride = int64_t{4} * layer.row_words, quad_bytes = kQuad * stride;
  bool together = true;
  for (int q = 1; q < kBand; ++q) together = together && jobs[q].weights == jobs[0].weights + q * quad_bytes;
  if (together) return {jobs[0].weights, stride};
  for (int q = 0; q < kBand; ++q)
    __builtin_memcpy(copy + q * quad_bytes, jobs[q].weights, static_cast<size_t>(quad_bytes));
  return {reinterpret_cast<int8_t*>(copy), stride};
}

/// What the sums of one band begin with, as a matrix tile of sums.
using BandStarts = uint32_t[kBandRows][kHalf];

NETSURF_INLINE void fill_starts(const QuadJob* jobs, BandStarts& starts) {
  for (int row = 0; row < kBandRows; ++row) {
    for (int s = 0; s < kHalf; ++s)
      starts[row][s] = static_cast<uint32_t>(jobs[row / kQuad].start[row % kQuad]);
  }
}

/// Sums (products alone unless kPlain) of kBands bands at kPositions pixels (one of the two is 1) into
/// `sums`, whose index is the one that is not.
template <typename Tiles, int kBands, int kPositions, bool kPlain>
NETSURF_INLINE void multiply_bands(const LevelLayer& layer, const BandRows* rows,
                                   const BandStarts (&starts)[kBands], const uint8_t* x, int pixel, bool once,
                                   QuadSums (&sums)[kBands * kPositions][kBand]) {
  constexpr int kPairs = kBands * kPositions;
  if constexpr (kPlain) {
    constexpr int64_t kStride = sizeof starts[0][0];
    Tiles::template load<sums_tile(0, 0)>(starts[0], kStride);
    Tiles::template load<sums_tile(0, 1)>(starts[0], kStride);
    if constexpr (kPairs > 1) {
      Tiles::template load<sums_tile(1, 0)>(starts[kBands - 1], kStride);
      Tiles::template load<sums_tile(1, 1)>(starts[kBands - 1], kStride);
    }
  } else {
    Tiles::template zero<sums_tile(0, 0)>();
    Tiles::template zero<sums_tile(0, 1)>();
    if constexpr (kPairs > 1) {
      Tiles::template zero<sums_tile(1, 0)>();
      Tiles::template zero<sums_tile(1, 1)>();
    }
  }
  for (int r = 0; r < layer.num_runs; ++r) {
    const Run& run = layer.runs[r];
    for (int i = 0; i < run.length; i += layer.chunk_words) {
      const int64_t kernel_byte = int64_t{4} * (run.kernel + i);
      const uint8_t* at = x + (int64_t{layer.pixels[pixel]} + run.x + i) * kWordBytes;
      Tiles::template load<kKernelTile>(rows[0].first + kernel_byte, rows[0].stride);
      if (once) {
        Tiles::template load_once<kCodesTile>(at, kWordBytes);
        Tiles::template load_once<kCodesTile + 1>(at + 4 * kHalf, kWordBytes);
      } else {
        Tiles::template load<kCodesTile>(at, kWordBytes);
        Tiles::template load<kCodesTile + 1>(at + 4 * kHalf, kWordBytes);
      }
      Tiles::template multiply<sums_tile(0, 0), kKernelTile, kCodesTile>();
      Tiles::template multiply<sums_tile(0, 1), kKernelTile, kCodesTile + 1>();
      if constexpr (kBands > 1) {
        Tiles::template load<kKernelTile + 1>(rows[1].first + kernel_byte, rows[1].stride);
        Tiles::template multiply<sums_tile(1, 0), kKernelTile + 1, kCodesTile>();
        Tiles::template multiply<sums_tile(1, 1), kKernelTile + 1, kCodesTile + 1>();
      } else if constexpr (kPositions > 1) {
        const uint8_t* next = x + (int64_t{layer.pixels[pixel + 1]} + run.x + i) * kWordBytes;
        Tiles::template load<kCodesTile>(next, kWordBytes);
        Tiles::template load<kCodesTile + 1>(next + 4 * kHalf, kWordBytes);
        Tiles::template multiply<sums_tile(1, 0), kKernelTile, kCodesTile>();
        Tiles::template multiply<sums_tile(1, 1), kKernelTile, kCodesTile + 1>();
      }
    }
  }
  Tiles::template store<sums_tile(0, 0)>(sums[0], sizeof sums[0][0][0]);
  Tiles::template store<sums_tile(0, 1)>(&sums[0][0][0][kHalf], sizeof sums[0][0][0]);
  if constexpr (kPairs > 1) {
    Tiles::template store<sums_tile(1, 0)>(sums[1], sizeof sums[0][0][0]);
    Tiles::template store<sums_tile(1, 1)>(&sums[1][0][0][kHalf], sizeof sums[0][0][0]);
  }
}

/// What multiply_bands stored of one quad at one pixel goes where its sums belong.
template <int kLanes, bool kPlain>
NETSURF_INLINE void put_stored(const QuadSums& stored, const LevelLayer& layer, const QuadJob& job,
                               const TileJob& tile, const PoolPlace& place, const Coder<kLanes>& coder,
                               QuadSums& largest, typename Vector<kLanes>::Words& difference) {
  using Words = typename Vector<kLanes>::Words;
  for (int s = 0; s < kTile; s += kLanes) {
    QuadVectors<kLanes, 1> sums;
    NETSURF_UNROLL
    for (int c = 0; c < kQuad; ++c) {
      sums[c][0] = load<Words>(&stored[c][s]);
      if constexpr (!kPlain)
        sums[c][0] = (sums[c][0] << layer.product_shift) + static_cast<uint32_t>(job.start[c]);
    }
    put_quad<kLanes, 1, kPlain>(sums, layer, job, tile, place, s, coder, largest, difference);
  }
}

template <typename Tiles, int kBands, int kPositions, bool kPlain>
NETSURF_INLINE void compute_bands(const LevelLayer& layer, const QuadJob* jobs, const BandRows* rows,
                                  const BandStarts (&starts)[kBands], const TileJob& tile,
                                  const Coder<Tiles::kLanes>& coder, QuadSums* largest, PoolPlace& place,
                                  typename Vector<Tiles::kLanes>::Words& difference) {
  alignas(64) QuadSums sums[kBands * kPositions][kBand];
  // Dense layers read a tile once per pair of bands, and the kernels are what should stay in the first cache.
  multiply_bands<Tiles, kBands, kPositions, kPlain>(layer, rows, starts, tile.x, place.pixel,
                                                    layer.num_pixels == 1, sums);
  for (int p = 0; p < kPositions; ++p) {
    for (int b = 0; b < kBands; ++b) {
      for (int q = 0; q < kBand; ++q) {
        const int j = b * kBand + q;
        put_stored<Tiles::kLanes, kPlain>(sums[b + p][q], layer, jobs[j], tile, place, coder, largest[j],
                                          difference);
      }
    }
    place.advance(layer.finish != nullptr ? layer.finish->pool : 1);
  }
}

/// kBands bands for all tiles. A function of its own, as its constants would not stay in registers beside
/// others'. REQUIRES: are_plain if kPlain.
template <typename Tiles, int kBands, int kPositions, bool kPlain>
__attribute__((noinline)) void sum_bands(const LevelLayer& layer, const QuadJob* jobs, TileJob* tiles,
                                         int num_tiles, const Coder<Tiles::kLanes>& coder,
                                         const Scratch& scratch) {
  BandRows rows[kBands];
  alignas(64) BandStarts starts[kBands];
  for (int b = 0; b < kBands; ++b) {
    const QuadJob* band = jobs + b * kBand;
    rows[b] = band_rows(layer, band, scratch.rows + b * int64_t{4} * kBandRows * layer.row_words);
    if constexpr (kPlain) fill_starts(band, starts[b]);
  }
  for (int t = 0; t < num_tiles; ++t) {
    typename Vector<Tiles::kLanes>::Words difference = {};
    PoolPlace place;
    while (place.pixel + kPositions <= layer.num_pixels)
      compute_bands<Tiles, kBands, kPositions, kPlain>(layer, jobs, rows, starts, tiles[t], coder,
                                                       scratch.largest, place, difference);
    if constexpr (kPositions > 1) {
      while (place.pixel < layer.num_pixels)
        compute_bands<Tiles, kBands, 1, kPlain>(layer, jobs, rows, starts, tiles[t], coder, scratch.largest,
                                                place, difference);
    }
    note_change(difference, tiles[t]);
  }
}

/// Two bands at one pixel as long as there are two, then one at two.
template <typename Tiles, bool kPlain>
NETSURF_INLINE int sum_whole_bands(const LevelLayer& layer, const QuadJob* jobs, int num_jobs, TileJob* tiles,
                                   int num_tiles, const Coder<Tiles::kLanes>& coder, const Scratch& scratch) {
  int j = 0;
  for (; j + 2 * kBand <= num_jobs; j += 2 * kBand)
    sum_bands<Tiles, 2, 1, kPlain>(layer, jobs + j, tiles, num_tiles, coder, scratch);
  for (; j + kBand <= num_jobs; j += kBand)
    sum_bands<Tiles, 1, 2, kPlain>(layer, jobs + j, tiles, num_tiles, coder, scratch);
  return j;
}

template <typename Tiles>
void sum_with_tiles(const LevelLayer& layer, const QuadJob* jobs, int num_jobs, TileJob* tiles, int num_tiles,
                    const Scratch& scratch) {
  int done = 0;
  if (!layer.updates && layer.width == Width::bytes && layer.chunk_words >= kMinChunkWords &&
      num_jobs >= kBand) {
    const Coder<Tiles::kLanes> coder(layer.finish);
    Tiles::configure(layer.chunk_words);
    done = are_plain<Tiles::kLanes>(layer, tiles, num_tiles, coder)
               ? sum_whole_bands<Tiles, true>(layer, jobs, num_jobs, tiles, num_tiles, coder, scratch)
               : sum_whole_bands<Tiles, false>(layer, jobs, num_jobs, tiles, num_tiles, coder, scratch);
    Tiles::release();
  }
  if (done < num_jobs) Tiles::others(layer, jobs + done, num_jobs - done, tiles, num_tiles, scratch);
}

}  // namespace
}  // namespace netsurf::cpu
