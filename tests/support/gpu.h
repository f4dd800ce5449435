// For tests that need a GPU: skips without one and says so; NETSURF_REQUIRE_GPU=1 makes that a failure.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

#include "kernels/cuda/device.h"

namespace netsurf::testing {

inline bool requires_gpu() {
  const char* text = std::getenv("NETSURF_REQUIRE_GPU");
  return text != nullptr && std::string_view(text) == "1";
}

}  // namespace netsurf::testing

/// The first line of a test (or SetUp) that needs a device.
#define NETSURF_NEEDS_GPU()                                                                      \
  do {                                                                                           \
    if (netsurf::cuda::num_devices() > 0) break;                                                 \
    if (netsurf::testing::requires_gpu()) FAIL() << "NETSURF_REQUIRE_GPU=1, and no CUDA device"; \
    GTEST_SKIP() << "no CUDA device here";                                                       \
  } while (false)
