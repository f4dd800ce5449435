#include "engine/train/pruning.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace netsurf {

PruningSchedule::PruningSchedule(UnitDecimal target, int start, int end, int frequency, int num_epochs)
    : target_(target), start_(start), end_(std::max(start, end)), frequency_(std::max(frequency, 1)) {
  const int last = std::max(num_epochs - 1, 0);
  if (end_ <= last) return;
  start_ = static_cast<int>(int64_t{start_} * last / end_);
  end_ = last;
}

bool PruningSchedule::prunes_at(int epoch) const {
  if (target_.is_zero() || epoch < start_ || epoch > end_) return false;
  return epoch == end_ || (epoch - start_) % frequency_ == 0;
}

uint64_t PruningSchedule::zeros_at(int epoch, uint64_t elements) const {
  const uint64_t all = target_.floor_of(elements);
  if (epoch >= end_) return all;
  return all * static_cast<uint64_t>(epoch - start_ + 1) / static_cast<uint64_t>(end_ - start_ + 1);
}

void prune_smallest(Tensor& kernel, uint64_t zeros) {
  kernel.pruned.resize(kernel.value.size(), 0);
  std::vector<size_t> order(kernel.value.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (kernel.pruned[a] != kernel.pruned[b]) return kernel.pruned[a] > kernel.pruned[b];
    return std::fabs(kernel.value[a]) < std::fabs(kernel.value[b]);
  });
  for (size_t i = 0; i < std::min<size_t>(zeros, order.size()); ++i) {
    kernel.pruned[order[i]] = 1;
    kernel.value[order[i]] = 0;
  }
}

}  // namespace netsurf
