#include "engine/rank/draws.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>

#include "engine/base/digest.h"
#include "engine/faults/bit_numbers.h"

namespace netsurf {

uint64_t draw_key(std::string_view what, const BitSpace& space, uint64_t seed) {
  return Digest().add(what).add(space.digest()).add(static_cast<int64_t>(seed)).first_64_bits();
}

std::vector<uint64_t> ranking_draws(uint64_t key, size_t count, uint64_t trial) {
  std::vector<uint64_t> draws(count);
  draw_bit_numbers(
      key, trial, core::Purpose::ranking, 0, count, [&](uint64_t begin, std::span<const uint64_t> numbers) {
        std::copy(numbers.begin(), numbers.end(), draws.begin() + static_cast<std::ptrdiff_t>(begin));
      });
  return draws;
}

std::vector<uint32_t> lowest_draws(uint64_t key, size_t count, size_t wanted) {
  std::vector<uint32_t> lowest(count);
  std::iota(lowest.begin(), lowest.end(), 0u);
  if (wanted == count) return lowest;
  std::vector<uint64_t> draw = ranking_draws(key, count);
  auto end = lowest.begin() + static_cast<std::ptrdiff_t>(wanted);
  std::nth_element(lowest.begin(), end, lowest.end(),
                   [&](uint32_t a, uint32_t b) { return draw[a] != draw[b] ? draw[a] < draw[b] : a < b; });
  lowest.erase(end, lowest.end());
  std::sort(lowest.begin(), lowest.end());
  return lowest;
}

}  // namespace netsurf
