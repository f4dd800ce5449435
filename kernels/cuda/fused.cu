#include "kernels/cuda/check.h"
#include "kernels/cuda/device_team.cuh"
#include "kernels/cuda/fused_body.h"

namespace netsurf::cuda {
namespace {

constexpr int kThreads = 256;  // of the kernels beside

template <int kMostTiles, int kMostThreads>
__global__ void __launch_bounds__(kMostThreads, 1)
    fused_kernel(const __grid_constant__ FusedNetwork network, const __grid_constant__ FusedBatch batch) {
  extern __shared__ __align__(128) uint8_t shared[];
  DeviceTeam team(network.num_warps);
  const TeamShare share{static_cast<int>(blockIdx.x), static_cast<int>(gridDim.x),
                        static_cast<int>(blockIdx.y) * network.num_teams + team.index(),
                        static_cast<int>(gridDim.y) * network.num_teams};
  DeviceBlock block;
  prepare_block(block, network, batch.score, static_cast<int64_t>(share.tile) * network.tile_samples, shared);
  const TeamPlace place{shared, static_cast<uint32_t>(network.tile),
                        static_cast<uint32_t>(network.teams + team.index() * network.team_bytes)};
  run_lanes<kMostTiles, kMostTiles == kNarrowTiles>(team, network, place, share, batch);
}

auto* kernel_for(const FusedNetwork& network) {
  return network.most_tiles == kNarrowTiles ? fused_kernel<kNarrowTiles, kNarrowThreads>
                                            : fused_kernel<kWideTiles, kWideThreads>;
}

__global__ void pack_kernel(const Patch* patches, uint64_t num_patches, uint32_t* packed) {
  const uint64_t i = static_cast<uint64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i < num_patches) packed[i] = packed_patch(patches[i]);
}

/// One warp a lane.
__global__ void sum_kernel(const LaneCounts* parts, int num_lanes, int num_parts, LaneCounts* counts) {
  const int lane = static_cast<int>(blockIdx.x) * (kThreads / 32) + static_cast<int>(threadIdx.x) / 32;
  if (lane >= num_lanes) return;
  LaneCounts sum;
  for (int i = static_cast<int>(threadIdx.x) % 32; i < num_parts; i += 32) {
    const LaneCounts& part = parts[static_cast<int64_t>(lane) * num_parts + i];
    sum.correct += part.correct;
    sum.changed += part.changed;
    sum.loss += part.loss;
    sum.distance = core::held_sum(sum.distance, part.distance);
  }
  for (int distance = 16; distance > 0; distance /= 2) {
    sum.correct += __shfl_xor_sync(~0u, sum.correct, distance);
    sum.changed += __shfl_xor_sync(~0u, sum.changed, distance);
    sum.loss += __shfl_xor_sync(~0u, sum.loss, distance);
    sum.distance = core::held_sum(sum.distance, __shfl_xor_sync(~0u, sum.distance, distance));
  }
  if (threadIdx.x % 32 == 0) counts[lane] = sum;
}

}  // namespace

void pack_patches(const PatchLists& lists, uint32_t* packed, const Stream& stream) {
  if (lists.num_patches == 0) return;
  const auto blocks = static_cast<unsigned>((lists.num_patches + kThreads - 1) / kThreads);
  pack_kernel<<<blocks, kThreads, 0, stream.get()>>>(lists.patches, lists.num_patches, packed);
  check_launch("pack_kernel");
}

void run_fused(const FusedNetwork& network, const FusedGrid& grid, const FusedBatch& batch,
               const Stream& stream) {
  dim3 blocks(static_cast<unsigned>(grid.num_tiles), static_cast<unsigned>(grid.num_shares));
  kernel_for(network)<<<blocks, network.num_threads(), network.shared_bytes, stream.get()>>>(network, batch);
  check_launch("fused_kernel");
}

void sum_parts(const LaneCounts* parts, int num_lanes, int num_parts, LaneCounts* counts,
               const Stream& stream) {
  const auto blocks = static_cast<unsigned>((num_lanes + kThreads / 32 - 1) / (kThreads / 32));
  sum_kernel<<<blocks, kThreads, 0, stream.get()>>>(parts, num_lanes, num_parts, counts);
  check_launch("sum_kernel");
}

int allow_fused(const FusedNetwork& network, int most_shared_bytes) {
  auto* kernel = kernel_for(network);
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, most_shared_bytes),
        "cudaFuncSetAttribute");
  int blocks = 0;
  check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel, network.num_threads(),
                                                      static_cast<size_t>(network.shared_bytes)),
        "cudaOccupancyMaxActiveBlocksPerMultiprocessor");
  return blocks;
}

}  // namespace netsurf::cuda
