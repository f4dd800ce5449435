// The delta path's work, written against teams and warps as fused_body.h is.
#pragma once

#include "kernels/core/bits.h"
#include "kernels/cuda/delta.h"
#include "kernels/cuda/fused_body.h"

namespace netsurf::cuda {

/// A code as the first layer reads it.
NETSURF_HD inline int32_t read_code(const FusedStage& stage, uint8_t code) {
  return stage.reads_signed ? static_cast<int8_t>(code) : static_cast<int32_t>(code);
}

/// Sum of products of one channel and one sample, without faults.
NETSURF_HD inline int32_t clean_product(const DeltaNetwork& network, int64_t sample, int channel) {
  const FusedStage& stage = network.fused.stages[0];
  if (sample >= network.fused.num_samples) return 0;
  const uint8_t* codes = network.fused.samples + sample * network.num_inputs;
  const uint8_t* kernel = network.kernel + static_cast<int64_t>(channel) * stage.kernel_stride;
  int32_t sum = 0;
  for (int k = 0; k < network.num_inputs; ++k)
    sum += read_code(stage, codes[k]) * static_cast<int8_t>(kernel[k]);
  return sum;
}

/// Where the first layer's code of a channel and a position goes: a dense layer has one cell a sample.
NETSURF_HD inline uint8_t* cell_of(const DeltaNetwork& network, const TeamPlace& place, int position,
                                   int channel) {
  const FusedStage& stage = network.fused.stages[0];
  return place.shared + place.memory + stage.output + sample_of_position(position) * stage.cell_stride +
         channel;
}

NETSURF_HD inline DeltaNotes notes_of(const DeltaNetwork& network, const TeamPlace& place) {
  DeltaNotes notes;
  uint8_t* begin = place.shared + place.memory + network.notes;
  notes.entries = reinterpret_cast<DeltaEntry*>(begin);
  notes.dirty = reinterpret_cast<uint32_t(*)[kMaxDirtyWords]>(
      begin + kMaxEntries * static_cast<int>(sizeof(DeltaEntry)));
  notes.first = notes.dirty[2];
  return notes;
}

/// Fills the tile, for one thread of num_threads: each warp's lanes take inputs side by side, of four samples
/// that a word holds.
NETSURF_HD inline void fill_delta_tile(const DeltaNetwork& network, int64_t first, uint8_t* shared,
                                       int thread, int num_threads) {
  const FusedNetwork& fused = network.fused;
  for (int group = thread / 32; group < kDeltaSamples / 4; group += num_threads / 32) {
    for (int input = thread % 32; input < network.num_inputs; input += 32) {
      uint32_t word = 0;
      NETSURF_UNROLL
      for (int j = 0; j < 4; ++j) {
        const int64_t sample = first + sample_of_position(4 * group + j);
        if (sample < fused.num_samples)
          word |= uint32_t{fused.samples[sample * network.num_inputs + input]} << 8 * j;
      }
      *reinterpret_cast<uint32_t*>(shared + fused.tile + input * kDeltaRowBytes + 4 * group) = word;
    }
  }
}

/// Fills the block's shared memory. One call for the block, by all its threads.
template <class Block>
NETSURF_HD void prepare_delta_block(Block& block, const DeltaNetwork& network, const ScoreData& data,
                                    int tile, uint8_t* shared) {
  const FusedNetwork& fused = network.fused;
  const FusedStage& stage = fused.stages[0];
  const int64_t first = static_cast<int64_t>(tile) * kDeltaSamples;
  const int num_codes = stage.num_channels * kDeltaSamples;
  auto* products = reinterpret_cast<int32_t*>(shared + network.products);
  block.each_thread([&](int thread, int num_threads) {
    auto* chunks = reinterpret_cast<int32_t*>(shared);
    for (int i = thread; i < fused.num_chunks; i += num_threads) chunks[i] = fused.chunks[i];
    fill_delta_tile(network, first, shared, thread, num_threads);
    for (int i = thread; i < num_codes; i += num_threads) {
      products[i] = network.clean_products[static_cast<int64_t>(tile) * num_codes + i];
      int32_t bias = bias_of(stage, fused.image[stage.bias + i / kDeltaSamples]);
      shared[network.codes + i] =
          static_cast<uint8_t>(core::requantize_quickly(summed(stage, products[i], bias), stage.quick));
    }
    fill_clean(fused, data, first, shared, thread, num_threads);
    fill_teams(fused, shared, thread, num_threads);
  });
  block.each_thread([&](int thread, int num_threads) {
    for (int team = 0; team < fused.num_teams; ++team) {
      const TeamPlace place{shared, static_cast<uint32_t>(fused.tile),
                            static_cast<uint32_t>(fused.teams + team * fused.team_bytes)};
      for (int i = thread; i < num_codes; i += num_threads)
        *cell_of(network, place, i % kDeltaSamples, i / kDeltaSamples) = shared[network.codes + i];
      const DeltaNotes notes = notes_of(network, place);
      for (int i = thread; i < 2 * stage.num_channels; i += num_threads) notes.first[i] = ~uint32_t{0};
    }
  });
}

/// The entry of a patch, of the first layer's kernel or not.
NETSURF_HD inline DeltaEntry entry_of(const DeltaNetwork& network, uint32_t patch) {
  DeltaEntry entry;
  const auto place = static_cast<int>(patch >> 8) - network.first_kernel_byte;
  if (place < 0) return entry;
  const int stride = network.fused.stages[0].kernel_stride;
  entry.where = static_cast<uint32_t>(place / stride) << 16 | static_cast<uint32_t>(place % stride);
  entry.what = (patch & 0xFF) << 8 | network.kernel[place];
  return entry;
}

/// Inverts the bits of a lane that the team holds.
template <class Warp>
NETSURF_HD_INLINE void flip_held(Warp& warp, const DeltaNetwork& network, const TeamPlace& place,
                                 const LanePatches& list) {
  const auto stride = static_cast<uint32_t>(warp.count() * 32);
  warp.each_lane([&](int lane) {
    for (auto i = static_cast<uint32_t>(warp.index() * 32 + lane); i < list.count; i += stride) {
      const uint32_t patch = list.patches[i];
      if (static_cast<int>(patch >> 8) < network.first_kernel_byte)
        warp.exclusive_or(place.image() + (patch >> 10), (patch & 0xFF) << (patch >> 5 & 24));
    }
  });
}

/// Notes which channels of the first layer a lane hits, and by what.
template <class Warp>
NETSURF_HD_INLINE void note_hits(Warp& warp, const DeltaNetwork& network, const DeltaNotes& notes,
                                 const LanePatches& list, int side) {
  const FusedStage& stage = network.fused.stages[0];
  const auto stride = static_cast<uint32_t>(warp.count() * 32);
  warp.each_lane([&](int lane) {
    const auto first = static_cast<uint32_t>(warp.index() * 32 + lane);
    for (uint32_t i = first; i < list.count; i += stride) {
      const uint32_t patch = list.patches[i];
      const DeltaEntry entry = entry_of(network, patch);
      if (i < kMaxEntries) notes.entries[i] = entry;
      int channel = static_cast<int>(patch >> 10) - stage.bias;
      if (entry.channel() != kNoChannel) {
        channel = static_cast<int>(entry.channel());
        warp.lower(notes.first + side * stage.num_channels + channel, i);
      }
      if (channel >= 0 && channel < stage.num_channels)
        warp.set_bits(&notes.dirty[side][channel / 32], uint32_t{1} << channel % 32);
    }
    if (first == 0 && list.count < kMaxEntries) notes.entries[list.count] = DeltaEntry();
  });
}

/// What a lane of a warp has of a channel: four samples.
struct alignas(16) FourSums {
  int32_t at[4];
};

/// Adds what a channel's entries change to its products.
template <bool kSigned, class Warp>
NETSURF_HD_INLINE void add_entries(Warp& warp, const DeltaNetwork& network, const TeamPlace& place,
                                   const DeltaNotes& notes, int side, const LanePatches& list, int channel,
                                   typename Warp::template Lanes<FourSums>& sums) {
  const uint8_t* tile = place.shared + place.tile;
  auto entry_at = [&](uint32_t i) {
    if (i < kMaxEntries) return notes.entries[i];
    return i < list.count ? entry_of(network, list.patches[i]) : DeltaEntry();
  };
  uint32_t i = notes.first[side * network.fused.stages[0].num_channels + channel];
  DeltaEntry entry = entry_at(i);
  while (entry.channel() == static_cast<uint32_t>(channel)) {
    DeltaEntry next = entry_at(++i);
    while (next.where == entry.where) {
      entry.add_mask_of(next);
      next = entry_at(++i);
    }
    const int32_t difference = entry.difference();
    const auto* column = reinterpret_cast<const uint32_t*>(tile + entry.input() * kDeltaRowBytes);
    warp.each_lane([&](int lane) {
      const uint32_t four = column[lane];
      NETSURF_UNROLL
      for (int j = 0; j < 4; ++j) {
        const auto code = static_cast<uint8_t>(four >> 8 * j);
        sums[lane].at[j] += difference * (kSigned ? static_cast<int8_t>(code) : static_cast<int32_t>(code));
      }
    });
    entry = next;
  }
}

/// The first layer's codes of one channel with the lane's flips, from the clean products.
template <bool kSigned, class Warp>
NETSURF_HD_INLINE void correct_channel(Warp& warp, const DeltaNetwork& network, const TeamPlace& place,
                                       const DeltaNotes& notes, int side, const LanePatches& list,
                                       int channel) {
  const FusedStage& stage = network.fused.stages[0];
  const auto* products = reinterpret_cast<const FourSums*>(place.shared + network.products) + channel * 32;
  typename Warp::template Lanes<FourSums> sums;
  warp.each_lane([&](int lane) { sums[lane] = products[lane]; });
  add_entries<kSigned>(warp, network, place, notes, side, list, channel, sums);
  core::QuickRequantizer quick = stage.quick;
  const int32_t bias = bias_of(stage, place.image()[stage.bias + channel]) + quick.offset;
  quick.offset = 0;
  warp.each_lane([&](int lane) {
    NETSURF_UNROLL
    for (int j = 0; j < 4; ++j)
      *cell_of(network, place, 4 * lane + j, channel) =
          static_cast<uint8_t>(core::requantize_quickly(summed(stage, sums[lane].at[j], bias), quick));
  });
}

template <class Warp>
NETSURF_HD_INLINE void restore_channel(Warp& warp, const DeltaNetwork& network, const TeamPlace& place,
                                       int channel) {
  const auto* codes =
      reinterpret_cast<const uint32_t*>(place.shared + network.codes + channel * kDeltaSamples);
  warp.each_lane([&](int lane) {
    const uint32_t four = codes[lane];
    NETSURF_UNROLL
    for (int j = 0; j < 4; ++j)
      *cell_of(network, place, 4 * lane + j, channel) = static_cast<uint8_t>(four >> 8 * j);
  });
}

/// This lane's channels corrected, those of the lane before alone restored; the warps take turns.
template <bool kSigned, class Warp>
NETSURF_HD_INLINE void correct(Warp& warp, const DeltaNetwork& network, const TeamPlace& place,
                               const DeltaNotes& notes, int side, const LanePatches& list) {
  int turn = 0;
  for (int first = 0; first < network.fused.stages[0].num_channels; first += 32) {
    const uint32_t now = notes.dirty[side][first / 32], all = now | notes.dirty[1 - side][first / 32];
    uint32_t mine = warp.ballot([&](int lane) {
      const int before = core::num_set_bits(all & ((uint32_t{1} << lane) - 1));
      return (all >> lane & 1) != 0 && (turn + before) % kDeltaWarps == warp.index();
    });
    turn += core::num_set_bits(all);
    for (; mine != 0; mine &= mine - 1) {
      const int bit = core::lowest_bit(mine);
      if ((now >> bit & 1) != 0) {
        correct_channel<kSigned>(warp, network, place, notes, side, list, first + bit);
      } else {
        restore_channel(warp, network, place, first + bit);
      }
    }
  }
}

/// Makes the notes of the lane before ready for the next one.
template <class Warp>
NETSURF_HD_INLINE void clear_notes(Warp& warp, int num_channels, const DeltaNotes& notes, int side) {
  warp.each_lane([&](int lane) {
    const int thread = warp.index() * 32 + lane, stride = warp.count() * 32;
    for (int i = thread; i < num_channels; i += stride) notes.first[side * num_channels + i] = ~uint32_t{0};
    if (thread < kMaxDirtyWords) notes.dirty[side][thread] = 0;
  });
}

/// As run_lanes of fused_body.h.
template <class Team>
NETSURF_HD_INLINE void run_delta_lanes(Team& team, const DeltaNetwork& network, const TeamPlace& place,
                                       const TeamShare& share, const FusedBatch& batch) {
  const FusedNetwork& fused = network.fused;
  const FusedStage& stage = fused.stages[0];
  const int64_t first_sample = static_cast<int64_t>(share.tile) * kDeltaSamples;
  const int num_lanes = batch.lists.num_lanes;
  const DeltaNotes notes = notes_of(network, place);
  LanePatches before, now, next;
  if (share.first_lane < num_lanes) next = LanePatches(batch.lists, share.first_lane);
  int side = 0;
  for (int lane = share.first_lane; lane < num_lanes; lane += share.stride, side = 1 - side) {
    before = now;
    now = next;
    next = lane + share.stride < num_lanes ? LanePatches(batch.lists, lane + share.stride) : LanePatches();
    team.each_warp([&](auto& warp) {
      flip_held(warp, network, place, before);
      flip_held(warp, network, place, now);
      note_hits(warp, network, notes, now, side);
    });
    team.wait();
    team.each_warp([&](auto& warp) {
      fetch_ahead(warp, next);
      if (stage.reads_signed) {
        correct<true>(warp, network, place, notes, side, now);
      } else {
        correct<false>(warp, network, place, notes, side, now);
      }
    });
    team.wait();
    for (int i = 1; i < fused.num_stages; ++i) {
      if (i == 1) team.each_warp([&](auto& warp) { clear_notes(warp, stage.num_channels, notes, 1 - side); });
      team.each_warp(StageBody<kNarrowTiles, false>{fused.stages[i], place});
      team.wait();
    }
    const int64_t part = (static_cast<int64_t>(lane) * share.num_tiles + share.tile) * fused.num_warps;
    team.each_warp([&](auto& warp) {
      count(warp, fused, place, first_sample, batch.score, batch.parts[part + warp.index()]);
    });
  }
}

}  // namespace netsurf::cuda
