// Memory that the maps of many lanes work in, and what they share when no lane has anything of its own.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/floating/lanes.h"

namespace netsurf::floating {

/// What a thread keeps between calls, so that small products do not wait for the heap. A function uses a
/// place only while it calls none that uses the same.
enum class Scratch : uint8_t { columns, one_lane, kernels, products, squares };

/// At least `size` numbers of the calling thread, with anything in them.
template <Scratch place, typename Real>
Real* scratch(int64_t size) {
  thread_local std::vector<Real> memory;
  if (memory.size() < static_cast<size_t>(size)) memory.resize(static_cast<size_t>(size));
  return memory.data();
}

template <Scratch place, typename Real>
Real* zeroed_scratch(int64_t size) {
  Real* memory = scratch<place, Real>(size);
  std::fill_n(memory, size, Real{0});
  return memory;
}

template <typename Real>
void add_to(int64_t size, const Real* __restrict from, Real* __restrict to) {
  for (int64_t i = 0; i < size; ++i) to[i] += from[i];
}

/// Whether every lane gets the same addition: two shared operands and more than one lane.
template <typename Real>
bool lanes_agree(LaneShape tile, WeightsOf<Real> w, RowsOf<Real> x) {
  return tile.lanes > 1 && w.lane_stride == 0 && !x.per_lane;
}
template <typename Real>
bool lanes_agree(LaneShape tile, RowsOf<Real> dy, RowsOf<Real> x) {
  return tile.lanes > 1 && !dy.per_lane && !x.per_lane;
}

/// compute(tile of one lane, rows [samples, size] to add to): once, and the result added to every lane's rows
/// of `all` [samples, lanes, size].
template <typename Real, typename Compute>
void add_rows_once(LaneShape tile, int64_t size, Real* all, const Compute& compute) {
  Real* rows = zeroed_scratch<Scratch::one_lane, Real>(tile.samples * size);
  compute(LaneShape{tile.samples, 1}, rows);
  for (int64_t row = 0; row < tile.rows(); ++row)
    add_to(size, rows + row / tile.lanes * size, all + row * size);
}

/// compute(tile of one lane, sums [size] to add to): once, and the result added to every lane's sums.
template <typename Real, typename Compute>
void add_sums_once(LaneShape tile, int64_t size, WeightSums<Real> all, const Compute& compute) {
  Real* sums = zeroed_scratch<Scratch::one_lane, Real>(size);
  compute(LaneShape{tile.samples, 1}, WeightSums<Real>{sums, 0});
  for (int lane = 0; lane < tile.lanes; ++lane) add_to(size, sums, all.data + lane * all.lane_stride);
}

}  // namespace netsurf::floating
