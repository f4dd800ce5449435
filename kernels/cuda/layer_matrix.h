// Sums of products by matrix instructions, where codes and operands fit a byte: a unit is one output pixel,
// kUnitChannels of its channels and kUnitSamples samples of one lane, for one warp (device_team.cuh,
// host_team.h). Codes and operands come as int32 and are packed on their way into registers.
#pragma once

#include <cstdint>

#include "kernels/cuda/layer_bodies.h"
#include "kernels/cuda/layer_sums.h"

namespace netsurf::cuda {

inline constexpr int kUnitSamples = 32;   // two matrices of 16 rows
inline constexpr int kUnitChannels = 32;  // four tiles of 8 columns
inline constexpr int kStepTaps = 32;      // products of a sum that one instruction makes

/// How the units of a layer are numbered: samples, then channels, then pixels.
struct MatrixUnits {
  int sample_tiles = 0, channel_tiles = 0, pixels = 0;

  NETSURF_HD MatrixUnits(const SumsOp& op, int num_samples)
      : sample_tiles((num_samples + kUnitSamples - 1) / kUnitSamples),
        channel_tiles((op.group_outputs + kUnitChannels - 1) / kUnitChannels),
        pixels(op.window.out_height * op.window.out_width) {}
  NETSURF_HD int64_t count() const { return int64_t{sample_tiles} * channel_tiles * pixels; }
};

/// The low bytes of values(0) .. values(3), the first lowest; 0 from `count` on.
template <typename Values>
NETSURF_HD_INLINE uint32_t packed_bytes(int count, Values values) {
  uint32_t word = 0;
  NETSURF_UNROLL
  for (int i = 0; i < 4; ++i) word |= (i < count ? static_cast<uint32_t>(values(i)) & 0xFF : 0) << 8 * i;
  return word;
}

/// One unit's place: samples and channels beyond the last repeat it, and are not put out.
struct MatrixUnit {
  int pixel = 0, first_channel = 0, first_sample = 0, num_channels = 0, num_samples = 0;

