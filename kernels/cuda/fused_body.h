// The fused path's work, written against teams and warps: DeviceTeam runs it on the device, HostTeam in
// tests.
#pragma once

#include "kernels/cuda/fused_units.h"

namespace netsurf::cuda {

/// The patches of one lane.
struct LanePatches {
  const uint32_t* patches = nullptr;
  uint32_t count = 0;

  LanePatches() = default;
  NETSURF_HD LanePatches(const PackedLists& lists, int lane)
      : patches(lists.patches + lists.offset[lane]),
        count(static_cast<uint32_t>(lists.offset[lane + 1] - lists.offset[lane])) {}
};

constexpr uint32_t kPatchesAtOnce = 8;  // that each lane of a warp fetches before it applies the first

/// Inverts the bits of a lane, or puts them back. Memory is far away, so several patches are on their way at
/// a time; a warp takes runs of them, so that their addresses differ by constants. Behind the last come
/// patches of no bits in as many words, which cost less than to ask.
template <class Warp>
NETSURF_HD_INLINE void flip(Warp& warp, const LanePatches& lane_patches, uint32_t* image) {
  constexpr uint32_t kRun = 32 * kPatchesAtOnce;
  const uint32_t count = lane_patches.count;
  warp.each_lane([&](int lane) {
    for (uint32_t begin = static_cast<uint32_t>(warp.index()) * kRun + static_cast<uint32_t>(lane);
         begin < count; begin += static_cast<uint32_t>(warp.count()) * kRun) {
      const uint32_t* from = lane_patches.patches + begin;
      uint32_t patches[kPatchesAtOnce];
      NETSURF_UNROLL
      for (uint32_t i = 0; i < kPatchesAtOnce; ++i)
        patches[i] = begin + 32 * i < count ? from[32 * i] : static_cast<uint32_t>(lane) << 10;
      NETSURF_UNROLL
      for (uint32_t i = 0; i < kPatchesAtOnce; ++i)
        warp.exclusive_or(image + (patches[i] >> 10), (patches[i] & 0xFF) << (patches[i] >> 5 & 24));
    }
  });
}

/// Asks for a lane's patches before they are needed: one line of memory each thread.
template <class Warp>
NETSURF_HD_INLINE void fetch_ahead(Warp& warp, const LanePatches& lane_patches) {
  constexpr uint32_t kLine = 32;  // patches
  warp.each_lane([&](int lane) {
    const auto stride = static_cast<uint32_t>(warp.count()) * 32 * kLine;
    for (uint32_t i = (static_cast<uint32_t>(warp.index()) * 32 + static_cast<uint32_t>(lane)) * kLine;
         i < lane_patches.count; i += stride)
      warp.prefetch(lane_patches.patches + i);
  });
}

/// What the tile's samples are without faults, in shared memory.
struct CleanTile {
  int32_t *codes = nullptr, *predictions = nullptr, *labels = nullptr;

