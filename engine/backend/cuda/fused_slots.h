// How codes lie in shared memory: the tile of a block, and what each stage of a team reads.
#pragma once

#include <vector>

#include "engine/backend/cuda/fused_chain.h"

namespace netsurf {

/// Bytes up to a multiple of 16, as every place is.
int padded(int64_t size);
/// An odd number of 16 bytes, so that eight rows begin in different banks.
int row_stride(int64_t size);

enum class SlotForm {
  pixels,   // of the image with its border, channels up to a multiple of 16
  windows,  // of each output pixel of the reader, the whole window
  strips,   // of each row of the image with its border, per output column, the window's codes of that row:
            // four
};

/// How codes lie in the tile or in a team's memory, per sample.
struct SlotLayout {
  SlotForm form = SlotForm::pixels;
  Shape image;                // [h, w, channels] that the reader sees
  int height = 1, width = 1;  // of what lies there, be it pixels, windows or strips
  int pad_top = 0, pad_left = 0;
  int pixel_bytes = 0;  // of one of them
  int sample_bytes = 0;

  /// Byte where one begins.
  int64_t pixel(int y, int x) const { return (int64_t{y} * width + x) * pixel_bytes; }
};

/// What `stage`, whose layer is `reader`, reads; the first stage's slot is the tile.
SlotLayout slot_for(const Layer& reader, const ChainStage& stage, bool is_tile);

/// For every byte that a sample of the slot fills, the element that it is of the sample; -1: 0. `window` is
/// the reader's.
std::vector<int32_t> sources_of(const SlotLayout& slot, const Window& window);

}  // namespace netsurf
