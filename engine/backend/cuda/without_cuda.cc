// Stands for the CUDA backend in builds without nvcc.
#include "engine/backend/cuda/cuda_backend.h"
#include "engine/base/error.h"

namespace netsurf {

std::string why_not_cuda(int) {
  return "this program was built without CUDA; scripts/install-cuda shows how to get it, then build again";
}

std::unique_ptr<Backend> make_cuda_backend(int device) { throw InputError(why_not_cuda(device)); }

}  // namespace netsurf
