// How a unit of the fused path ends: its sums become codes or scores in shared memory, in straight code.
#pragma once

#include "kernels/cuda/fused.h"

namespace netsurf::cuda {

/// Sums of a group: [matrix of 16 rows][tile of 8 channels][element].
template <int kColumnTiles>
struct GroupSums {
  int32_t at[2][kColumnTiles][4];
};

/// Where one team's data lie in its block's shared memory.
struct TeamPlace {
  uint8_t* shared = nullptr;
  uint32_t tile = 0, memory = 0;  // bytes of shared

  NETSURF_HD const int32_t* chunks() const { return reinterpret_cast<const int32_t*>(shared); }
  NETSURF_HD uint32_t* image() const { return reinterpret_cast<uint32_t*>(shared + memory); }
};

/// A number of which the low bits are stored: `extension` bits above them repeat its sign.
NETSURF_HD inline int32_t extended(uint32_t stored, int extension) {
  return static_cast<int32_t>(stored << extension) >> extension;
}

/// What a channel adds to its products.
NETSURF_HD inline int32_t bias_of(const FusedStage& stage, uint32_t stored) {
  return extended(stored, stage.bias_extension) << stage.bias_shift;
}

/// A sum before it is requantized.
NETSURF_HD inline int32_t summed(const FusedStage& stage, int32_t products, int32_t bias) {
  return static_cast<int32_t>(static_cast<uint32_t>(products) * static_cast<uint32_t>(stage.product_factor) +
                              static_cast<uint32_t>(bias));
}

NETSURF_HD inline int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }
NETSURF_HD inline int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

/// What a lane's channels of a pass add to their products; the requantizer's offset is in it.
template <int kColumnTiles, FusedEnding kEnding>
struct PassConstants {
  int32_t bias[kColumnTiles][2];
};
/// In 64 bits: what products are multiplied by, and what is added then.
template <int kColumnTiles>
struct WidePassConstants {
  int32_t factor[kColumnTiles][2];
  int64_t constant[kColumnTiles][2];
};
template <int kColumnTiles>
struct PassConstants<kColumnTiles, FusedEnding::scaled> : WidePassConstants<kColumnTiles> {};
template <int kColumnTiles>
struct PassConstants<kColumnTiles, FusedEnding::planes> : WidePassConstants<kColumnTiles> {};

constexpr bool is_wide(FusedEnding ending) {
  return ending == FusedEnding::scaled || ending == FusedEnding::planes;
}

template <int kColumnTiles, FusedEnding kEnding, class Warp>
NETSURF_HD_INLINE void load_constants(
    Warp& warp, const FusedStage& stage, const TeamPlace& place, int first_channel,
    typename Warp::template Lanes<PassConstants<kColumnTiles, kEnding>>& constants) {
  struct alignas(8) Two {
    uint32_t at[2];
  };
  warp.each_lane([&](int lane) {
    auto stored = [&](int words, int tile) {
      return reinterpret_cast<const Two*>(place.image() + words + first_channel)[4 * tile + lane % 4];
    };
    PassConstants<kColumnTiles, kEnding>& mine = constants[lane];
    NETSURF_UNROLL
    for (int tile = 0; tile < kColumnTiles; ++tile) {
      const Two biases = stored(stage.bias, tile);
      if constexpr (is_wide(kEnding)) {
        Two scales = {{1, 1}}, shifts = {{0, 0}};
        if (stage.scales) {
          scales = stored(stage.scale, tile);
          shifts = stored(stage.shift, tile);
        }
        NETSURF_UNROLL
        for (int i = 0; i < 2; ++i) {
          const int32_t scale = extended(scales.at[i], stage.scale_extension) << stage.scale_shift;
          const int64_t shift = int64_t{extended(shifts.at[i], stage.shift_extension)} << stage.shift_shift;
          mine.factor[tile][i] = scale * stage.product_factor;
          mine.constant[tile][i] =
              int64_t{scale} * bias_of(stage, biases.at[i]) + shift + stage.wide_quick.offset;
        }
      } else {
        NETSURF_UNROLL
        for (int i = 0; i < 2; ++i) {
          mine.bias[tile][i] = bias_of(stage, biases.at[i]);
          if constexpr (kEnding == FusedEnding::codes) mine.bias[tile][i] += stage.quick.offset;
        }
      }
    }
  });
}

/// The one of a channel's products at the four pixels of a pool whose code is the largest.
template <int kColumnTiles, FusedEnding kEnding>
NETSURF_HD_INLINE int32_t pooled(const FusedStage& stage,
                                 const PassConstants<kColumnTiles, kEnding>& constants,
                                 const int32_t (&at)[2][kColumnTiles][4], int tile, int i) {
  if constexpr (is_wide(kEnding)) {
    if (stage.turns && constants.factor[tile][i] < 0)
      return smaller(smaller(at[0][tile][i], at[0][tile][i + 2]),
                     smaller(at[1][tile][i], at[1][tile][i + 2]));
  }
  return larger(larger(at[0][tile][i], at[0][tile][i + 2]), larger(at[1][tile][i], at[1][tile][i + 2]));
}

