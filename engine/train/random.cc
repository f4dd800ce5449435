#include "engine/train/random.h"

#include <cstddef>
#include <numeric>
#include <utility>

namespace netsurf {

std::vector<int64_t> TrainRandom::permutation(int64_t count) const {
  std::vector<int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  for (int64_t i = count - 1; i > 0; --i) {
    // The bias of a 64-bit remainder is below count / 2^64.
    const auto j =
        static_cast<std::size_t>(block(static_cast<uint64_t>(i)).pair(0) % static_cast<uint64_t>(i + 1));
    std::swap(order[static_cast<std::size_t>(i)], order[j]);
  }
  return order;
}

}  // namespace netsurf
