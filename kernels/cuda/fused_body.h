// The fused path's work, written against teams and warps: DeviceTeam runs it on the device, HostTeam in
// tests.
#pragma once

#include "kernels/cuda/fused.h"

namespace netsurf::cuda {

/// Sums of a group: [matrix of 16 rows][tile of 8 channels][element].
template <int kColumnTiles>
struct GroupSums {
  int32_t at[2][kColumnTiles][4] = {};
};

/// Where one team's data lie in its block's shared memory.
struct TeamPlace {
  uint8_t* shared = nullptr;
  uint32_t tile = 0, memory = 0;  // bytes of shared

  NETSURF_HD const int32_t* chunks() const { return reinterpret_cast<const int32_t*>(shared); }
  NETSURF_HD uint32_t* image() const { return reinterpret_cast<uint32_t*>(shared + memory); }
};

/// What a channel adds to its products: the stored bias, which is a pattern of fewer bits.
NETSURF_HD inline int32_t bias_of(const FusedStage& stage, uint32_t stored) {
  int32_t bias = static_cast<int32_t>(stored << stage.bias_extension) >> stage.bias_extension;
  return bias << stage.bias_shift;
}

/// One sum on its way to a code, or to a score.
NETSURF_HD inline int32_t finished(const FusedStage& stage, int32_t products, int32_t bias) {
  int32_t sum = (products << stage.product_shift) + bias;
  if (stage.is_quick) return core::requantize_quickly(sum, stage.quick);
  return stage.finishes ? core::requantize_plainly(sum, stage.finish) : sum;
}

/// Two neighbouring channels of one cell.
NETSURF_HD inline void put_pair(const FusedStage& stage, uint8_t* output, int32_t cell, int channel,
                                int32_t left, int32_t right) {
  if (cell < 0) return;
  if (stage.is_last) {
    int32_t* scores = reinterpret_cast<int32_t*>(output) + cell;
    if (channel < stage.num_channels) scores[channel] = left;
    if (channel + 1 < stage.num_channels) scores[channel + 1] = right;
  } else {
    *reinterpret_cast<uint16_t*>(output + cell + channel) =
        static_cast<uint16_t>((left & 0xFF) | (right & 0xFF) << 8);
  }
}

NETSURF_HD inline int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

template <int kColumnTiles, class Warp>
NETSURF_HD void put_out(Warp& warp, const FusedStage& stage, const TeamPlace& place, int group,
                        int first_channel, typename Warp::template Lanes<GroupSums<kColumnTiles>>& sums) {
  const uint32_t* biases = place.image() + stage.bias + first_channel;
  uint8_t* output = place.shared + place.memory + stage.output;
  warp.each_lane([&](int lane) {
    const GroupSums<kColumnTiles>& mine = sums[lane];
    // Of elements 0 and 1; elements 2 and 3 are 8 rows further.
    const int row = lane / 4, column = 2 * (lane % 4);
    const int32_t* cells = stage.cells + group * (stage.pools ? kPoolRows : kGroupRows) + row;
    NETSURF_UNROLL
    for (int tile = 0; tile < kColumnTiles; ++tile) {
      const int channel = 8 * tile + column;
      const int32_t bias[2] = {bias_of(stage, biases[channel]), bias_of(stage, biases[channel + 1])};
      auto put = [&](int32_t cell, int32_t left, int32_t right) {
        put_pair(stage, output, cell, first_channel + channel, finished(stage, left, bias[0]),
                 finished(stage, right, bias[1]));
      };
      const int32_t(&at)[2][kColumnTiles][4] = mine.at;
      if (stage.pools) {
        put(cells[0], larger(larger(at[0][tile][0], at[0][tile][2]), larger(at[1][tile][0], at[1][tile][2])),
            larger(larger(at[0][tile][1], at[0][tile][3]), larger(at[1][tile][1], at[1][tile][3])));
      } else {
        NETSURF_UNROLL
        for (int i = 0; i < 4; ++i)
          put(cells[8 * i], at[i / 2][tile][2 * (i % 2)], at[i / 2][tile][2 * (i % 2) + 1]);
      }
    }
  });
}

/// The operands of one step: two matrices of rows, and the channels in pairs of tiles.
template <int kColumnTiles, class Warp>
struct StepOperands {
  typename Warp::template Lanes<typename Warp::Four> rows[2], kernel[kColumnTiles / 2];
};

/// Where the lanes of a warp find a unit's operands, in bytes of shared memory.
template <class Warp>
struct UnitPlaces {
  typename Warp::template Lanes<uint32_t> rows[2], kernel;
};

template <int kColumnTiles, class Warp>
NETSURF_HD void load_step(Warp& warp, const FusedStage& stage, const TeamPlace& place,
                          const UnitPlaces<Warp>& from, int step, StepOperands<kColumnTiles, Warp>& to) {
  const int32_t* chunks = place.chunks() + stage.first_chunk + 2 * step;
  NETSURF_UNROLL
  for (int i = 0; i < 2; ++i)
    warp.load(to.rows[i], place.shared,
              [&](int lane) { return from.rows[i][lane] + static_cast<uint32_t>(chunks[lane / 16]); });
  NETSURF_UNROLL
  for (int pair = 0; pair < kColumnTiles / 2; ++pair) {
    warp.load(to.kernel[pair], place.shared, [&](int lane) {
      return from.kernel[lane] + static_cast<uint32_t>(pair * 16 * stage.kernel_stride + step * kStepBytes);
    });
  }
}

template <int kColumnTiles, bool kSigned, class Warp>
NETSURF_HD void multiply_step(Warp& warp, const StepOperands<kColumnTiles, Warp>& operands,
                              typename Warp::template Lanes<GroupSums<kColumnTiles>>& sums) {
  NETSURF_UNROLL
  for (int tile = 0; tile < kColumnTiles; ++tile) {
    NETSURF_UNROLL
    for (int i = 0; i < 2; ++i) {
      warp.template multiply<kSigned>(operands.rows[i], operands.kernel[tile / 2], 2 * (tile % 2),
                                      [&](int lane) -> int32_t(&)[4] { return sums[lane].at[i][tile]; });
    }
  }
}

/// All steps of a unit. A step's operands come in while the one before is multiplied, where registers for
/// both are left.
template <int kColumnTiles, bool kSigned, class Warp>
NETSURF_HD void multiply_all(Warp& warp, const FusedStage& stage, const TeamPlace& place,
                             const UnitPlaces<Warp>& from,
                             typename Warp::template Lanes<GroupSums<kColumnTiles>>& sums) {
  StepOperands<kColumnTiles, Warp> even;
  if constexpr (kColumnTiles == kMaxColumnTiles) {
    for (int step = 0; step < stage.num_steps; ++step) {
      load_step(warp, stage, place, from, step, even);
      multiply_step<kColumnTiles, kSigned>(warp, even, sums);
    }
    return;
  }
  StepOperands<kColumnTiles, Warp> odd;
  load_step(warp, stage, place, from, 0, even);
  for (int step = 0; step < stage.num_steps; step += 2) {
    bool has_odd = step + 1 < stage.num_steps;
    if (has_odd) load_step(warp, stage, place, from, step + 1, odd);
    multiply_step<kColumnTiles, kSigned>(warp, even, sums);
    if (!has_odd) break;
    if (step + 2 < stage.num_steps) load_step(warp, stage, place, from, step + 2, even);
    multiply_step<kColumnTiles, kSigned>(warp, odd, sums);
  }
}

/// One group of rows against the channels of one pass.
template <int kColumnTiles, bool kSigned, class Warp>
NETSURF_HD void run_unit(Warp& warp, const FusedStage& stage, const TeamPlace& place, int group, int pass) {
  UnitPlaces<Warp> from;
  const int first_channel = pass * 8 * kColumnTiles;
  const uint32_t input = (stage.reads_tile ? place.tile : place.memory) + static_cast<uint32_t>(stage.input);
  warp.each_lane([&](int lane) {
    for (int i = 0; i < 2; ++i)
      from.rows[i][lane] = input + static_cast<uint32_t>(stage.rows[group * kGroupRows + 16 * i + lane % 16]);
    int channel = first_channel + lane / 16 * 8 + lane % 8;
    from.kernel[lane] = place.memory + static_cast<uint32_t>(stage.kernel + channel * stage.kernel_stride +
                                                             lane / 8 % 2 * kChunkBytes);
  });
  typename Warp::template Lanes<GroupSums<kColumnTiles>> sums{};
  multiply_all<kColumnTiles, kSigned>(warp, stage, place, from, sums);
  put_out<kColumnTiles>(warp, stage, place, group, first_channel, sums);
}

template <int kColumnTiles, class Warp>
NETSURF_HD void run_units(Warp& warp, const FusedStage& stage, const TeamPlace& place) {
  for (int unit = warp.index(); unit < stage.num_groups * stage.num_passes; unit += warp.count()) {
    int group = unit / stage.num_passes, pass = unit % stage.num_passes;
    if (stage.reads_signed) {
      run_unit<kColumnTiles, true>(warp, stage, place, group, pass);
    } else {
      run_unit<kColumnTiles, false>(warp, stage, place, group, pass);
    }
  }
}

template <class Warp>
NETSURF_HD void run_stage(Warp& warp, const FusedStage& stage, const TeamPlace& place) {
  if (stage.num_column_tiles == 8) {
    run_units<8>(warp, stage, place);
  } else if (stage.num_column_tiles == 4) {
    run_units<4>(warp, stage, place);
  } else {
    run_units<2>(warp, stage, place);
  }
}

/// Inverts the bits of one lane, or puts them back. Several patches are fetched at a time: memory is far
/// away.
template <class Warp>
NETSURF_HD void flip(Warp& warp, const PackedLists& lists, int lane_of_batch, uint32_t* image) {
  constexpr int kAtOnce = 8;
  const uint64_t begin = lists.offset[lane_of_batch], end = lists.offset[lane_of_batch + 1];
  const auto stride = static_cast<uint64_t>(warp.count() * 32);
  warp.each_lane([&](int lane) {
    for (uint64_t i = begin + static_cast<uint64_t>(warp.index() * 32 + lane); i < end;
         i += kAtOnce * stride) {
      uint32_t patches[kAtOnce];
      NETSURF_UNROLL
      for (int j = 0; j < kAtOnce; ++j) {
        uint64_t at = i + static_cast<uint64_t>(j) * stride;
        patches[j] = at < end ? lists.patches[at] : 0;
      }
      NETSURF_UNROLL
      for (int j = 0; j < kAtOnce; ++j) {
        if (patches[j] != 0)
          warp.exclusive_or(image + (patches[j] >> 10), (patches[j] & 0xFF) << (patches[j] >> 5 & 24));
      }
    }
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
  warp.put_sum(mine, part);
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

/// Fills the block's shared memory. One call for the block, by all its threads.
template <class Block>
NETSURF_HD void prepare_block(Block& block, const FusedNetwork& network, const ScoreData& data, int64_t first,
                              uint8_t* shared) {
  block.each_thread([&](int thread, int num_threads) {
    auto* chunks = reinterpret_cast<int32_t*>(shared);
    for (int i = thread; i < network.num_chunks; i += num_threads) chunks[i] = network.chunks[i];
    uint8_t* tile = shared + network.tile;
    for (int i = thread; i < network.tile_bytes; i += num_threads) {
      int sample = i / network.sample_bytes, byte = i % network.sample_bytes;
      int source = byte < network.filled_bytes ? network.sources[byte] : -1;
      bool is_there = source >= 0 && sample < network.tile_samples && first + sample < network.num_samples;
      tile[i] = is_there ? network.samples[(first + sample) * network.sample_elements + source] : 0;
    }
    fill_clean(network, data, first, shared, thread, num_threads);
    fill_teams(network, shared, thread, num_threads);
  });
}

/// Which lanes of a batch a team passes through which tile.
struct TeamShare {
  int tile = 0, num_tiles = 0;
  int first_lane = 0, stride = 0;
};

template <class Team>
NETSURF_HD void run_lanes(Team& team, const FusedNetwork& network, const TeamPlace& place,
                          const TeamShare& share, const FusedBatch& batch) {
  const int64_t first_sample = static_cast<int64_t>(share.tile) * network.tile_samples;
  for (int lane = share.first_lane; lane < batch.lists.num_lanes; lane += share.stride) {
    team.each_warp([&](auto& warp) {
      if (lane != share.first_lane) flip(warp, batch.lists, lane - share.stride, place.image());
      flip(warp, batch.lists, lane, place.image());
    });
    team.wait();
    for (int i = 0; i < network.num_stages; ++i) {
      team.each_warp([&](auto& warp) { run_stage(warp, network.stages[i], place); });
      team.wait();
    }
    const int64_t part = (static_cast<int64_t>(lane) * share.num_tiles + share.tile) * network.num_warps;
    team.each_warp([&](auto& warp) {
      count(warp, network, place, first_sample, batch.score, batch.parts[part + warp.index()]);
    });
  }
}

}  // namespace netsurf::cuda
