// How the fused path lays a network out: parameter image, tile, activations, and the tables of its stages
// (kernels/cuda/fused.h). On the host, with every table a vector, so that tests can run it there.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/backend/cuda/fused_chain.h"
#include "kernels/cuda/delta.h"

namespace netsurf {

/// How a block is cut.
struct FusedCut {
  int tile_samples = 0;  // whole octets
  int num_teams = 0;
  int num_warps = 0;  // of one team
};

struct FusedPlan {
  struct StageTables {
    std::vector<int32_t> rows, cells;
  };
  /// One segment of the bit space; `places` is empty where elements follow each other in words.
  struct SegmentPlaces {
    std::vector<uint32_t> places;
    uint32_t first_place = 0;
    std::array<uint32_t, 32> masks{};
  };

  cuda::FusedNetwork network;  // its pointers are null
  cuda::DeltaNetwork delta;    // of a delta plan, apart from its copy of `network`; its pointers are null
  std::vector<StageTables> tables;
  std::vector<int32_t> chunks, sources;
  std::vector<uint32_t> image;
  std::vector<SegmentPlaces> segments;  // in the space's order
};

/// The plan with that cut; nothing if a block would need more than `shared_bytes` of shared memory or too
/// many threads. REQUIRES: chain.refusal is empty.
std::optional<FusedPlan> make_fused_plan(const PlainNetwork& plain, const BitSpace& space,
                                         const FusedChain& chain, const FusedCut& cut, int shared_bytes);

/// The same for the delta path (kernels/cuda/delta.h): a tile of kDeltaSamples, the first layer's kernel kept
/// out of the teams' images. Nothing also where the first layer is not a dense one that ends in an
/// activation of the quick kind, is the only one, or is too large for the notes of a team.
std::optional<FusedPlan> make_delta_plan(const PlainNetwork& plain, const BitSpace& space,
                                         const FusedChain& chain, int num_teams, int shared_bytes);

}  // namespace netsurf
