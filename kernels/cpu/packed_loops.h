// The loops of the packed kernels over quads, tiles, pixels and runs, for any Dot (packed_dot.h). A block is
// what one pass over the runs computes, with all sums in registers: the rows of kQuads quads, by columns,
// which are kVectors vectors of samples at each of kPositions pixels.
#pragma once

#include "kernels/cpu/packed_dot.h"
#include "kernels/cpu/packed_output.h"

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

/// All runs, from the samples `s` on of kPositions pixels from `pixel` on of a packed tensor.
template <typename Dot, int kRows, int kColumns>
NETSURF_INLINE void add_runs(typename Dot::Words (&sums)[kRows][kColumns], const typename Dot::Rows* rows,
                             const LevelLayer& layer, const uint8_t* x, int pixel, int s) {
  constexpr int kLanes = Dot::Unit::kLanes, kVectors = Dot::Unit::kVectors;
  const uint8_t* at[kColumns];
  NETSURF_UNROLL
  for (int i = 0; i < kColumns; ++i)
    at[i] = x + int64_t{layer.pixels[pixel + i / kVectors]} * kWordBytes + 4 * (s + i % kVectors * kLanes);
  for (int r = 0; r < layer.num_runs; ++r) add_run<Dot>(sums, rows, layer.runs[r], at, 0);
}

/// The sums of kQuads quads at kPositions pixels from `pixel` on.
template <typename Dot, int kQuads, int kPositions, bool kUpdates>
NETSURF_INLINE void compute_sums(const LevelLayer& layer, const typename Dot::Rows* rows, const QuadJob* jobs,
                                 const TileJob& tile, int pixel, QuadSums (&quads)[kPositions][kQuads]) {
  using Words = typename Dot::Words;
  constexpr int kLanes = Dot::Unit::kLanes, kVectors = Dot::Unit::kVectors;
  constexpr int kRows = kQuads * kQuad, kColumns = kPositions * kVectors;
  for (int s = 0; s < kTile; s += kVectors * kLanes) {
    Words sums[kRows][kColumns] = {};
    if constexpr (kUpdates) {
      add_runs<Dot>(sums, rows, layer, tile.clean_x, pixel, s);
      NETSURF_UNROLL
      for (int r = 0; r < kRows; ++r) {
        NETSURF_UNROLL
        for (int i = 0; i < kColumns; ++i) sums[r][i] = -sums[r][i];
      }
    }
    add_runs<Dot>(sums, rows, layer, tile.x, pixel, s);
    NETSURF_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const int channel = kQuad * jobs[r / kQuad].quad + r % kQuad;
      const auto start = static_cast<uint32_t>(jobs[r / kQuad].start[r % kQuad]);
      NETSURF_UNROLL
      for (int i = 0; i < kColumns; ++i) {
        const int lane = s + i % kVectors * kLanes;
        Words sum = sums[r][i] << layer.product_shift;
        if (kUpdates && channel < layer.num_outputs) {
          const int64_t row = int64_t{pixel + i / kVectors} * layer.num_outputs + channel;
          sum += load<Words>(tile.clean_sums + row * kTile + lane);
        } else {
          sum += start;
        }
        store(&quads[i / kVectors][r / kQuad][r % kQuad][lane], sum);
      }
    }
  }
}

/// What one tile's blocks hand on to each other.
template <int kLanes, int kQuads>
struct TileState {
  alignas(64) QuadSums largest[kQuads] = {};
  typename Vector<kLanes>::Words difference = {};
  PoolPlace place;
};

/// kPositions pixels from state.place on.
template <typename Dot, int kQuads, int kPositions, bool kUpdates>
NETSURF_INLINE void compute_block(const LevelLayer& layer, const typename Dot::Rows* rows,
                                  const QuadJob* jobs, const TileJob& tile,
                                  const Coder<Dot::Unit::kLanes>& coder,
                                  TileState<Dot::Unit::kLanes, kQuads>& state) {
  alignas(64) QuadSums sums[kPositions][kQuads];
  compute_sums<Dot, kQuads, kPositions, kUpdates>(layer, rows, jobs, tile, state.place.pixel, sums);
  for (int p = 0; p < kPositions; ++p) {
    for (int q = 0; q < kQuads; ++q)
      put_quad<Dot::Unit::kLanes>(sums[p][q], layer, jobs[q].quad, tile, state.place, coder, state.largest[q],
                                  state.difference);
    state.place.advance(layer.finish != nullptr ? layer.finish->pool : 1);
  }
}

