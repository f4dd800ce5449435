#include "engine/backend/cuda/fused_slots.h"

#include "kernels/cuda/fused.h"

namespace netsurf {
namespace {

constexpr int kPad = 16;
constexpr int64_t kMaxWindow = 64;  // bytes of a window that the tile may hold once per output pixel
constexpr int kStripBytes = 4;

/// Eight samples and four rows of strips, an odd number of words apart, lie in different banks: 4 words more
/// than a multiple of all 32.
int strip_stride(int64_t size) {
  constexpr int64_t kBanks = 32 * kStripBytes, kApart = 4 * kStripBytes;
  return static_cast<int>((size - kApart + kBanks - 1) / kBanks * kBanks + kApart);
}

}  // namespace

int padded(int64_t size) { return static_cast<int>((size + kPad - 1) / kPad * kPad); }
int row_stride(int64_t size) { return (padded(size) / kPad | 1) * kPad; }

SlotLayout slot_for(const Layer& reader, const ChainStage& stage, bool is_tile) {
  SlotLayout slot;
  slot.image = stage.in_image;
  slot.height = slot.image[0];
  slot.width = slot.image[1];
  slot.pixel_bytes = padded(slot.image[2]);
  if (reader.kind != LayerKind::conv2d) {
    slot.sample_bytes = row_stride(int64_t{slot.height} * slot.width * slot.pixel_bytes);
    return slot;
  }
  const Window& w = reader.window;
  const int64_t row = int64_t{w.width} * slot.image[2], window = w.height * row;
  slot.height += w.pad_top + w.pad_bottom;
  if (is_tile && row <= kStripBytes && w.height <= cuda::kMaxStripRows) {
    slot.form = SlotForm::strips;
    slot.pad_top = w.pad_top;
    slot.pad_left = w.pad_left;
    slot.pixel_bytes = kStripBytes;
    slot.width = stage.out_image[1] | 1;
    slot.sample_bytes = strip_stride(int64_t{slot.height} * slot.width * kStripBytes);
    return slot;
  }
  if (is_tile && window <= kMaxWindow && padded(window) < w.height * w.width * slot.pixel_bytes) {
    slot.form = SlotForm::windows;
    slot.pixel_bytes = padded(window);
    slot.height = stage.out_image[0];
    slot.width = stage.out_image[1];
  } else {
    slot.width += w.pad_left + w.pad_right;
    slot.pad_top = w.pad_top;
    slot.pad_left = w.pad_left;
  }
  slot.sample_bytes = row_stride(int64_t{slot.height} * slot.width * slot.pixel_bytes);
  return slot;
}

}  // namespace netsurf
