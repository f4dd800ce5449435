#include "engine/rank/samples.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "engine/base/digest.h"
#include "engine/rank/draws.h"

namespace netsurf {
namespace {

std::vector<uint32_t> choose_rows(int64_t count, int64_t wanted) {
  uint64_t key = Digest().add("netsurf ranking samples").first_64_bits();
  return lowest_draws(key, static_cast<size_t>(count), static_cast<size_t>(wanted));
}

template <typename T>
std::vector<T> take_rows(const std::vector<T>& from, const std::vector<uint32_t>& rows, int64_t width) {
  std::vector<T> taken;
  if (from.empty()) return taken;
  taken.reserve(rows.size() * static_cast<size_t>(width));
  for (uint32_t row : rows) {
    auto begin = from.begin() + row * width;
    taken.insert(taken.end(), begin, begin + width);
  }
  return taken;
}

Samples take_samples(const Samples& samples, const std::vector<uint32_t>& rows) {
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
  std::vector<uint32_t> chosen = choose_rows(samples.count, std::min(wanted, samples.count)), rest;
  std::vector<uint32_t> all(static_cast<size_t>(samples.count));
  std::iota(all.begin(), all.end(), 0u);
  std::set_difference(all.begin(), all.end(), chosen.begin(), chosen.end(), std::back_inserter(rest));
  return take_samples(samples, rest);
}

}  // namespace netsurf
