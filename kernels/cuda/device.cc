#include "kernels/cuda/device.h"

#include "kernels/cuda/check.h"

namespace netsurf::cuda {

int num_devices() {
  int count = 0;
  if (cudaGetDeviceCount(&count) == cudaSuccess) return count;
  cudaGetLastError();
  return 0;
}

Device device(int index) {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties");
  int clock = 0;
  check(cudaDeviceGetAttribute(&clock, cudaDevAttrClockRate, index), "cudaDeviceGetAttribute");
  return {index,
          properties.name,
          properties.major,
          properties.minor,
          properties.multiProcessorCount,
          clock,
          static_cast<int>(properties.sharedMemPerBlockOptin),
          properties.totalGlobalMem,
          static_cast<uint64_t>(properties.l2CacheSize)};
}

void use_device(int index) { check(cudaSetDevice(index), "cudaSetDevice"); }

uint64_t free_memory() {
  size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  return free;
}

}  // namespace netsurf::cuda
