#include "tests/support/random.h"

#include <cstdlib>

namespace netsurf::testing {

uint64_t test_seed() {
  if (const char* text = std::getenv("NETSURF_TEST_SEED")) return std::strtoull(text, nullptr, 0);
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

}  // namespace netsurf::testing
