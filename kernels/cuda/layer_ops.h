// What a layer does on the device, as plain descriptors: where it reads and writes, its geometry, its shifts.
// The functions that do it, for one output element of one sample of one lane, stand in layer_bodies.h and
// layer_sums.h; they meet their loops in layer_run.h (the device's) and layer_host.h (the host's).
#pragma once

#include <cstdint>
#include <variant>

#include "kernels/core/fixed.h"
#include "kernels/core/host_device.h"

namespace netsurf::cuda {

/// Codes of a chunk, [lanes, elements, samples]: of int64_t if wide, else of int32_t. Samples are side by
/// side, so that the threads of a warp read one stretch of memory and, but for the samples, one weight.
struct Codes {
  void* data = nullptr;
  int64_t lane_stride = 0;  // 0: all lanes share them
  int64_t element_stride = 0;
  bool is_wide = false;
};

/// The first sample of an element.
template <typename Int>
NETSURF_HD inline Int* codes_at(const Codes& codes, int lane, int64_t element) {
  return static_cast<Int*>(codes.data) + lane * codes.lane_stride + element * codes.element_stride;
}

/// Words of a lane's image whose codes are not yet the operands that take part in sums: those are factor x
/// code - offset. All other codes are their own operands.
struct CodedWords {
  int64_t first = 0, size = 0;
  int32_t factor = 1, offset = 0;
};

NETSURF_HD constexpr int32_t operand_of(int32_t code, const CodedWords& words) {
  return words.factor * code - words.offset;
}

inline constexpr int64_t kNoOperands = -1;  // in the place of a parameter's first word

/// The lanes and samples that a launch computes.
struct LaneChunk {
  const int32_t* images = nullptr;  // [lanes, image_words], operands
  int64_t image_words = 0;
  int num_lanes = 0;
  int num_samples = 0;
};

/// Taps over an image. Also dense layers have one: of a single pixel with all features as its channels.
struct WindowShape {
  int in_height = 1, in_width = 1, channels = 1;
  int out_height = 1, out_width = 1;
  int height = 1, width = 1;  // of the window
  int stride_y = 1, stride_x = 1, dilation_y = 1, dilation_x = 1;
  int pad_top = 0, pad_left = 0;
  bool is_transposed = false;
};

/// y[p, g, o] = (sum of products << product_shift) + (bias << bias_shift), o one of a group's outputs.
/// With `requantizes`, y is requantize_plainly of that, which saves the sums their way through memory.
/// REQUIRES: x is narrow; the requantizer is plain, and its steps fit the sums' integers.
struct SumsOp {
  Codes x, y;
  WindowShape window;
  int num_groups = 1, group_channels = 1, group_outputs = 1;
  int64_t kernel_stride = 0;               // kernel elements of one output channel
  int64_t kernel = 0, bias = kNoOperands;  // first words
  int product_shift = 0, bias_shift = 0;
  bool wide_sums = false;  // they need 64 bits
  // One group, sums of 32 bits, codes int8 (if reads_signed) or uint8, operands int8 whatever flips.
  bool takes_bytes = false, reads_signed = false;
  bool requantizes = false;
  core::Requantizer requantizer;
};

/// y = requantize(x); narrow_steps: every step fits int32 (engine/backend/requantizer.h).
struct RequantizeOp {
  Codes x, y;
  int num_elements = 0;
  core::Requantizer requantizer;
  bool narrow_steps = false;
};

/// y[p, c] = (scale[c] x[p, c] << product_shift) + (shift[c] << shift_shift).
struct AffineOp {
  Codes x, y;
  int num_elements = 0, num_channels = 1;
  int64_t scale = 0, shift = kNoOperands;  // first words
  int product_shift = 0, shift_shift = 0;
};

/// Writes (or, with `adds`, adds) x << left_shift to y, pixel by pixel: x [pixels, channels], y [pixels,
/// y_channels] from channel y_begin on.
struct JoinOp {
  Codes x, y;
  int num_elements = 0, num_channels = 1, y_channels = 1, y_begin = 0;
  int left_shift = 0;
  bool adds = false;
};

/// y[p, c] = low + step x #{j : x[p, c] >= thresholds[c or 0, j]}. A count has no order, so a row that faults
/// have put out of order needs nothing more.
struct ThresholdOp {
  Codes x, y;
  int num_elements = 0, num_channels = 1;
  int num_thresholds = 0;  // of a row
  bool is_shared = false;  // one row for all channels
  int64_t thresholds = 0;  // first word
  int32_t low = 0, step = 0;
};

enum class PoolKind : uint8_t { max, sum, average };

/// Over the positions of the window inside the image; the average rounds half to even.
struct PoolOp {
  Codes x, y;
  WindowShape window;
  PoolKind kind = PoolKind::max;
};

/// Every pixel becomes window.height x window.width of them.
struct UpsampleOp {
  Codes x, y;
  WindowShape window;
};

using LayerOp = std::variant<SumsOp, RequantizeOp, AffineOp, JoinOp, ThresholdOp, PoolOp, UpsampleOp>;

/// The input position that tap `tap` of output position `out` reads on one axis; -1: none.
NETSURF_HD constexpr int tapped(int out, int tap, int stride, int dilation, int pad, int size,
                                bool is_transposed) {
  if (is_transposed) {
    int strided = out + pad - tap * dilation;
    if (strided < 0 || strided % stride != 0) return -1;
    int in = strided / stride;
    return in < size ? in : -1;
  }
  int in = out * stride - pad + tap * dilation;
  return in >= 0 && in < size ? in : -1;
}

NETSURF_HD constexpr int tapped_row(const WindowShape& w, int row, int tap) {
  return tapped(row, tap, w.stride_y, w.dilation_y, w.pad_top, w.in_height, w.is_transposed);
}
NETSURF_HD constexpr int tapped_column(const WindowShape& w, int column, int tap) {
  return tapped(column, tap, w.stride_x, w.dilation_x, w.pad_left, w.in_width, w.is_transposed);
}

}  // namespace netsurf::cuda
