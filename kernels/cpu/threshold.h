// Threshold layers: how many of a row of thresholds a code reaches, whether or not faults left the row in
// order.
#pragma once

#include <cstdint>

#include "kernels/cpu/tile.h"

namespace netsurf::cpu {

struct ThresholdShape {
  int64_t num_pixels = 0;  // elements / channels
  int num_channels = 0;
  int num_thresholds = 0;  // of a row
  bool is_shared = false;  // one row for all channels, else one each
  int32_t low = 0, step = 0;
};

/// y[p, c] = low + step x #{j : x[p, c] >= thresholds[c, j]}. `spare` has room for one row: where counting
/// one by one is slower than sorting, a row out of order is sorted there.
void threshold_all(const int32_t* x, const ThresholdShape& shape, const int32_t* thresholds, int32_t* spare,
                   int32_t* y);
void threshold_all(const int64_t* x, const ThresholdShape& shape, const int32_t* thresholds, int32_t* spare,
                   int32_t* y);

}  // namespace netsurf::cpu
