// The delta path's work, written against teams and warps as fused_body.h is.
#pragma once

#include <bit>

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

/// Where the first layer's code of a channel and a position goes.
NETSURF_HD inline uint8_t* cell_of(const DeltaNetwork& network, const TeamPlace& place, int position,
                                   int channel) {
  const FusedStage& stage = network.fused.stages[0];
  const int sample = sample_of_position(position);
  return place.shared + place.memory + stage.output + stage.cells[sample / kOctet] +
         sample % kOctet * stage.cell_stride + channel;
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
    for (int i = thread; i < network.num_inputs * kDeltaSamples; i += num_threads) {
      int input = i % network.num_inputs, position = i / network.num_inputs;
      int64_t sample = first + sample_of_position(position);
      shared[fused.tile + input * kDeltaSamples + position] =
          sample < fused.num_samples ? fused.samples[sample * network.num_inputs + input] : 0;
    }
    for (int i = thread; i < num_codes; i += num_threads) {
      products[i] = network.clean_products[static_cast<int64_t>(tile) * num_codes + i];
      int32_t bias = bias_of(stage, fused.image[stage.bias + i / kDeltaSamples]);
      shared[network.codes + i] = static_cast<uint8_t>(finished(stage, products[i], bias));
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
      auto* notes = reinterpret_cast<DeltaNotes*>(shared + place.memory + network.notes);
      for (int i = thread; i < 2 * 32 * kMaxDirtyWords; i += num_threads)
        notes->first[i / (32 * kMaxDirtyWords)][i % (32 * kMaxDirtyWords)] = ~uint32_t{0};
    }
  });
}

/// The entry of a patch of the first layer's kernel.
NETSURF_HD inline DeltaEntry entry_of(const DeltaNetwork& network, uint32_t patch) {
  const int stride = network.fused.stages[0].kernel_stride;
  const auto place = static_cast<int>(patch >> 8) - network.first_kernel_byte;
  DeltaEntry entry;
  entry.channel = static_cast<uint16_t>(place / stride);
  entry.input = static_cast<uint16_t>(place % stride);
  entry.operand = network.kernel[place];
  entry.mask = static_cast<uint8_t>(patch);
  return entry;
}

/// Inverts the bits of a lane that the team holds and notes what hits the first layer; `side` is that of the
/// notes, or -1 to put bits back.
template <class Warp>
NETSURF_HD void note_flips(Warp& warp, const DeltaNetwork& network, const TeamPlace& place, DeltaNotes& notes,
                           const PackedLists& lists, int lane_of_batch, int side) {
  const FusedStage& stage = network.fused.stages[0];
  const uint64_t begin = lists.offset[lane_of_batch], end = lists.offset[lane_of_batch + 1];
  const auto stride = static_cast<uint64_t>(warp.count() * 32);
  warp.each_lane([&](int lane) {
    for (uint64_t i = begin + static_cast<uint64_t>(warp.index() * 32 + lane); i < end; i += stride) {
      const uint32_t patch = lists.patches[i];
      const auto byte = static_cast<int>(patch >> 8);
      if (byte < network.first_kernel_byte) {
        warp.exclusive_or(place.image() + byte / 4, (patch & 0xFF) << (8 * (byte % 4)));
        const int channel = byte / 4 - stage.bias;
        if (side >= 0 && i - begin < kMaxEntries) notes.entries[i - begin].channel = kNoChannel;
        if (side >= 0 && channel >= 0 && channel < stage.num_channels)
          warp.set_bits(&notes.dirty[side][channel / 32], uint32_t{1} << channel % 32);
      } else if (side >= 0) {
        const DeltaEntry entry = entry_of(network, patch);
        const auto at = static_cast<uint32_t>(i - begin);
        if (at < kMaxEntries) notes.entries[at] = entry;
        warp.set_bits(&notes.dirty[side][entry.channel / 32], uint32_t{1} << entry.channel % 32);
        warp.lower(&notes.first[side][entry.channel], at);
      }
    }
  });
}

