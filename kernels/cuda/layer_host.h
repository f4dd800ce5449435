// The same work as layer_run.h by the same bodies, looped on the host over pointers to host memory: what the
// tests of index arithmetic run where there is no device.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/cuda/counts.h"
#include "kernels/cuda/flips.h"
#include "kernels/cuda/layer_ops.h"

namespace netsurf::cuda {

void make_images_on_host(const int32_t* clean, int64_t image_words, const PatchLists& lists,
                         std::span<const CodedWords> coded, int32_t* images);

void run_layer_on_host(const LayerOp& op, const LaneChunk& chunk);

void add_scores_on_host(const Codes& codes, const LaneChunk& chunk, int64_t first_sample,
                        const ScoreData& data, LaneCounts* counts);

}  // namespace netsurf::cuda
