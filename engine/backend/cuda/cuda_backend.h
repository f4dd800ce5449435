// The CUDA backend: thousands of lanes per launch, with the CPU backend's outcomes to the bit. This header
// and its functions are there in builds without CUDA too.
#pragma once

#include <memory>
#include <string>

#include "engine/backend/backend.h"

namespace netsurf {

inline constexpr int kAllDevices = -1;

/// Why no session can be opened on this device here, or on any for kAllDevices; empty if one can.
std::string why_not_cuda(int device);

/// One device, or all that are here, each taking a part of every range of trials. Throws InputError with
/// why_not_cuda(device).
std::unique_ptr<Backend> make_cuda_backend(int device);

}  // namespace netsurf
