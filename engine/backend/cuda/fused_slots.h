// How codes lie in shared memory: the tile of a block, and what each stage of a team reads.
#pragma once

#include "engine/backend/cuda/fused_chain.h"

namespace netsurf {

/// Bytes up to a multiple of 16, as every place is.
int padded(int64_t size);
/// An odd number of 16 bytes, so that eight rows begin in different banks.
int row_stride(int64_t size);

/// How codes lie in the tile or in a team's memory, per sample.
struct SlotLayout {
  Shape image;                // [h, w, channels] that the reader sees
  int height = 1, width = 1;  // with the border
  int pad_top = 0, pad_left = 0;
  int pixel_bytes = 0;
  int sample_bytes = 0;
  bool unfolded = false;  // one row per output pixel of the reader, with its whole window

  int64_t pixel(int y, int x) const { return (int64_t{y} * width + x) * pixel_bytes; }
};

/// What `stage`, whose layer is `reader`, reads; the first stage's slot is the tile.
SlotLayout slot_for(const Layer& reader, const ChainStage& stage, bool is_tile);

}  // namespace netsurf
