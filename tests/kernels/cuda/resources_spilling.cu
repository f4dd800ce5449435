// A kernel that must spill with the few registers it is compiled for: what the test of resources has to
// notice. It is never run.
namespace netsurf::testing {

__global__ void spilling_kernel(int* data, int stride) {
  constexpr int kSize = 64;
  int values[kSize];
#pragma unroll
  for (int i = 0; i < kSize; ++i) values[i] = data[i * stride];
  __syncthreads();  // all loads before all stores
#pragma unroll
  for (int i = 0; i < kSize; ++i) data[i * stride + 1] = values[i] * values[kSize - 1 - i];
}

}  // namespace netsurf::testing
