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

std::vector<int32_t> sources_of(const SlotLayout& slot, const Window& w) {
  const Shape& image = slot.image;
  std::vector<int32_t> sources(static_cast<size_t>(slot.pixel(slot.height, 0)), -1);
  for (int y = 0; y < slot.height; ++y) {
    for (int x = 0; x < slot.width; ++x) {
      int32_t* to = sources.data() + slot.pixel(y, x);
      auto add = [&](int at_y, int at_x) {
        const bool inside = 0 <= at_y && at_y < image[0] && 0 <= at_x && at_x < image[1];
        for (int c = 0; c < image[2]; ++c) *to++ = inside ? (at_y * image[1] + at_x) * image[2] + c : -1;
      };
      auto add_row = [&](int at_y) {
        for (int j = 0; j < w.width; ++j) add(at_y, x * w.stride_x + j * w.dilation_x - w.pad_left);
      };
      if (slot.form == SlotForm::pixels) {
        add(y - slot.pad_top, x - slot.pad_left);
      } else if (slot.form == SlotForm::strips) {
        add_row(y - slot.pad_top);
      } else {
        for (int i = 0; i < w.height; ++i) add_row(y * w.stride_y + i * w.dilation_y - w.pad_top);
      }
    }
  }
  return sources;
}

}  // namespace netsurf
