// The fused path's work, written against teams and warps: DeviceTeam runs it on the device, HostTeam in
// tests.
#pragma once

#include "kernels/cuda/fused_ending.h"

namespace netsurf::cuda {

/// The operands of one step: two matrices of rows, and the channels in pairs of tiles.
template <int kColumnTiles, class Warp>
struct StepOperands {
  typename Warp::template Lanes<typename Warp::Four> rows[2], kernel[kColumnTiles / 2];
};

/// Where the lanes of a warp find a unit's operands, in bytes of shared memory.
template <class Warp>
struct UnitPlaces {
  typename Warp::template Lanes<uint32_t> rows[2], kernel;
  typename Warp::template Lanes<uint32_t> chunk;  // of the step to load next, from `rows`
};

/// What does not change between the units of a pass: where a lane's rows and cells would be if their octets
/// began at 0, and its part of the kernel.
template <class Warp>
struct PassPlaces {
  typename Warp::template Lanes<uint32_t> row, kernel, cell;
};

template <class Warp>
NETSURF_HD_INLINE void find_pass(Warp& warp, const FusedStage& stage, const TeamPlace& place,
                                 int first_channel, PassPlaces<Warp>& at) {
  const uint32_t input = (stage.reads_tile ? place.tile : place.memory) + static_cast<uint32_t>(stage.input);
  warp.each_lane([&](int lane) {
    // Strips: four bytes of sample lane / 4; else 16 of sample lane % 8.
    at.row[lane] = input + static_cast<uint32_t>(stage.strip_step > 0 ? lane / 4 * stage.row_stride +
                                                                            lane % 4 * stage.strip_step
                                                                      : lane % 8 * stage.row_stride);
    const int channel = first_channel + lane / 16 * 8 + lane % 8;
    at.kernel[lane] = place.memory + static_cast<uint32_t>(stage.kernel + channel * stage.kernel_stride +
                                                           lane / 8 % 2 * kChunkBytes);
    const int cell = lane / 4 * stage.cell_stride + first_channel + 2 * (lane % 4);
    at.cell[lane] = place.memory + static_cast<uint32_t>(stage.output + (stage.is_last ? 4 : 1) * cell);
  });
}

template <class Warp>
NETSURF_HD_INLINE void read_chunk(Warp& warp, const FusedStage& stage, const TeamPlace& place, int step,
                                  UnitPlaces<Warp>& from) {
  const int32_t* chunks = place.chunks() + stage.first_chunk + 2 * step;
  warp.each_lane([&](int lane) { from.chunk[lane] = static_cast<uint32_t>(chunks[lane / 16]); });
}

template <int kColumnTiles, class Warp>
NETSURF_HD_INLINE void load_kernel(Warp& warp, const FusedStage& stage, const TeamPlace& place,
                                   const UnitPlaces<Warp>& from, int step,
                                   StepOperands<kColumnTiles, Warp>& to) {
  NETSURF_UNROLL
  for (int pair = 0; pair < kColumnTiles / 2; ++pair) {
    warp.load(to.kernel[pair], place.shared, [&](int lane) {
      return from.kernel[lane] + static_cast<uint32_t>(pair * 16 * stage.kernel_stride + step * kStepBytes);
    });
  }
}

/// Loads a step's operands and looks up where the next step's rows are.
template <int kColumnTiles, class Warp>
NETSURF_HD_INLINE void load_step(Warp& warp, const FusedStage& stage, const TeamPlace& place,
                                 UnitPlaces<Warp>& from, int step, StepOperands<kColumnTiles, Warp>& to) {
  NETSURF_UNROLL
  for (int i = 0; i < 2; ++i)
    warp.load(to.rows[i], place.shared, [&](int lane) { return from.rows[i][lane] + from.chunk[lane]; });
  load_kernel<kColumnTiles>(warp, stage, place, from, step, to);
  read_chunk(warp, stage, place, step + 1, from);
}

/// `kBegins`: the sums are these products alone.
template <int kColumnTiles, bool kSigned, bool kBegins, class Warp>
NETSURF_HD_INLINE void multiply_step(Warp& warp, const StepOperands<kColumnTiles, Warp>& operands,
                                     typename Warp::template Lanes<GroupSums<kColumnTiles>>& sums) {
  NETSURF_UNROLL
  for (int tile = 0; tile < kColumnTiles; ++tile) {
    NETSURF_UNROLL
    for (int i = 0; i < 2; ++i) {
      warp.template multiply<kSigned, kBegins>(
          operands.rows[i], operands.kernel[tile / 2], 2 * (tile % 2),
          [&](int lane) -> int32_t(&)[4] { return sums[lane].at[i][tile]; });
    }
  }
}

/// All steps of a unit; `kBegins`: the sums are these products alone. A step's operands come in while the one
/// before is multiplied.
template <int kColumnTiles, bool kSigned, bool kBegins, class Warp>
NETSURF_HD_INLINE void multiply_all(Warp& warp, const FusedStage& stage, const TeamPlace& place,
                                    UnitPlaces<Warp>& from,
                                    typename Warp::template Lanes<GroupSums<kColumnTiles>>& sums) {
  const int num_steps = stage.num_steps;
  StepOperands<kColumnTiles, Warp> even, odd;
  read_chunk(warp, stage, place, 0, from);
  load_step(warp, stage, place, from, 0, even);
  if (num_steps == 1) {
    multiply_step<kColumnTiles, kSigned, kBegins>(warp, even, sums);
    return;
  }
  load_step(warp, stage, place, from, 1, odd);
  multiply_step<kColumnTiles, kSigned, kBegins>(warp, even, sums);
  int step = 1;  // the odd one
  NETSURF_NO_UNROLL
  for (; step + 2 < num_steps; step += 2) {
    load_step(warp, stage, place, from, step + 1, even);
    multiply_step<kColumnTiles, kSigned, false>(warp, odd, sums);
    load_step(warp, stage, place, from, step + 2, odd);
    multiply_step<kColumnTiles, kSigned, false>(warp, even, sums);
  }
  if (step + 1 == num_steps) {
    multiply_step<kColumnTiles, kSigned, false>(warp, odd, sums);
    return;
  }
  load_step(warp, stage, place, from, step + 1, even);
  multiply_step<kColumnTiles, kSigned, false>(warp, odd, sums);
  multiply_step<kColumnTiles, kSigned, false>(warp, even, sums);
}

/// The products of rows that are strips: one step of half the bytes.
template <int kColumnTiles, bool kSigned, class Warp>
NETSURF_HD_INLINE void multiply_strips(Warp& warp, const FusedStage& stage, const TeamPlace& place,
                                       const UnitPlaces<Warp>& from, const int32_t* octets,
                                       const typename Warp::template Lanes<uint32_t>& row,
                                       typename Warp::template Lanes<GroupSums<kColumnTiles>>& sums) {
  typename Warp::template Lanes<typename Warp::Two> rows[2];
  StepOperands<kColumnTiles, Warp> operands;
  NETSURF_UNROLL
  for (int i = 0; i < 2; ++i) {
    warp.load_half(rows[i], place.shared, [&](int lane, int half) {
      return row[lane] + static_cast<uint32_t>(octets[2 * i + half]);
    });
  }
  load_kernel<kColumnTiles>(warp, stage, place, from, 0, operands);
  NETSURF_UNROLL
  for (int tile = 0; tile < kColumnTiles; ++tile) {
    NETSURF_UNROLL
    for (int i = 0; i < 2; ++i) {
      warp.template multiply_half<kSigned>(rows[i], operands.kernel[tile / 2], 2 * (tile % 2),
                                           [&](int lane) -> int32_t(&)[4] { return sums[lane].at[i][tile]; });
    }
  }
}

/// The products of codes of more than 8 bits: of their high bytes, 256 times, and of their low ones.
template <int kColumnTiles, class Warp>
NETSURF_HD_INLINE void multiply_planes(Warp& warp, const FusedStage& stage, const TeamPlace& place,
                                       UnitPlaces<Warp>& from,
                                       typename Warp::template Lanes<GroupSums<kColumnTiles>>& sums) {
  auto move_rows = [&](int bytes) {
    warp.each_lane([&](int lane) {
      NETSURF_UNROLL
      for (int i = 0; i < 2; ++i) from.rows[i][lane] += static_cast<uint32_t>(bytes);
    });
  };
  move_rows(stage.input_plane);
  multiply_all<kColumnTiles, true, true>(warp, stage, place, from, sums);
  warp.each_lane([&](int lane) {
    NETSURF_UNROLL
    for (int i = 0; i < 2; ++i) {
      NETSURF_UNROLL
      for (int tile = 0; tile < kColumnTiles; ++tile) {
        NETSURF_UNROLL
        for (int element = 0; element < 4; ++element) sums[lane].at[i][tile][element] <<= 8;
      }
    }
  });
  move_rows(-stage.input_plane);
  multiply_all<kColumnTiles, false, false>(warp, stage, place, from, sums);
}

/// One group of octets against the channels of one pass.
template <int kColumnTiles, bool kSigned, bool kPlanes, FusedEnding kEnding, class Warp>
NETSURF_HD_INLINE void run_unit(
    Warp& warp, const FusedStage& stage, const TeamPlace& place, int group, int first_channel,
    const PassPlaces<Warp>& at,
    const typename Warp::template Lanes<PassConstants<kColumnTiles, kEnding>>& constants) {
  UnitPlaces<Warp> from;
  from.kernel = at.kernel;
  const int32_t* octets = stage.rows + group * kGroupOctets;
  typename Warp::template Lanes<GroupSums<kColumnTiles>> sums;
  if (!kPlanes && stage.strip_step > 0) {
    multiply_strips<kColumnTiles, kSigned>(warp, stage, place, from, octets, at.row, sums);
  } else {
    warp.each_lane([&](int lane) {
      NETSURF_UNROLL
      for (int i = 0; i < 2; ++i)
        from.rows[i][lane] = at.row[lane] + static_cast<uint32_t>(octets[2 * i + lane / 8 % 2]);
    });
    if constexpr (kPlanes) {
      multiply_planes<kColumnTiles>(warp, stage, place, from, sums);
    } else {
      multiply_all<kColumnTiles, kSigned, true>(warp, stage, place, from, sums);
    }
  }
  put_out<kColumnTiles, kEnding>(warp, stage, place, group, first_channel, at.cell, constants, sums);
}

/// A warp's share of the units, which are all groups of the first pass, then of the next.
template <int kColumnTiles, bool kSigned, bool kPlanes, FusedEnding kEnding, class Warp>
NETSURF_HD_INLINE void run_units(Warp& warp, const FusedStage& stage, const TeamPlace& place) {
  PassPlaces<Warp> at;
  typename Warp::template Lanes<PassConstants<kColumnTiles, kEnding>> constants;
  const int num_groups = stage.num_groups;
  int group = warp.index();
  for (int pass = 0; pass < stage.num_passes; ++pass, group -= num_groups) {
    if (group >= num_groups) continue;
    const int first_channel = pass * 8 * kColumnTiles;
    find_pass(warp, stage, place, first_channel, at);
    load_constants<kColumnTiles, kEnding>(warp, stage, place, first_channel, constants);
    for (; group < num_groups; group += warp.count())
      run_unit<kColumnTiles, kSigned, kPlanes, kEnding>(warp, stage, place, group, first_channel, at,
                                                        constants);
  }
}

template <int kColumnTiles, FusedEnding kEnding, class Warp>
NETSURF_HD_INLINE void run_units(Warp& warp, const FusedStage& stage, const TeamPlace& place) {
  if (stage.reads_signed) {
    run_units<kColumnTiles, true, false, kEnding>(warp, stage, place);
  } else {
    run_units<kColumnTiles, false, false, kEnding>(warp, stage, place);
  }
}

/// Units of two column tiles, which alone may read planes.
template <bool kHasPlanes, FusedEnding kEnding, class Warp>
NETSURF_HD_INLINE void run_small_units(Warp& warp, const FusedStage& stage, const TeamPlace& place) {
  if (kHasPlanes && stage.input_plane > 0) {
    run_units<2, true, kHasPlanes, kEnding>(warp, stage, place);
  } else {
    run_units<2, kEnding>(warp, stage, place);
  }
}

/// `kMostTiles`: the most column tiles that a unit of the network has; `kHasPlanes`: it may have codes of
/// more than 8 bits.
template <int kMostTiles, bool kHasPlanes, class Warp>
NETSURF_HD_INLINE void run_stage(Warp& warp, const FusedStage& stage, const TeamPlace& place) {
  const FusedEnding ending = stage.ending;
  if (ending == FusedEnding::scores) {
    run_small_units<kHasPlanes, FusedEnding::scores>(warp, stage, place);
  } else if (ending == FusedEnding::any) {
    run_small_units<kHasPlanes, FusedEnding::any>(warp, stage, place);
  } else if (kHasPlanes && ending == FusedEnding::planes) {
    run_small_units<kHasPlanes, kHasPlanes ? FusedEnding::planes : FusedEnding::any>(warp, stage, place);
  } else if (ending == FusedEnding::scaled && stage.num_column_tiles == kNarrowTiles) {
    run_units<kNarrowTiles, FusedEnding::scaled>(warp, stage, place);
  } else if (ending == FusedEnding::scaled) {
    run_small_units<kHasPlanes, FusedEnding::scaled>(warp, stage, place);
  } else if (kMostTiles == kWideTiles && stage.num_column_tiles == kWideTiles) {
    run_units<kMostTiles, FusedEnding::codes>(warp, stage, place);
  } else if (stage.num_column_tiles == kNarrowTiles) {
    run_units<kNarrowTiles, FusedEnding::codes>(warp, stage, place);
  } else {
    run_small_units<kHasPlanes, FusedEnding::codes>(warp, stage, place);
  }
}

/// run_stage, as each_warp takes it.
template <int kMostTiles, bool kHasPlanes>
struct StageBody {
  const FusedStage& stage;
  const TeamPlace& place;

  template <class Warp>
  NETSURF_HD_INLINE void operator()(Warp& warp) const {
    run_stage<kMostTiles, kHasPlanes>(warp, stage, place);
  }
};

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
    tile[i] = 0;  // what a last step reads beyond
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
