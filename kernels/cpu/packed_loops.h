// The loops of the packed kernels over quads, tiles, pixels and runs, for any Dot (packed_dot.h). A block is
// what one pass over the runs computes, with all sums in registers: the rows of kQuads quads, by columns,
// which are kVectors vectors of samples at each of kPositions pixels.
#pragma once

#include "kernels/cpu/packed_dot.h"
#include "kernels/cpu/packed_own.h"
#include "kernels/cpu/packed_updates.h"

namespace netsurf::cpu {
namespace {

template <typename Dot, int kRows, int kColumns>
NETSURF_INLINE void add_step(typename Dot::Words (&sums)[kRows][kColumns], const typename Dot::Rows* rows,
                             int64_t kernel_word, const uint8_t* const (&x)[kColumns], int64_t x_byte) {
  typename Dot::Operand operands[kColumns];
  NETSURF_UNROLL
  for (int i = 0; i < kColumns; ++i) operands[i] = Dot::operand(x[i] + x_byte);
  NETSURF_UNROLL
  for (int r = 0; r < kRows; ++r)
    Dot::template add_row<kColumns>(sums[r], operands, rows[r / kQuad], r % kQuad, kernel_word);
}

/// Words [i, run.length) of a run.
template <typename Dot, int kRows, int kColumns>
NETSURF_INLINE void add_run(typename Dot::Words (&sums)[kRows][kColumns], const typename Dot::Rows* rows,
                            const Run& run, const uint8_t* const (&x)[kColumns], int i) {
  for (; i + Dot::kDepth <= run.length; i += Dot::kDepth)
    add_step<Dot>(sums, rows, run.kernel + i, x, int64_t{run.x + i} * kWordBytes);
  if constexpr (Dot::kDepth > 1) add_run<typename Dot::Shorter>(sums, rows, run, x, i);
}

/// All runs of a quad by way of 16-bit sums, widened once.
template <typename Dot, int kColumns>
NETSURF_INLINE void add_narrow(typename Dot::Words (&sums)[kQuad][kColumns], const PlainRows& rows,
                               const LevelLayer& layer, const uint8_t* const (&x)[kColumns]) {
  using Words = typename Dot::Words;
  using Halves = typename Dot::Halves;
  Halves pairs[kQuad][kColumns] = {};
  for (int r = 0; r < layer.num_runs; ++r) {
    const uint8_t* codes = x[0] + int64_t{layer.runs[r].x} * kWordBytes;  // the columns are side by side
    const uint8_t* row = rows.at(0, layer.runs[r].kernel);
    for (const uint8_t* const end = row + int64_t{4} * layer.runs[r].length; row != end; row += 4) {
      Words words[kColumns];
      NETSURF_UNROLL
      for (int i = 0; i < kColumns; ++i) words[i] = load<Words>(codes + (x[i] - x[0]));
      NETSURF_UNROLL
      for (int c = 0; c < kQuad; ++c) {
        const Words operands = broadcast<Words>(row + c * rows.stride);
        NETSURF_UNROLL
        for (int i = 0; i < kColumns; ++i) Dot::Unit::add_pair_sums(pairs[c][i], words[i], operands);
      }
      codes += kWordBytes;
    }
  }
  NETSURF_UNROLL
  for (int c = 0; c < kQuad; ++c) {
    NETSURF_UNROLL
    for (int i = 0; i < kColumns; ++i)
      Dot::Unit::add_halves(sums[c][i], (Words)pairs[c][i], (Words)(Halves{} + uint16_t{1}));
  }
}

/// All runs, from the samples `s` on of kPositions pixels from `pixel` on of a packed tensor.
template <typename Dot, int kRows, int kColumns>
NETSURF_INLINE void add_runs(typename Dot::Words (&sums)[kRows][kColumns], const typename Dot::Rows* rows,
                             const LevelLayer& layer, const uint8_t* x, int pixel, int s) {
  constexpr int kLanes = Dot::Unit::kLanes, kVectors = Dot::Unit::kVectors;
  const uint8_t* at[kColumns];
  NETSURF_UNROLL
  for (int i = 0; i < kColumns; ++i)
    at[i] = x + int64_t{layer.pixels[pixel + i / kVectors]} * kWordBytes + 4 * (s + i % kVectors * kLanes);
  if constexpr (Dot::kNarrow) {
    add_narrow<Dot>(sums, *rows, layer, at);
  } else {
    for (int r = 0; r < layer.num_runs; ++r) add_run<Dot>(sums, rows, layer.runs[r], at, 0);
  }
}

/// The sums of kQuads quads, from sample `s` on, at kPositions pixels from `pixel` on.
template <typename Dot, int kQuads, int kPositions, bool kUpdates, bool kPlain>
NETSURF_INLINE void compute_sums(
    const LevelLayer& layer, const typename Dot::Rows* rows, const QuadJob* jobs, const TileJob& tile,
    int pixel, int s, typename Dot::Words (&sums)[kQuads * kQuad][kPositions * Dot::Unit::kVectors]) {
  using Words = typename Dot::Words;
  constexpr int kLanes = Dot::Unit::kLanes, kVectors = Dot::Unit::kVectors;
  constexpr int kRows = kQuads * kQuad, kColumns = kPositions * kVectors;
  const bool starts = !kUpdates && (kPlain || layer.product_shift == 0);  // with the start, not with 0
  NETSURF_UNROLL
  for (int r = 0; r < kRows; ++r) {
    const int32_t start = starts ? jobs[r / kQuad].start[r % kQuad] : 0;
    NETSURF_UNROLL
    for (int i = 0; i < kColumns; ++i) sums[r][i] = Words{} + static_cast<uint32_t>(start);
  }
  if constexpr (kUpdates) {
    add_runs<Dot>(sums, rows, layer, tile.clean_x, pixel, s);
    NETSURF_UNROLL
    for (int r = 0; r < kRows; ++r) {
      NETSURF_UNROLL
      for (int i = 0; i < kColumns; ++i) sums[r][i] = -sums[r][i];
    }
    const uint8_t* clean_x[kColumns];
    NETSURF_UNROLL
    for (int i = 0; i < kColumns; ++i)
      clean_x[i] = tile.clean_x + int64_t{layer.pixels[pixel + i / kVectors]} * kWordBytes +
                   4 * (s + i % kVectors * kLanes);
    add_own<Dot>(jobs, clean_x, sums);
  }
  add_runs<Dot>(sums, rows, layer, tile.x, pixel, s);
  if (starts) return;
  uint32_t own[kRows] = {};
  if constexpr (kUpdates) {
    for (int q = 0; q < kQuads; ++q) {
      const OwnStarts of_quad(jobs[q]);
      for (int c = 0; c < kQuad; ++c) own[q * kQuad + c] = of_quad.of[c];
    }
  }
  NETSURF_UNROLL
  for (int r = 0; r < kRows; ++r) {
    const int channel = kQuad * jobs[r / kQuad].quad + r % kQuad;
    const auto start = static_cast<uint32_t>(jobs[r / kQuad].start[r % kQuad]);
    NETSURF_UNROLL
    for (int i = 0; i < kColumns; ++i) {
      sums[r][i] <<= layer.product_shift;
      if (kUpdates && channel < layer.num_outputs) {
        const int64_t row = int64_t{pixel + i / kVectors} * layer.num_outputs + channel;
        sums[r][i] += load<Words>(tile.clean_sums + row * kTile + s + i % kVectors * kLanes) + own[r];
      } else {
        sums[r][i] += start;
      }
    }
  }
}

/// kPositions pixels from `place` on, which moves behind them.
template <typename Dot, int kQuads, int kPositions, bool kUpdates, bool kPlain>
NETSURF_INLINE void compute_block(const LevelLayer& layer, const typename Dot::Rows* rows,
                                  const QuadJob* jobs, const TileJob& tile,
                                  const Coder<Dot::Unit::kLanes>& coder, QuadSums* largest, PoolPlace& place,
                                  typename Dot::Words& difference) {
  using Words = typename Dot::Words;
  constexpr int kLanes = Dot::Unit::kLanes, kVectors = Dot::Unit::kVectors;
  const int pool = kPlain || layer.finish != nullptr ? layer.finish->pool : 1;
  PoolPlace at;
  for (int s = 0; s < kTile; s += kVectors * kLanes) {
    Words sums[kQuads * kQuad][kPositions * kVectors];
    compute_sums<Dot, kQuads, kPositions, kUpdates, kPlain>(layer, rows, jobs, tile, place.pixel, s, sums);
    at = place;
    NETSURF_UNROLL
    for (int p = 0; p < kPositions; ++p) {
      NETSURF_UNROLL
      for (int q = 0; q < kQuads; ++q) {
        QuadVectors<kLanes, kVectors> quad;
        NETSURF_UNROLL
        for (int c = 0; c < kQuad; ++c) {
          NETSURF_UNROLL
          for (int v = 0; v < kVectors; ++v) quad[c][v] = sums[q * kQuad + c][p * kVectors + v];
        }
        put_quad<kLanes, kVectors, kPlain>(quad, layer, jobs[q], tile, at, s, coder, largest[q], difference);
      }
      at.advance(pool);
    }
  }
  place = at;
}

/// kQuads quads for all tiles.
template <typename Dot, int kQuads, int kPositions, bool kUpdates, bool kPlain>
NETSURF_INLINE void sum_tiles(const LevelLayer& layer, const QuadJob* jobs, TileJob* tiles, int num_tiles,
                              const Coder<Dot::Unit::kLanes>& coder, const Scratch& scratch) {
  typename Dot::Rows rows[kQuads];
  for (int q = 0; q < kQuads; ++q) rows[q] = Dot::prepare(layer, jobs[q], scratch.rows);
  QuadSums* const largest = scratch.largest;
  for (int t = 0; t < num_tiles; ++t) {
    typename Dot::Words difference = {};
    PoolPlace place;
    while (place.pixel + kPositions <= layer.num_pixels)
      compute_block<Dot, kQuads, kPositions, kUpdates, kPlain>(layer, rows, jobs, tiles[t], coder, largest,
                                                               place, difference);
    if constexpr (kPositions > 1) {
      while (place.pixel < layer.num_pixels)
        compute_block<Dot, kQuads, 1, kUpdates, kPlain>(layer, rows, jobs, tiles[t], coder, largest, place,
                                                        difference);
    }
    note_change(difference, tiles[t]);
  }
}

/// The same as a function of its own.
template <typename Dot, int kQuads, int kPositions, bool kUpdates, bool kPlain>
__attribute__((noinline)) void sum_tiles_apart(const LevelLayer& layer, const QuadJob* jobs, TileJob* tiles,
                                               int num_tiles, const Coder<Dot::Unit::kLanes>& coder,
                                               const Scratch& scratch) {
  sum_tiles<Dot, kQuads, kPositions, kUpdates, kPlain>(layer, jobs, tiles, num_tiles, coder, scratch);
}

template <typename Dot, int kQuads, int kPositions, bool kUpdates>
NETSURF_INLINE void sum_quads(const LevelLayer& layer, const QuadJob* jobs, TileJob* tiles, int num_tiles,
                              const Coder<Dot::Unit::kLanes>& coder, bool plain, const Scratch& scratch) {
  constexpr bool kMayBePlain = !kUpdates;
  if constexpr (Dot::kApart) {
    if (kMayBePlain && plain)
      return sum_tiles_apart<Dot, kQuads, kPositions, kUpdates, kMayBePlain>(layer, jobs, tiles, num_tiles,
                                                                             coder, scratch);
    sum_tiles_apart<Dot, kQuads, kPositions, kUpdates, false>(layer, jobs, tiles, num_tiles, coder, scratch);
  } else {
    if (kMayBePlain && plain)
      return sum_tiles<Dot, kQuads, kPositions, kUpdates, kMayBePlain>(layer, jobs, tiles, num_tiles, coder,
                                                                       scratch);
    sum_tiles<Dot, kQuads, kPositions, kUpdates, false>(layer, jobs, tiles, num_tiles, coder, scratch);
  }
}

template <typename Dot, bool kUpdates>
void sum_jobs(const LevelLayer& layer, const QuadJob* jobs, int num_jobs, TileJob* tiles, int num_tiles,
              const Scratch& scratch) {
  constexpr int kQuads = Dot::Unit::kQuads, kLanes = Dot::Unit::kLanes;
  const Coder<kLanes> coder(layer.finish);
  const bool plain = are_plain<kLanes>(layer, tiles, num_tiles, coder);
  int j = 0;
  if constexpr (kQuads > 1) {
    for (; j + kQuads <= num_jobs; j += kQuads)
      sum_quads<Dot, kQuads, 1, kUpdates>(layer, jobs + j, tiles, num_tiles, coder, plain, scratch);
  }
  for (; j < num_jobs; ++j)
    sum_quads<Dot, 1, Dot::Unit::kPositions, kUpdates>(layer, jobs + j, tiles, num_tiles, coder, plain,
                                                       scratch);
}

/// Bytes by way of 16-bit sums, over as many words as fit.
template <typename Unit>
NETSURF_INLINE void sum_pairs(const LevelLayer& layer, const QuadJob* jobs, int num_jobs, TileJob* tiles,
                              int num_tiles, const Scratch& scratch) {
  const int64_t columns = int64_t{num_tiles} * layer.num_pixels;
  for (int j = 0; j < num_jobs;) {
    const bool narrow = rows_fit(layer, jobs[j], columns);
    int end = j + 1;
    while (end < num_jobs && rows_fit(layer, jobs[end], columns) == narrow) ++end;
    if (narrow) {
      sum_jobs<NarrowDot<Unit>, false>(layer, jobs + j, end - j, tiles, num_tiles, scratch);
    } else if (layer.fitting_words >= 2) {
      sum_jobs<PairsDot<Unit, 2>, false>(layer, jobs + j, end - j, tiles, num_tiles, scratch);
    } else if (layer.fitting_words == 1) {
      sum_jobs<PairsDot<Unit, 1>, false>(layer, jobs + j, end - j, tiles, num_tiles, scratch);
    } else {
      sum_jobs<WideDot<Unit>, false>(layer, jobs + j, end - j, tiles, num_tiles, scratch);
    }
    j = end;
  }
}

template <typename Unit>
void sum_with_unit(const LevelLayer& layer, const QuadJob* jobs, int num_jobs, TileJob* tiles, int num_tiles,
                   const Scratch& scratch) {
  if (layer.width == Width::halves) {
    if (layer.updates)
      return sum_jobs<HalvesDot<Unit>, true>(layer, jobs, num_jobs, tiles, num_tiles, scratch);
    return sum_jobs<HalvesDot<Unit>, false>(layer, jobs, num_jobs, tiles, num_tiles, scratch);
  }
  if constexpr (Unit::kBytes == ByteWay::dot) {
    if (layer.updates)
      return sum_jobs<BytesDot<Unit>, true>(layer, jobs, num_jobs, tiles, num_tiles, scratch);
    sum_jobs<BytesDot<Unit>, false>(layer, jobs, num_jobs, tiles, num_tiles, scratch);
  } else {
    if (layer.updates) return update_quads<Unit>(layer, jobs, num_jobs, tiles, num_tiles, scratch);
    if constexpr (Unit::kBytes == ByteWay::pairs)
      return sum_pairs<Unit>(layer, jobs, num_jobs, tiles, num_tiles, scratch);
    sum_jobs<WideDot<Unit>, false>(layer, jobs, num_jobs, tiles, num_tiles, scratch);
  }
}

}  // namespace
}  // namespace netsurf::cpu
