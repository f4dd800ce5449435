// The bodies of all layer kinds but sums. A body computes one item (an output element) of one sample of one
// lane: body(chunk, lane, item, column). Columns are the samples, dealt to threads; a body whose kSamples is
// above 1 takes so many samples a column (layer_sums.h).
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/core/fixed.h"
#include "kernels/cuda/layer_ops.h"

namespace netsurf::cuda {

NETSURF_HD inline const int32_t* image_of(const LaneChunk& chunk, int lane) {
  return chunk.images + lane * chunk.image_words;
}

template <typename In>
struct RequantizeBody {
  RequantizeOp op;
  static constexpr int kSamples = 1;

  NETSURF_HD int num_items() const { return op.num_elements; }
  NETSURF_HD void operator()(const LaneChunk&, int lane, int item, int column) const {
    In x = codes_at<In>(op.x, lane, item)[column];
    int32_t& y = codes_at<int32_t>(op.y, lane, item)[column];
    if (sizeof(In) == sizeof(int32_t) && op.narrow_steps) {
      y = requantized(static_cast<int32_t>(x));
    } else {
      y = static_cast<int32_t>(requantized(static_cast<int64_t>(x)));
    }
  }

 private:
  template <typename Step>
  NETSURF_HD Step requantized(Step x) const {
    const core::Requantizer& q = op.requantizer;
    return q.is_plain() ? core::requantize_plainly(x, q) : core::requantize(x, q);
  }
};

template <typename In, typename Out>
struct AffineBody {
  AffineOp op;
  static constexpr int kSamples = 1;

  NETSURF_HD int num_items() const { return op.num_elements; }
  NETSURF_HD void operator()(const LaneChunk& chunk, int lane, int item, int column) const {
    const int32_t* image = image_of(chunk, lane);
    int channel = item % op.num_channels;
    Out factor = image[op.scale + channel], constant = 0;
    if (op.shift != kNoOperands) {
      constant = static_cast<Out>(image[op.shift + channel]) << op.shift_shift;
    }
    auto x = static_cast<Out>(codes_at<In>(op.x, lane, item)[column]);
    codes_at<Out>(op.y, lane, item)[column] = ((factor * x) << op.product_shift) + constant;
  }
};

template <typename In, typename Out>
struct JoinBody {
  JoinOp op;
  static constexpr int kSamples = 1;

  NETSURF_HD int num_items() const { return op.num_elements; }
  NETSURF_HD void operator()(const LaneChunk&, int lane, int item, int column) const {
    int64_t pixel = item / op.num_channels;
    Out code = static_cast<Out>(codes_at<In>(op.x, lane, item)[column]) << op.left_shift;
    Out& y = codes_at<Out>(op.y, lane, pixel * op.y_channels + op.y_begin + item % op.num_channels)[column];
    y = op.adds ? y + code : code;
  }
};

template <typename In>
struct ThresholdBody {
  ThresholdOp op;
  static constexpr int kSamples = 1;

  NETSURF_HD int num_items() const { return op.num_elements; }
  NETSURF_HD void operator()(const LaneChunk& chunk, int lane, int item, int column) const {
    int64_t row = op.is_shared ? 0 : item % op.num_channels;
    const int32_t* thresholds = image_of(chunk, lane) + op.thresholds + row * op.num_thresholds;
    In x = codes_at<In>(op.x, lane, item)[column];
    int32_t count = 0;
    for (int j = 0; j < op.num_thresholds; ++j) count += x >= thresholds[j] ? 1 : 0;
    codes_at<int32_t>(op.y, lane, item)[column] = op.low + op.step * count;
  }
};

template <typename In, typename Out, PoolKind kKind>
struct PoolBody {
  PoolOp op;
  static constexpr int kSamples = 1;

  NETSURF_HD int num_items() const { return op.window.out_height * op.window.out_width * op.window.channels; }
  NETSURF_HD void operator()(const LaneChunk&, int lane, int item, int column) const {
    const WindowShape& w = op.window;
    int channel = item % w.channels, pixel = item / w.channels;
    Sum sum = kKind == PoolKind::max ? std::numeric_limits<Sum>::min() : 0;
    int32_t count = 0;
    for (int i = 0; i < w.height; ++i) {
      int row = tapped_row(w, pixel / w.out_width, i);
      for (int j = 0; row >= 0 && j < w.width; ++j) {
        int place = tapped_column(w, pixel % w.out_width, j);
        if (place < 0) continue;
        int64_t element = (int64_t{row} * w.in_width + place) * w.channels + channel;
        Sum x = codes_at<In>(op.x, lane, element)[column];
        if (kKind == PoolKind::max) {
          sum = x > sum ? x : sum;
        } else {
          sum += x;
        }
        ++count;
      }
    }
    Out& y = codes_at<Out>(op.y, lane, item)[column];
    if constexpr (kKind == PoolKind::average) {
      y = core::round_quotient(sum, count);
    } else {
      y = sum;
    }
  }

 private:
  using Sum = std::conditional_t<kKind == PoolKind::average, int64_t, Out>;
};

template <typename Int>
struct UpsampleBody {
  UpsampleOp op;
  static constexpr int kSamples = 1;

  NETSURF_HD int num_items() const { return op.window.out_height * op.window.out_width * op.window.channels; }
  NETSURF_HD void operator()(const LaneChunk&, int lane, int item, int column) const {
    const WindowShape& w = op.window;
    int channel = item % w.channels, pixel = item / w.channels;
    int row = pixel / w.out_width / w.height, place = pixel % w.out_width / w.width;
    int64_t element = (int64_t{row} * w.in_width + place) * w.channels + channel;
    codes_at<Int>(op.y, lane, item)[column] = codes_at<Int>(op.x, lane, element)[column];
  }
};

}  // namespace netsurf::cuda