/// Puts out what a lane has of one octet: of every tile two neighbouring channels of one sample, the first
/// tile's at `cell`.
template <int kColumnTiles, FusedEnding kEnding, class Warp>
NETSURF_HD_INLINE void put_octet(Warp& warp, const FusedStage& stage, uint8_t* cell, int channel,
                                 const PassConstants<kColumnTiles, kEnding>& constants,
                                 const int32_t (&products)[kColumnTiles][2]) {
  constexpr bool kPutsCodes = kEnding == FusedEnding::codes || is_wide(kEnding);
  core::QuickRequantizer quick = stage.quick;
  core::QuickRequantizerOf<int64_t> wide_quick = stage.wide_quick;
  quick.offset = 0;  // in the constants
  wide_quick.offset = 0;
  const int num_channels = stage.num_channels;
  NETSURF_UNROLL
  for (int tile = 0; tile < kColumnTiles; ++tile) {
    int32_t two[2];
    NETSURF_UNROLL
    for (int i = 0; i < 2; ++i) {
      if constexpr (is_wide(kEnding)) {
        two[i] = core::requantize_quickly(
            int64_t{products[tile][i]} * constants.factor[tile][i] + constants.constant[tile][i], wide_quick);
      } else {
        const int32_t sum = summed(stage, products[tile][i], constants.bias[tile][i]);
        if constexpr (kEnding == FusedEnding::codes) {
          two[i] = core::requantize_quickly(sum, quick);
        } else if constexpr (kEnding == FusedEnding::scores) {
          two[i] = sum;
        } else {
          two[i] = stage.finishes ? core::requantize_plainly(sum, stage.finish) : sum;
        }
      }
    }
    if (kPutsCodes || (kEnding == FusedEnding::any && !stage.is_last)) {
      *reinterpret_cast<uint16_t*>(cell + 8 * tile) = warp.low_bytes(two[0], two[1]);
      if constexpr (kEnding == FusedEnding::planes)
        *reinterpret_cast<uint16_t*>(cell + stage.output_plane + 8 * tile) =
            warp.low_bytes(two[0] >> 8, two[1] >> 8);
    } else {
      auto* scores = reinterpret_cast<int32_t*>(cell);
      if (channel + 8 * tile < num_channels) scores[8 * tile] = two[0];
      if (channel + 8 * tile + 1 < num_channels) scores[8 * tile + 1] = two[1];
    }
  }
}

template <int kColumnTiles, FusedEnding kEnding, class Warp>
NETSURF_HD_INLINE void put_out(
    Warp& warp, const FusedStage& stage, const TeamPlace& place, int group, int first_channel,
    const typename Warp::template Lanes<uint32_t>& cells,
    const typename Warp::template Lanes<PassConstants<kColumnTiles, kEnding>>& constants,
    const typename Warp::template Lanes<GroupSums<kColumnTiles>>& sums) {
  const int cell_bytes = stage.is_last ? 4 : 1;
  warp.each_lane([&](int lane) {
    // Of elements 0 and 1 of matrix 0 sample lane / 4 of the first octet; elements 2 and 3 are the second's,
    // matrix 1 has two more.
    const int32_t(&at)[2][kColumnTiles][4] = sums[lane].at;
    const int channel = first_channel + 2 * (lane % 4);
    auto cell = [&](int octet) { return place.shared + cells[lane] + stage.cells[octet] * cell_bytes; };
    int32_t products[kColumnTiles][2];
    if (stage.pools) {
      NETSURF_UNROLL
      for (int tile = 0; tile < kColumnTiles; ++tile) {
        NETSURF_UNROLL
        for (int i = 0; i < 2; ++i)
          products[tile][i] = pooled<kColumnTiles, kEnding>(stage, constants[lane], at, tile, i);
      }
      put_octet<kColumnTiles, kEnding>(warp, stage, cell(group), channel, constants[lane], products);
      return;
    }
    NETSURF_UNROLL
    for (int octet = 0; octet < kGroupOctets; ++octet) {
      NETSURF_UNROLL
      for (int tile = 0; tile < kColumnTiles; ++tile) {
        NETSURF_UNROLL
        for (int i = 0; i < 2; ++i) products[tile][i] = at[octet / 2][tile][octet % 2 * 2 + i];
      }
      put_octet<kColumnTiles, kEnding>(warp, stage, cell(group * kGroupOctets + octet), channel,
                                       constants[lane], products);
    }
  });
}

}  // namespace netsurf::cuda
