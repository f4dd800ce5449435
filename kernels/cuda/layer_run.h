// The layer path on the device: lanes' parameter images, layers, scores. All in the stream's order.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/cuda/counts.h"
#include "kernels/cuda/flips.h"
#include "kernels/cuda/layer_ops.h"
#include "kernels/cuda/stream.h"

namespace netsurf::cuda {

inline constexpr int kMaxChunkLanes = 65535;   // a lane is a row of the grid
inline constexpr int64_t kImageWordsUnit = 4;  // an image's words come in units of 16 bytes

/// images[lane] becomes the operands of the clean image's codes with the lane's patches. A code has its sign
/// extended to all of its word. REQUIRES: image_words is a multiple of kImageWordsUnit; at most
/// kMaxChunkLanes lanes.
void make_images(const int32_t* clean, int64_t image_words, const PatchLists& lists,
                 std::span<const CodedWords> coded, int32_t* images, const Stream& stream);

/// REQUIRES: at most kMaxChunkLanes lanes.
void run_layer(const LayerOp& op, const LaneChunk& chunk, const Stream& stream);

/// Adds to counts[lane] what the chunk's samples count, of which the first is `first_sample` of the set.
/// codes: the scored layer's.
void add_scores(const Codes& codes, const LaneChunk& chunk, int64_t first_sample, const ScoreData& data,
                LaneCounts* counts, const Stream& stream);

}  // namespace netsurf::cuda
