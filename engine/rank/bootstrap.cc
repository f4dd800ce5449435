#include "engine/rank/bootstrap.h"

#include <algorithm>
#include <array>

#include "engine/base/digest.h"
#include "kernels/core/philox.h"

namespace netsurf {
namespace {

/// 2^16 P(count <= k) for k = 0, 1, ..., rounded: the count is how many of these a 16-bit number reaches.
constexpr std::array<uint32_t, 8> kLimits = {24109, 48219, 60273, 64292, 65296, 65497, 65531, 65535};

uint8_t count_of(uint32_t number) {
  uint32_t count = 0;
  for (uint32_t limit : kLimits) count += number >= limit;
  return static_cast<uint8_t>(count);
}

}  // namespace

Bootstrap::Bootstrap(uint64_t seed)
    : key_(Digest().add("netsurf bootstrap 1").add(static_cast<int64_t>(seed)).first_64_bits()) {}

void Bootstrap::draw(uint64_t resample, uint64_t begin, std::span<uint8_t> counts) const {
  for (size_t i = 0; i < counts.size(); i += 8) {
    auto index = static_cast<uint32_t>((begin + i) / 8);
    core::PhiloxBlock block =
        core::philox(core::counter_of(resample, index, 0, core::Purpose::ranking), key_);
    for (size_t word = 0; word < 4; ++word) {
      counts[i + 2 * word] = count_of(block.word[word] & 0xFFFF);
      counts[i + 2 * word + 1] = count_of(block.word[word] >> 16);
    }
  }
}

Estimate estimate_of(double value, std::vector<double> resampled, double least, double most) {
  Estimate estimate{value, value, value};
  if (resampled.empty()) return estimate;
  std::sort(resampled.begin(), resampled.end());
  size_t beyond = resampled.size() / 40;  // 2.5 % on either side
  estimate.low = std::clamp(resampled[beyond], least, value);
  estimate.high = std::clamp(resampled[resampled.size() - 1 - beyond], value, most);
  return estimate;
}

}  // namespace netsurf
