#include "kernels/cpu/threshold.h"

#include <algorithm>

namespace netsurf::cpu {
namespace {

constexpr int kCountedRow = 16;  // up to here comparing with every threshold beats the search

template <typename In>
[[gnu::always_inline]] inline void count_row(const In* x, const int32_t* row, int num_thresholds,
                                             int32_t* count) {
  for (int s = 0; s < kTile; ++s) count[s] = 0;
  for (int j = 0; j < num_thresholds; ++j) {
    In threshold = row[j];
    for (int s = 0; s < kTile; ++s) count[s] += x[s] >= threshold ? 1 : 0;
  }
}

/// The same for a sorted row. All samples halve in step, without branches.
template <typename In>
[[gnu::always_inline]] inline void search_row(const In* x, const int32_t* row, int num_thresholds,
                                              int32_t* count) {
  for (int s = 0; s < kTile; ++s) count[s] = 0;
  int length = num_thresholds;
  for (; length > 1; length -= length / 2) {
    int half = length / 2;
    for (int s = 0; s < kTile; ++s) count[s] += x[s] >= row[count[s] + half - 1] ? half : 0;
  }
  for (int s = 0; s < kTile; ++s) count[s] += x[s] >= row[count[s]] ? 1 : 0;
}

template <typename In>
[[gnu::always_inline]] inline void threshold_loop(const In* x, const ThresholdShape& shape,
                                                  const int32_t* thresholds, int32_t* spare, int32_t* y) {
  bool searches = shape.num_thresholds > kCountedRow;
  const int32_t* row = thresholds;
  for (int channel = 0; channel < shape.num_channels; ++channel) {
    if (channel == 0 || !shape.is_shared) {
      row = thresholds + int64_t{channel} * shape.num_thresholds;
      if (searches && !std::is_sorted(row, row + shape.num_thresholds)) {
        std::copy_n(row, shape.num_thresholds, spare);
        std::sort(spare, spare + shape.num_thresholds);
        row = spare;
      }
    }
    for (int64_t pixel = 0; pixel < shape.num_pixels; ++pixel) {
      int64_t place = (pixel * shape.num_channels + channel) * kTile;
      int32_t count[kTile];
      if (searches) {
        search_row(x + place, row, shape.num_thresholds, count);
      } else {
        count_row(x + place, row, shape.num_thresholds, count);
      }
      for (int s = 0; s < kTile; ++s) y[place + s] = shape.low + shape.step * count[s];
    }
  }
}

}  // namespace

NETSURF_CLONES void threshold_all(const int32_t* x, const ThresholdShape& shape, const int32_t* thresholds,
                                  int32_t* spare, int32_t* y) {
  threshold_loop(x, shape, thresholds, spare, y);
}
NETSURF_CLONES void threshold_all(const int64_t* x, const ThresholdShape& shape, const int32_t* thresholds,
                                  int32_t* spare, int32_t* y) {
  threshold_loop(x, shape, thresholds, spare, y);
}

}  // namespace netsurf::cpu
