#include "models/datasets_split.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "engine/base/error.h"

namespace netsurf {
namespace {

constexpr int64_t kMinWhole = 10;

/// SplitMix64: a Weyl sequence through a 64-bit mixer.
class SplitMix64 {
 public:
  uint64_t next() {
    state_ += 0x9e3779b97f4a7c15u;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  /// Uniform in [0, bound), without bias: draws below 2^64 mod bound are repeated.
  uint64_t below(uint64_t bound) {
    uint64_t rejected = (0 - bound) % bound;
    uint64_t draw = next();
    while (draw < rejected) draw = next();
    return draw % bound;
  }

 private:
  uint64_t state_ = 0;
};

Samples take(const Samples& from, std::span<const uint32_t> rows) {
  Samples to;
  to.shape = from.shape;
  to.count = static_cast<int64_t>(rows.size());
  to.num_targets = from.num_targets;
  auto copy_rows = [&](const auto& source, auto& target, int64_t per_row) {
    if (source.empty()) return;
    target.reserve(rows.size() * static_cast<size_t>(per_row));
    for (uint32_t row : rows) {
      auto begin = source.begin() + static_cast<int64_t>(row) * per_row;
      target.insert(target.end(), begin, begin + per_row);
    }
  };
  copy_rows(from.values, to.values, from.sample_size());
  copy_rows(from.labels, to.labels, 1);
  copy_rows(from.targets, to.targets, from.num_targets);
  return to;
}

}  // namespace

std::vector<uint32_t> fixed_permutation(uint32_t count) {
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  SplitMix64 random;
  for (uint32_t left = count; left > 1; --left) std::swap(order[left - 1], order[random.below(left)]);
  return order;
}

void split_whole(const Samples& whole, Dataset& dataset) {
  if (whole.count < kMinWhole || whole.count > UINT32_MAX) {
    throw InputError("data set " + dataset.name + ": " + std::to_string(whole.count) +
                     " samples, expected at least 10 to cut into train, validation and test");
  }
  std::vector<uint32_t> order = fixed_permutation(static_cast<uint32_t>(whole.count));
  std::span<const uint32_t> rows(order);
  size_t num_test = rows.size() / 5, num_validation = rows.size() / 10;
  dataset.test = take(whole, rows.last(num_test));
  rows = rows.first(rows.size() - num_test);
  dataset.validation = take(whole, rows.last(num_validation));
  dataset.train = take(whole, rows.first(rows.size() - num_validation));
}

void split_off_validation(Dataset& dataset) {
  Samples& train = dataset.train;
  if (train.count < 2 || train.count > UINT32_MAX) {
    throw InputError("data set " + dataset.name + ": " + std::to_string(train.count) +
                     " training samples, expected at least 2, of which the last are kept for validation");
  }
  std::vector<uint32_t> rows(static_cast<size_t>(std::max<int64_t>(1, train.count / 12)));
  int64_t kept = train.count - static_cast<int64_t>(rows.size());
  std::iota(rows.begin(), rows.end(), static_cast<uint32_t>(kept));
  dataset.validation = take(train, rows);
  train.count = kept;
  train.values.resize(static_cast<size_t>(kept * train.sample_size()));
  train.targets.resize(static_cast<size_t>(kept * train.num_targets));
  if (train.labels.empty()) return;
  train.labels.resize(static_cast<size_t>(kept));
  std::vector<bool> is_trained(static_cast<size_t>(dataset.num_classes));
  for (int32_t label : train.labels) is_trained[static_cast<size_t>(label)] = true;
  for (int32_t label : dataset.validation.labels) {
    if (!is_trained[static_cast<size_t>(label)]) {
      throw InputError("data set " + dataset.name + ": class " + std::to_string(label) +
                       " is only in the last " + std::to_string(rows.size()) +
                       " training samples, which are kept for validation; " + "shuffle the training file");
    }
  }
}

}  // namespace netsurf
