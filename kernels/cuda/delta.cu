#include "kernels/cuda/check.h"
#include "kernels/cuda/delta_body.h"
#include "kernels/cuda/device_team.cuh"

namespace netsurf::cuda {
namespace {

constexpr int kThreads = 128;  // of the products

__global__ void __launch_bounds__(kNarrowThreads, 1)
    delta_kernel(const __grid_constant__ DeltaNetwork network, const __grid_constant__ FusedBatch batch) {
  extern __shared__ __align__(128) uint8_t shared[];
  const FusedNetwork& fused = network.fused;
  DeviceTeam team(fused.num_warps);
  const TeamShare share{static_cast<int>(blockIdx.x), static_cast<int>(gridDim.x),
                        static_cast<int>(blockIdx.y) * fused.num_teams + team.index(),
                        static_cast<int>(gridDim.y) * fused.num_teams};
  DeviceBlock block;
  prepare_delta_block(block, network, batch.score, share.tile, shared);
  const TeamPlace place{shared, static_cast<uint32_t>(fused.tile),
                        static_cast<uint32_t>(fused.teams + team.index() * fused.team_bytes)};
  run_delta_lanes(team, network, place, share, batch);
}

/// One block a tile and channel, one thread a position.
__global__ void products_kernel(const __grid_constant__ DeltaNetwork network, int32_t* products) {
  const int channel = static_cast<int>(blockIdx.y), position = static_cast<int>(threadIdx.x);
  const int64_t sample = static_cast<int64_t>(blockIdx.x) * kDeltaSamples + sample_of_position(position);
  const int64_t row = static_cast<int64_t>(blockIdx.x) * gridDim.y + channel;
  products[row * kDeltaSamples + position] = clean_product(network, sample, channel);
}
static_assert(kThreads == kDeltaSamples);

}  // namespace

void make_products(const DeltaNetwork& network, int num_tiles, int32_t* products, const Stream& stream) {
  dim3 blocks(static_cast<unsigned>(num_tiles), static_cast<unsigned>(network.fused.stages[0].num_channels));
  products_kernel<<<blocks, kThreads, 0, stream.get()>>>(network, products);
  check_launch("products_kernel");
}

void run_delta(const DeltaNetwork& network, const FusedGrid& grid, const FusedBatch& batch,
               const Stream& stream) {
  const FusedNetwork& fused = network.fused;
  dim3 blocks(static_cast<unsigned>(grid.num_tiles), static_cast<unsigned>(grid.num_shares));
  delta_kernel<<<blocks, fused.num_threads(), fused.shared_bytes, stream.get()>>>(network, batch);
  check_launch("delta_kernel");
}

int allow_delta(const DeltaNetwork& network, int most_shared_bytes) {
  check(cudaFuncSetAttribute(delta_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, most_shared_bytes),
        "cudaFuncSetAttribute");
  int blocks = 0;
  check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, delta_kernel, network.fused.num_threads(),
                                                      static_cast<size_t>(network.fused.shared_bytes)),
        "cudaOccupancyMaxActiveBlocksPerMultiprocessor");
  return blocks;
}

}  // namespace netsurf::cuda
