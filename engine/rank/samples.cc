#include "engine/rank/samples.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/base/digest.h"
#include "kernels/core/philox.h"

namespace netsurf {
namespace {

std::vector<int64_t> choose_rows(int64_t count, int64_t wanted) {
  uint64_t key = Digest().add("netsurf ranking samples").first_64_bits();
  std::vector<std::pair<uint64_t, int64_t>> draws;
  for (int64_t i = 0; i < count; ++i) {
    core::PhiloxBlock counter = core::counter_of(0, static_cast<uint32_t>(i / 2), 0, core::Purpose::ranking);
    draws.emplace_back(core::philox(counter, key).pair(static_cast<int>(i & 1)), i);
  }
  std::nth_element(draws.begin(), draws.begin() + wanted, draws.end());
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < wanted; ++i) rows.push_back(draws[static_cast<size_t>(i)].second);
  std::sort(rows.begin(), rows.end());
  return rows;
}

template <typename T>
std::vector<T> take_rows(const std::vector<T>& from, const std::vector<int64_t>& rows, int64_t width) {
  std::vector<T> taken;
  if (from.empty()) return taken;
  taken.reserve(rows.size() * static_cast<size_t>(width));
  for (int64_t row : rows) {
    auto begin = from.begin() + row * width;
    taken.insert(taken.end(), begin, begin + width);
  }
  return taken;
}

Samples take_samples(const Samples& samples, const std::vector<int64_t>& rows) {
  Samples taken;
  taken.shape = samples.shape;
  taken.count = static_cast<int64_t>(rows.size());
  taken.num_targets = samples.num_targets;
  taken.values = take_rows(samples.values, rows, samples.sample_size());
  taken.labels = take_rows(samples.labels, rows, 1);
  taken.targets = take_rows(samples.targets, rows, samples.num_targets);
  return taken;
}

}  // namespace

Samples choose_samples(const Samples& samples, int64_t wanted) {
  if (wanted >= samples.count) return samples;
  return take_samples(samples, choose_rows(samples.count, wanted));
}

Samples remaining_samples(const Samples& samples, int64_t wanted) {
  std::vector<int64_t> chosen = choose_rows(samples.count, std::min(wanted, samples.count)), all, rest;
  for (int64_t row = 0; row < samples.count; ++row) all.push_back(row);
  std::set_difference(all.begin(), all.end(), chosen.begin(), chosen.end(), std::back_inserter(rest));
  return take_samples(samples, rest);
}

}  // namespace netsurf
