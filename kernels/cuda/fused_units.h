// The work of a stage, dealt to a team's warps in units: groups of octets against the channels of one pass.
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

}  // namespace netsurf::cuda
