#include "engine/faults/slices.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "tests/support/random.h"

namespace netsurf {
namespace {

/// By sorting everything.
std::vector<uint32_t> sorted_slices(const std::vector<uint64_t>& numbers, uint64_t length) {
  std::vector<uint32_t> items(numbers.size());
  std::iota(items.begin(), items.end(), 0u);
  std::stable_sort(items.begin(), items.end(),
                   [&](uint32_t a, uint32_t b) { return numbers[a] < numbers[b]; });
  for (size_t begin = 0; begin < items.size(); begin += length) {
    auto first = items.begin() + static_cast<std::ptrdiff_t>(begin);
    std::sort(first, first + static_cast<std::ptrdiff_t>(std::min<size_t>(length, items.size() - begin)));
  }
  return items;
}

TEST(SlicesByRank, AreThoseOfASort) {
  testing::Random random(1);
  for (size_t size :
       {size_t{0}, size_t{1}, size_t{2}, size_t{15}, size_t{300}, size_t{5000}, size_t{70'001}}) {
    for (int spread : {0, 1, 40, 63}) {  // 63: two numbers only, so nearly all are ties
      std::vector<uint64_t> numbers(size);
      for (uint64_t& each : numbers)
        each = spread == 1 ? random.bits() >> 50 : random.bits() >> spread << spread;
      const std::set<uint64_t> lengths = {1, 2, 7, size / 3 + 1, size / 2 + 1, size + 1, size + 9};
      for (uint64_t length : lengths)
        ASSERT_EQ(slices_by_rank(numbers, length), sorted_slices(numbers, length))
            << size << " items, slices of " << length << ", spread " << spread;
    }
  }
}

}  // namespace
}  // namespace netsurf
