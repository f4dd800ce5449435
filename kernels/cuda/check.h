// Turns the CUDA runtime's return codes into exceptions; for the sources of this folder.
#pragma once

#include <cuda_runtime_api.h>

#include <string>

#include "kernels/cuda/error.h"

namespace netsurf::cuda {

/// Throws Error or OutOfMemory naming `call` unless the runtime succeeded.
inline void check(cudaError_t status, const char* call) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // an error that does not end the context is not to be met again by the next launch
  std::string text = std::string(call) + ": " + cudaGetErrorName(status) + ", " + cudaGetErrorString(status);
  if (status == cudaErrorMemoryAllocation) throw OutOfMemory(text);
  throw Error(text);
}

/// After a launch, whose own return value is nothing.
inline void check_launch(const char* kernel) { check(cudaGetLastError(), kernel); }

}  // namespace netsurf::cuda
