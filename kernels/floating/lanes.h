// What the maps of this folder work on when a tile of samples is carried through a network by many lanes at
// once: each lane has weights, activations or directions of its own, or shares them with all others.
#pragma once

#include <cstdint>

namespace netsurf::floating {

struct LaneShape {
  int samples = 0;
  int lanes = 1;

  int rows() const { return samples * lanes; }
};

/// Activations: [samples, size] that all lanes share, or [samples, lanes, size].
template <typename Real>
struct RowsOf {
  const Real* data = nullptr;
  bool per_lane = false;
};

/// A parameter tensor that all lanes share, or lane k's at data + k lane_stride.
template <typename Real>
struct WeightsOf {
  const Real* data = nullptr;
  int64_t lane_stride = 0;  // 0: shared
};

/// Where lane k's part of a parameter's gradient goes: data + k lane_stride.
template <typename Real>
struct WeightSums {
  Real* data = nullptr;
  int64_t lane_stride = 0;
};

}  // namespace netsurf::floating
