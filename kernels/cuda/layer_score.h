// What one sample of a chunk counts, and how counts add up.
#pragma once

#include <cstdint>

#include "kernels/cuda/counts.h"
#include "kernels/cuda/layer_ops.h"

namespace netsurf::cuda {

/// Adds sample `sample` of the chunk, sample first_sample + sample of the set.
NETSURF_HD inline void score_chunk_sample(const Codes& codes, int lane, int sample, int64_t first_sample,
                                          const ScoreData& data, LaneCounts& counts) {
  if (codes.is_wide) {
    score_sample(codes_at<int64_t>(codes, lane, 0) + sample, codes.element_stride, first_sample + sample,
                 data, counts);
  } else {
    score_sample(codes_at<int32_t>(codes, lane, 0) + sample, codes.element_stride, first_sample + sample,
                 data, counts);
  }
}

NETSURF_HD inline void add_counts(const LaneCounts& part, LaneCounts& whole) {
  whole.correct += part.correct;
  whole.changed += part.changed;
  whole.distance = core::held_sum(whole.distance, part.distance);
  whole.loss += part.loss;
}

}  // namespace netsurf::cuda
