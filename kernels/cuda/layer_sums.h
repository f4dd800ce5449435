// Sums of products: dense and convolution layers. An item is a tile of output channels of one pixel and one
// group, a column is kSamples samples kColumnStep apart: each weight and each input code that a thread reads
// is used for several products, and the samples of a warp stay side by side.
#pragma once

#include <cstdint>

#include "kernels/cuda/layer_bodies.h"

namespace netsurf::cuda {

inline constexpr int kColumnStep = 32;  // a warp

/// Columns of so many samples, and the first sample of a column. A column of several samples may lie partly,
/// never wholly, beyond the last one.
template <int kSamples>
NETSURF_HD constexpr int num_columns(int num_samples) {
  if (kSamples == 1) return num_samples;
  constexpr int kBlock = kSamples * kColumnStep;
  int rest = num_samples % kBlock;
  return num_samples / kBlock * kColumnStep + (rest < kColumnStep ? rest : kColumnStep);
}
template <int kSamples>
NETSURF_HD constexpr int first_sample(int column) {
  return column / kColumnStep * (kSamples * kColumnStep) + column % kColumnStep;
}

/// Calls visit(input element, kernel element, length) for each run of the input that output pixel `pixel`
/// meets with a run of a channel's kernel. Input elements are those of the first group. Neighbouring columns
/// are one run where they are neighbours in memory.
template <typename Visit>
NETSURF_HD void visit_stretches(const WindowShape& w, int group_channels, int pixel, Visit visit) {
  bool columns_touch = group_channels == w.channels && w.dilation_x == 1 && !w.is_transposed;
  int row = pixel / w.out_width, column = pixel % w.out_width;
  for (int i = 0; i < w.height; ++i) {
    int y = tapped_row(w, row, i);
    if (y < 0) continue;
    for (int j = 0, run = 1; j < w.width; j += run) {
      int x = tapped_column(w, column, j);
      run = 1;
      if (x < 0) continue;
      if (columns_touch) run = w.width - j < w.in_width - x ? w.width - j : w.in_width - x;
      visit((int64_t{y} * w.in_width + x) * w.channels, (int64_t{i} * w.width + j) * group_channels,
            run * group_channels);
    }
  }
}

template <typename Sum, int kChannels, int kColumnSamples>
struct SumsBody {
  SumsOp op;
  static constexpr int kSamples = kColumnSamples;

  NETSURF_HD int num_tiles() const { return (op.group_outputs + kChannels - 1) / kChannels; }
  NETSURF_HD int num_items() const {
    return op.window.out_height * op.window.out_width * op.num_groups * num_tiles();
  }
  NETSURF_HD void operator()(const LaneChunk& chunk, int lane, int item, int column) const {
    const int32_t* image = image_of(chunk, lane);
    int first = first_sample<kSamples>(column);
    if (first + (kSamples - 1) * kColumnStep < chunk.num_samples) {
      sum_tile<kSamples>(image, lane, item, first);
    } else {
      for (int sample = first; sample < chunk.num_samples; sample += kColumnStep)
        sum_tile<1>(image, lane, item, sample);
    }
  }

 private:
  template <int kCount>
  NETSURF_HD void sum_tile(const int32_t* image, int lane, int item, int sample) const {
    int tiles = num_tiles(), groups = op.num_groups;
    int place = item / tiles;  // pixel and group
    int group = place % groups;
    int begin = item % tiles * kChannels;  // channel of the group
    int count = op.group_outputs - begin < kChannels ? op.group_outputs - begin : kChannels;
    const int32_t* x = codes_at<int32_t>(op.x, lane, int64_t{group} * op.group_channels) + sample;
    int64_t channel = int64_t{group} * op.group_outputs + begin;
    const int32_t* rows[kChannels];  // beyond the last channel, the last again
    for (int c = 0; c < kChannels; ++c)
      rows[c] = image + op.kernel + (channel + (c < count ? c : count - 1)) * op.kernel_stride;

    Sum sum[kChannels][kCount] = {};
    visit_stretches(op.window, op.group_channels, place / groups,
                    [&](int64_t input, int64_t kernel, int length) {
                      const int32_t* in = x + input * op.x.element_stride;
                      for (int i = 0; i < length; ++i, in += op.x.element_stride) {
                        Sum codes[kCount];
                        for (int s = 0; s < kCount; ++s) codes[s] = in[s * kColumnStep];
                        for (int c = 0; c < kChannels; ++c) {
                          Sum weight = rows[c][kernel + i];
                          for (int s = 0; s < kCount; ++s) sum[c][s] += weight * codes[s];
                        }
                      }
                    });
    for (int c = 0; c < kChannels; ++c) {
      if (c >= count) continue;
      Sum constant = 0;
      if (op.bias != kNoOperands) constant = static_cast<Sum>(image[op.bias + channel + c]) << op.bias_shift;
      int64_t element = int64_t{place} * op.group_outputs + begin + c;
      for (int s = 0; s < kCount; ++s) sum[c][s] = (sum[c][s] << op.product_shift) + constant;
      if (op.requantizes) {
        int32_t* y = codes_at<int32_t>(op.y, lane, element) + sample;
        for (int s = 0; s < kCount; ++s)
          y[s * kColumnStep] = static_cast<int32_t>(core::requantize_plainly(sum[c][s], op.requantizer));
      } else {
        Sum* y = codes_at<Sum>(op.y, lane, element) + sample;
        for (int s = 0; s < kCount; ++s) y[s * kColumnStep] = sum[c][s];
      }
    }
  }
};

}  // namespace netsurf::cuda
