#include "kernels/cuda/memory.h"

#include <string>

#include "kernels/cuda/check.h"

namespace netsurf::cuda {

void* allocate(size_t bytes, Place place) {
  if (bytes == 0) return nullptr;
  void* memory = nullptr;
  std::string call =
      (place == Place::device ? "cudaMalloc of " : "cudaMallocHost of ") + std::to_string(bytes) + " bytes";
  check(place == Place::device ? cudaMalloc(&memory, bytes) : cudaMallocHost(&memory, bytes), call.c_str());
  return memory;
}

void release(void* memory, Place place) noexcept {
  if (place == Place::device) {
    cudaFree(memory);
  } else {
    cudaFreeHost(memory);
  }
}

void copy_to_device(void* to, const void* from, size_t bytes, const Stream& stream) {
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream.get()),
        "cudaMemcpyAsync to the device");
}

void copy_to_host(void* to, const void* from, size_t bytes, const Stream& stream) {
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream.get()),
        "cudaMemcpyAsync to the host");
}

void fill_bytes(void* memory, int byte, size_t bytes, const Stream& stream) {
  check(cudaMemsetAsync(memory, byte, bytes, stream.get()), "cudaMemsetAsync");
}

}  // namespace netsurf::cuda
