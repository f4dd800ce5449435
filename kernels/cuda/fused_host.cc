#include "kernels/cuda/fused_host.h"

#include <vector>

#include "kernels/cuda/delta_body.h"
#include "kernels/cuda/host_team.h"

namespace netsurf::cuda {
namespace {

/// Every team of every block in turn: prepare(block, tile, shared), then run(team, place, share).
template <typename Prepare, typename Run>
void run_blocks(const FusedNetwork& network, const FusedGrid& grid, Prepare prepare, Run run) {
  std::vector<uint64_t> memory(static_cast<size_t>(network.shared_bytes) / 8 + 1);
  auto* shared = reinterpret_cast<uint8_t*>(memory.data());
  for (int tile = 0; tile < grid.num_tiles; ++tile) {
    for (int block_share = 0; block_share < grid.num_shares; ++block_share) {
      HostBlock block(network.num_threads());
      prepare(block, tile, shared);
      for (int index = 0; index < network.num_teams; ++index) {
        HostTeam team(network.num_warps);
        const TeamPlace place{shared, static_cast<uint32_t>(network.tile),
                              static_cast<uint32_t>(network.teams + index * network.team_bytes)};
        const TeamShare share{tile, grid.num_tiles, block_share * network.num_teams + index,
                              grid.num_shares * network.num_teams};
        run(team, place, share);
      }
    }
  }
}

}  // namespace

void run_fused_on_host(const FusedNetwork& network, const FusedGrid& grid, const FusedBatch& batch) {
  run_blocks(
      network, grid,
      [&](HostBlock& block, int tile, uint8_t* shared) {
        prepare_block(block, network, batch.score, int64_t{tile} * network.tile_samples, shared);
      },
      [&](HostTeam& team, const TeamPlace& place, const TeamShare& share) {
        if (network.most_tiles == kNarrowTiles) {
          run_lanes<kNarrowTiles, true>(team, network, place, share, batch);
        } else {
          run_lanes<kWideTiles, false>(team, network, place, share, batch);
        }
      });
}

void make_products_on_host(const DeltaNetwork& network, int num_tiles, int32_t* products) {
  for (int tile = 0; tile < num_tiles; ++tile) {
    for (int channel = 0; channel < network.fused.stages[0].num_channels; ++channel) {
      for (int p = 0; p < kDeltaSamples; ++p)
        *products++ = clean_product(network, int64_t{tile} * kDeltaSamples + sample_of_position(p), channel);
    }
  }
}

void run_delta_on_host(const DeltaNetwork& network, const FusedGrid& grid, const FusedBatch& batch) {
  run_blocks(
      network.fused, grid,
      [&](HostBlock& block, int tile, uint8_t* shared) {
        prepare_delta_block(block, network, batch.score, tile, shared);
      },
      [&](HostTeam& team, const TeamPlace& place, const TeamShare& share) {
        run_delta_lanes(team, network, place, share, batch);
      });
}

}  // namespace netsurf::cuda