/// kQuads quads for all tiles.
template <typename Dot, int kQuads, int kPositions, bool kUpdates>
void sum_quads(const LevelLayer& layer, const QuadJob* jobs, TileJob* tiles, int num_tiles,
               uint8_t* scratch) {
  constexpr int kLanes = Dot::Unit::kLanes;
  typename Dot::Rows rows[kQuads];
  for (int q = 0; q < kQuads; ++q) rows[q] = Dot::prepare(layer, jobs[q], scratch);
  Coder<kLanes> coder;
  if (layer.finish != nullptr) coder = Coder<kLanes>(*layer.finish);
  for (int t = 0; t < num_tiles; ++t) {
    TileState<kLanes, kQuads> state;
    while (state.place.pixel + kPositions <= layer.num_pixels)
      compute_block<Dot, kQuads, kPositions, kUpdates>(layer, rows, jobs, tiles[t], coder, state);
    if constexpr (kPositions > 1) {
      while (state.place.pixel < layer.num_pixels)
        compute_block<Dot, kQuads, 1, kUpdates>(layer, rows, jobs, tiles[t], coder, state);
    }
    if (any(state.difference)) tiles[t].changed = true;
  }
}

template <typename Dot, bool kUpdates>
void sum_jobs(const LevelLayer& layer, const QuadJob* jobs, int num_jobs, TileJob* tiles, int num_tiles,
              uint8_t* scratch) {
  constexpr int kQuads = Dot::Unit::kQuads;
  int j = 0;
  if constexpr (kQuads > 1) {
    for (; j + kQuads <= num_jobs; j += kQuads)
      sum_quads<Dot, kQuads, 1, kUpdates>(layer, jobs + j, tiles, num_tiles, scratch);
  }
  for (; j < num_jobs; ++j)
    sum_quads<Dot, 1, Dot::Unit::kPositions, kUpdates>(layer, jobs + j, tiles, num_tiles, scratch);
}

template <typename Dot>
void sum_all(const LevelLayer& layer, const QuadJob* jobs, int num_jobs, TileJob* tiles, int num_tiles,
             uint8_t* scratch) {
  if (layer.updates) {
    sum_jobs<Dot, true>(layer, jobs, num_jobs, tiles, num_tiles, scratch);
  } else {
    sum_jobs<Dot, false>(layer, jobs, num_jobs, tiles, num_tiles, scratch);
  }
}

template <typename Unit>
void sum_with_unit(const LevelLayer& layer, const QuadJob* jobs, int num_jobs, TileJob* tiles, int num_tiles,
                   uint8_t* scratch) {
  if (layer.width == Width::halves) {
    sum_all<HalvesDot<Unit>>(layer, jobs, num_jobs, tiles, num_tiles, scratch);
  } else if constexpr (Unit::kBytes == ByteWay::dot) {
    sum_all<BytesDot<Unit>>(layer, jobs, num_jobs, tiles, num_tiles, scratch);
  } else {
    if constexpr (Unit::kBytes == ByteWay::pairs) {
      const int64_t pair = int64_t{2} * layer.max_code * layer.max_operand;
      if (2 * pair <= INT16_MAX)
        return sum_all<PairsDot<Unit, 2>>(layer, jobs, num_jobs, tiles, num_tiles, scratch);
      if (pair <= INT16_MAX)
        return sum_all<PairsDot<Unit, 1>>(layer, jobs, num_jobs, tiles, num_tiles, scratch);
    }
    sum_all<WideDot<Unit>>(layer, jobs, num_jobs, tiles, num_tiles, scratch);
  }
}

}  // namespace
}  // namespace netsurf::cpu
