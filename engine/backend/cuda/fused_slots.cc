#include "engine/backend/cuda/fused_slots.h"

namespace netsurf {
namespace {

constexpr int kPad = 16;
constexpr int64_t kMaxUnfolded = 64;  // bytes of a window that the tile may hold once per output pixel

}  // namespace

int padded(int64_t size) { return static_cast<int>((size + kPad - 1) / kPad * kPad); }
int row_stride(int64_t size) { return (padded(size) / kPad | 1) * kPad; }

SlotLayout slot_for(const Layer& reader, const ChainStage& stage, bool is_tile) {
  SlotLayout slot;
  slot.image = stage.in_image;
  slot.height = slot.image[0];
  slot.width = slot.image[1];
  slot.pixel_bytes = padded(slot.image[2]);
  if (reader.kind == LayerKind::conv2d) {
    const Window& w = reader.window;
    int64_t window = int64_t{w.height} * w.width * slot.image[2];
    if (is_tile && window <= kMaxUnfolded && padded(window) < w.height * w.width * slot.pixel_bytes) {
      slot.unfolded = true;
      slot.pixel_bytes = padded(window);
      slot.height = stage.out_image[0];
      slot.width = stage.out_image[1];
    } else {
      slot.height += w.pad_top + w.pad_bottom;
      slot.width += w.pad_left + w.pad_right;
      slot.pad_top = w.pad_top;
      slot.pad_left = w.pad_left;
    }
  }
  slot.sample_bytes = row_stride(int64_t{slot.height} * slot.width * slot.pixel_bytes);
  return slot;
}

}  // namespace netsurf