  NETSURF_HD CleanTile(uint8_t* shared, const FusedNetwork& network)
      : codes(reinterpret_cast<int32_t*>(shared + network.clean)),
        predictions(codes + network.tile_samples * network.num_scores),
        labels(predictions + network.tile_samples) {}
};

/// Counts the tile's samples that are this warp's; `first` is the tile's first.
template <class Warp>
NETSURF_HD void count(Warp& warp, const FusedNetwork& network, const TeamPlace& place, int64_t first,
                      const ScoreData& data, LaneCounts& part) {
  const int32_t* scores = reinterpret_cast<const int32_t*>(place.shared + place.memory + network.scores);
  const CleanTile clean(place.shared, network);
  typename Warp::template Lanes<LaneCounts> mine{};
  warp.each_lane([&](int lane) {
    for (int s = warp.index() * 32 + lane; s < network.tile_samples; s += warp.count() * 32) {
      if (first + s >= network.num_samples) continue;
      const int at = s * network.num_scores;
      score_codes(scores + at, 1, clean.codes + at, clean.predictions[s], clean.labels[s], first + s, data,
                  mine[lane]);
    }
  });
  warp.put_sum(mine, data.with_loss, part);
}

/// Fills the clean tile, for one thread of num_threads.
NETSURF_HD inline void fill_clean(const FusedNetwork& network, const ScoreData& data, int64_t first,
                                  uint8_t* shared, int thread, int num_threads) {
  const CleanTile clean(shared, network);
  for (int i = thread; i < network.tile_samples * network.num_scores; i += num_threads) {
    bool is_there = first + i / network.num_scores < network.num_samples;
    clean.codes[i] = is_there ? static_cast<int32_t>(data.clean_codes[first * network.num_scores + i]) : 0;
  }
  for (int s = thread; s < network.tile_samples; s += num_threads) {
    bool is_there = data.labels != nullptr && first + s < network.num_samples;
    clean.predictions[s] = is_there ? data.clean_predictions[first + s] : 0;
    clean.labels[s] = is_there ? data.labels[first + s] : 0;
  }
}

/// Fills every team's memory: the clean image, zeros. For one thread of num_threads.
NETSURF_HD inline void fill_teams(const FusedNetwork& network, uint8_t* shared, int thread, int num_threads) {
  for (int team = 0; team < network.num_teams; ++team) {
    auto* memory = reinterpret_cast<uint32_t*>(shared + network.teams + team * network.team_bytes);
    for (int i = thread; i < network.team_bytes / 4; i += num_threads)
      memory[i] = i < network.image_words ? network.image[i] : 0;
  }
}

/// Fills the tile, for one thread of num_threads: a warp a sample, its lanes the sample's bytes.
NETSURF_HD inline void fill_tile(const FusedNetwork& network, int64_t first, uint8_t* shared, int thread,
                                 int num_threads) {
  uint8_t* tile = shared + network.tile;
  for (int s = thread / 32; s < network.tile_samples; s += num_threads / 32) {
    const bool is_there = first + s < network.num_samples;
    const uint8_t* sample = network.samples + (first + s) * network.sample_elements;
    for (int byte = thread % 32; byte < network.sample_bytes; byte += 32) {
      const int source = is_there && byte < network.filled_bytes ? network.sources[byte] : -1;
      tile[s * network.sample_bytes + byte] = source >= 0 ? sample[source] : 0;
    }
  }
  for (int i = network.tile_samples * network.sample_bytes + thread; i < network.tile_bytes; i += num_threads)
    tile[i] = 0;  // what strips below the last read
}

/// Fills the block's shared memory. One call for the block, by all its threads.
template <class Block>
NETSURF_HD void prepare_block(Block& block, const FusedNetwork& network, const ScoreData& data, int64_t first,
                              uint8_t* shared) {
  block.each_thread([&](int thread, int num_threads) {
    auto* chunks = reinterpret_cast<int32_t*>(shared);
    for (int i = thread; i < network.num_chunks; i += num_threads) chunks[i] = network.chunks[i];
    fill_tile(network, first, shared, thread, num_threads);
    fill_clean(network, data, first, shared, thread, num_threads);
    fill_teams(network, shared, thread, num_threads);
  });
}

/// Which lanes of a batch a team passes through which tile.
struct TeamShare {
  int tile = 0, num_tiles = 0;
  int first_lane = 0, stride = 0;
};

template <int kMostTiles, bool kHasPlanes, class Team>
NETSURF_HD_INLINE void run_lanes(Team& team, const FusedNetwork& network, const TeamPlace& place,
                                 const TeamShare& share, const FusedBatch& batch) {
  const int64_t first_sample = static_cast<int64_t>(share.tile) * network.tile_samples;
  const int num_lanes = batch.lists.num_lanes;
  LanePatches before, now, next;
  if (share.first_lane < num_lanes) next = LanePatches(batch.lists, share.first_lane);
  for (int lane = share.first_lane; lane < num_lanes; lane += share.stride) {
    before = now;
    now = next;
    next = lane + share.stride < num_lanes ? LanePatches(batch.lists, lane + share.stride) : LanePatches();
    team.each_warp([&](auto& warp) {
      flip(warp, before, place.image());
      flip(warp, now, place.image());
    });
    team.wait();
    for (int i = 0; i < network.num_stages; ++i) {
      team.each_warp(StageBody<kMostTiles, kHasPlanes>{network.stages[i], place});
      if (i == 0) team.each_warp([&](auto& warp) { fetch_ahead(warp, next); });
      team.wait();
    }
    const int64_t part = (static_cast<int64_t>(lane) * share.num_tiles + share.tile) * network.num_warps;
    team.each_warp([&](auto& warp) {
      count(warp, network, place, first_sample, batch.score, batch.parts[part + warp.index()]);
    });
  }
}

}  // namespace netsurf::cuda
