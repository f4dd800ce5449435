#include "tests/reference/naive_philox.h"

namespace netsurf::naive {

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  const uint64_t two_to_32 = 4294967296;
  for (int round = 0; round < 10; ++round) {
    uint64_t even = counter[0] * uint64_t{0xD2511F53};
    uint64_t odd = counter[2] * uint64_t{0xCD9E8D57};
    counter = {static_cast<uint32_t>(odd / two_to_32) ^ counter[1] ^ key[0],
               static_cast<uint32_t>(odd % two_to_32),
               static_cast<uint32_t>(even / two_to_32) ^ counter[3] ^ key[1],
               static_cast<uint32_t>(even % two_to_32)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

}  // namespace netsurf::naive