  NETSURF_HD MatrixUnit(const SumsOp& op, const MatrixUnits& units, int64_t unit, int samples)
      : pixel(static_cast<int>(unit / units.sample_tiles / units.channel_tiles)),
        first_channel(static_cast<int>(unit / units.sample_tiles % units.channel_tiles) * kUnitChannels),
        first_sample(static_cast<int>(unit % units.sample_tiles) * kUnitSamples),
        num_channels(op.group_outputs),
        num_samples(samples) {}
  NETSURF_HD int sample(int row) const {
    return first_sample + row < num_samples ? first_sample + row : num_samples - 1;
  }
  NETSURF_HD int channel(int column) const {
    return first_channel + column < num_channels ? first_channel + column : num_channels - 1;
  }
};

template <class Warp>
struct MatrixSums {
  typename Warp::template Lanes<int32_t[4]> at[kUnitSamples / 16][kUnitChannels / 8];
};

/// Up to kStepTaps products: `codes` of sample 0, `operands` of channel 0, both of the first tap.
template <bool kSigned, class Warp>
NETSURF_HD_INLINE void add_step(Warp& warp, const SumsOp& op, const MatrixUnit& unit, const int32_t* codes,
                                const int32_t* operands, int num_taps, MatrixSums<Warp>& sums) {
  // Within a step 32 bits are enough for what lies between two elements.
  const auto kernel_stride = static_cast<int>(op.kernel_stride);
  const auto element_stride = static_cast<int>(op.x.element_stride);
  typename Warp::template Lanes<typename Warp::Four> left, right[kUnitChannels / 16];
  NETSURF_UNROLL
  for (int pair = 0; pair < kUnitChannels / 16; ++pair) {
    warp.each_lane([&](int lane) {
      NETSURF_UNROLL
      for (int i = 0; i < 4; ++i) {
        const int tap = 4 * (lane % 4) + i % 2 * 16;
        const int32_t* row = operands + unit.channel(16 * pair + i / 2 * 8 + lane / 4) * kernel_stride;
        right[pair][lane].at[i] = packed_bytes(num_taps - tap, [&](int j) { return row[tap + j]; });
      }
    });
  }
  NETSURF_UNROLL
  for (int matrix = 0; matrix < kUnitSamples / 16; ++matrix) {
    warp.each_lane([&](int lane) {
      NETSURF_UNROLL
      for (int i = 0; i < 4; ++i) {
        const int tap = 4 * (lane % 4) + i / 2 * 16;
        const int32_t* sample = codes + unit.sample(16 * matrix + i % 2 * 8 + lane / 4);
        left[lane].at[i] =
            packed_bytes(num_taps - tap, [&](int j) { return sample[(tap + j) * element_stride]; });
      }
    });
    NETSURF_UNROLL
    for (int tile = 0; tile < kUnitChannels / 8; ++tile)
      warp.template multiply<kSigned, false>(
          left, right[tile / 2], 2 * (tile % 2),
          [&](int lane) -> int32_t(&)[4] { return sums.at[matrix][tile][lane]; });
  }
}

template <class Warp>
NETSURF_HD_INLINE void put_sums(Warp& warp, const SumsOp& op, const LaneChunk& chunk, int lane_of_chunk,
                                const MatrixUnit& unit, const MatrixSums<Warp>& sums) {
  const int32_t* image = image_of(chunk, lane_of_chunk);
  warp.each_lane([&](int lane) {
    NETSURF_UNROLL
    for (int tile = 0; tile < kUnitChannels / 8; ++tile) {
      NETSURF_UNROLL
      for (int i = 0; i < 2; ++i) {
        const int channel = unit.first_channel + 8 * tile + 2 * (lane % 4) + i;
        if (channel >= unit.num_channels) continue;
        int32_t constant = 0;
        if (op.bias != kNoOperands) constant = image[op.bias + channel] << op.bias_shift;
        int32_t* y = codes_at<int32_t>(op.y, lane_of_chunk, int64_t{unit.pixel} * op.group_outputs + channel);
        NETSURF_UNROLL
        for (int eight = 0; eight < kUnitSamples / 8; ++eight) {
          const int sample = unit.first_sample + 8 * eight + lane / 4;
          if (sample >= unit.num_samples) continue;
          const int32_t sum =
              (sums.at[eight / 2][tile][lane][eight % 2 * 2 + i] << op.product_shift) + constant;
          y[sample] = op.requantizes ? core::requantize_plainly(sum, op.requantizer) : sum;
        }
      }
    }
  });
}

/// REQUIRES: op.takes_bytes.
template <bool kSigned, class Warp>
NETSURF_HD_INLINE void sum_unit(Warp& warp, const SumsOp& op, const LaneChunk& chunk, int lane,
                                const MatrixUnit& unit) {
  const int32_t* x = codes_at<int32_t>(op.x, lane, 0);
  const int32_t* kernel = image_of(chunk, lane) + op.kernel;
  MatrixSums<Warp> sums{};
  visit_stretches(op.window, op.group_channels, unit.pixel, [&](int64_t input, int64_t tap, int length) {
    for (int i = 0; i < length; i += kStepTaps)
      add_step<kSigned>(warp, op, unit, x + (input + i) * op.x.element_stride, kernel + tap + i, length - i,
                        sums);
  });
  put_sums(warp, op, chunk, lane, unit, sums);
}

template <class Warp>
NETSURF_HD_INLINE void sum_unit(Warp& warp, const SumsOp& op, const LaneChunk& chunk, int lane,
                                int64_t index) {
  const MatrixUnit unit(op, MatrixUnits(op, chunk.num_samples), index, chunk.num_samples);
  if (op.reads_signed) {
    sum_unit<true>(warp, op, chunk, lane, unit);
  } else {
    sum_unit<false>(warp, op, chunk, lane, unit);
  }
}

}  // namespace netsurf::cuda
