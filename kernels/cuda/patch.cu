#include "kernels/cuda/check.h"
#include "kernels/cuda/draw_grid.h"
#include "kernels/cuda/patch.h"

namespace netsurf::cuda {
namespace {

__global__ void patch_kernel(const PatchSegment* segments, int num_segments, const uint32_t* bits,
                             uint64_t num_flips, Patch* patches) {
  const uint64_t flip = uint64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (flip < num_flips) patches[flip] = patch_of(segments, num_segments, bits[flip]);
}

}  // namespace

void make_patches(const PatchSegment* segments, int num_segments, const uint32_t* bits, uint64_t num_flips,
                  Patch* patches, const Stream& stream) {
  if (num_flips == 0) return;
  patch_kernel<<<grid_for(num_flips), kDrawThreads, 0, stream.get()>>>(segments, num_segments, bits,
                                                                       num_flips, patches);
  check_launch("make_patches");
}

}  // namespace netsurf::cuda