/// The first layer's codes of one channel with the lane's flips, from the clean products.
template <class Warp>
NETSURF_HD void correct_channel(Warp& warp, const DeltaNetwork& network, const TeamPlace& place,
                                const DeltaNotes& notes, int side, const PackedLists& lists,
                                int lane_of_batch, int channel) {
  struct Sums {
    int32_t at[4];
  };
  const FusedStage& stage = network.fused.stages[0];
  const uint64_t begin = lists.offset[lane_of_batch];
  const auto count = static_cast<uint32_t>(lists.offset[lane_of_batch + 1] - begin);
  const auto* products =
      reinterpret_cast<const Sums*>(place.shared + network.products) + channel * (kDeltaSamples / 4);
  typename Warp::template Lanes<Sums> sums;
  warp.each_lane([&](int lane) { sums[lane] = products[lane]; });
  auto entry_at = [&](uint32_t i) {
    if (i < kMaxEntries) return notes.entries[i];
    return entry_of(network, lists.patches[begin + i]);
  };
  auto is_mine = [&](uint32_t i) {
    if (i >= count) return false;
    if (i >= kMaxEntries && static_cast<int>(lists.patches[begin + i] >> 8) < network.first_kernel_byte)
      return false;
    return entry_at(i).channel == channel;
  };
  for (uint32_t i = notes.first[side][channel]; is_mine(i);) {
    const DeltaEntry entry = entry_at(i);
    uint8_t mask = entry.mask;
    for (++i; is_mine(i) && entry_at(i).input == entry.input; ++i) mask ^= entry_at(i).mask;
    const int32_t difference =
        static_cast<int8_t>(static_cast<uint8_t>(entry.operand ^ mask)) - static_cast<int8_t>(entry.operand);
    const auto* column =
        reinterpret_cast<const uint32_t*>(place.shared + place.tile + entry.input * kDeltaSamples);
    warp.each_lane([&](int lane) {
      const uint32_t four = column[lane];
      NETSURF_UNROLL
      for (int j = 0; j < 4; ++j)
        sums[lane].at[j] += difference * read_code(stage, static_cast<uint8_t>(four >> 8 * j));
    });
  }
  const int32_t bias = bias_of(stage, place.image()[stage.bias + channel]);
  warp.each_lane([&](int lane) {
    NETSURF_UNROLL
    for (int j = 0; j < 4; ++j)
      *cell_of(network, place, 4 * lane + j, channel) =
          static_cast<uint8_t>(finished(stage, sums[lane].at[j], bias));
  });
}

template <class Warp>
NETSURF_HD void restore_channel(Warp& warp, const DeltaNetwork& network, const TeamPlace& place,
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
template <class Warp>
NETSURF_HD void correct(Warp& warp, const DeltaNetwork& network, const TeamPlace& place,
                        const DeltaNotes& notes, int side, const PackedLists& lists, int lane_of_batch) {
  int turn = 0;
  for (int word = 0; word < kMaxDirtyWords; ++word) {
    const uint32_t now = notes.dirty[side][word];
    for (uint32_t left = now | notes.dirty[1 - side][word]; left != 0; left &= left - 1, ++turn) {
      if (turn % warp.count() != warp.index()) continue;
      const int bit = std::countr_zero(left), channel = 32 * word + bit;
      if ((now >> bit & 1) != 0) {
        correct_channel(warp, network, place, notes, side, lists, lane_of_batch, channel);
      } else {
        restore_channel(warp, network, place, channel);
      }
    }
  }
}

/// Makes the notes of the lane before ready for the next one.
template <class Warp>
NETSURF_HD void clear_notes(Warp& warp, DeltaNotes& notes, int side) {
  warp.each_lane([&](int lane) {
    const int thread = warp.index() * 32 + lane, stride = warp.count() * 32;
    for (int i = thread; i < 32 * kMaxDirtyWords; i += stride) notes.first[side][i] = ~uint32_t{0};
    for (int i = thread; i < kMaxDirtyWords; i += stride) notes.dirty[side][i] = 0;
  });
}

/// As run_lanes of fused_body.h.
template <class Team>
NETSURF_HD_INLINE void run_delta_lanes(Team& team, const DeltaNetwork& network, const TeamPlace& place,
                                const TeamShare& share, const FusedBatch& batch) {
  const FusedNetwork& fused = network.fused;
  const int64_t first_sample = static_cast<int64_t>(share.tile) * kDeltaSamples;
  auto& notes = *reinterpret_cast<DeltaNotes*>(place.shared + place.memory + network.notes);
  int side = 0;
  for (int lane = share.first_lane; lane < batch.lists.num_lanes; lane += share.stride, side = 1 - side) {
    team.each_warp([&](auto& warp) {
      if (lane != share.first_lane)
        note_flips(warp, network, place, notes, batch.lists, lane - share.stride, -1);
      note_flips(warp, network, place, notes, batch.lists, lane, side);
    });
    team.wait();
    team.each_warp([&](auto& warp) { correct(warp, network, place, notes, side, batch.lists, lane); });
    team.wait();
    for (int i = 1; i < fused.num_stages; ++i) {
      team.each_warp([&](auto& warp) {
        if (i == 1) clear_notes(warp, notes, 1 - side);
        run_stage(warp, fused.stages[i], place);
      });
      team.wait();
    }
    const int64_t part = (static_cast<int64_t>(lane) * share.num_tiles + share.tile) * fused.num_warps;
    team.each_warp([&](auto& warp) {
      count(warp, fused, place, first_sample, batch.score, batch.parts[part + warp.index()]);
    });
  }
}

}  // namespace netsurf::cuda
