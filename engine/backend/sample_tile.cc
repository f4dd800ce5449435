#include "engine/backend/sample_tile.h"

#include <algorithm>

namespace netsurf {

using cpu::kTile;

int64_t num_tiles(const EvaluationSet& set) { return (set.count + kTile - 1) / kTile; }

SampleTile sample_tile(const EvaluationSet& set, int64_t tile) {
  int64_t begin = tile * kTile;
  return {begin, static_cast<int>(std::min<int64_t>(kTile, set.count - begin))};
}

void load_tile(const EvaluationSet& set, const SampleTile& tile, int32_t* codes) {
  int64_t size = set.sample_size;
  if (tile.count < kTile) std::fill(codes, codes + size * kTile, 0);
  const int32_t* samples = set.codes.data() + tile.begin * size;
  for (int64_t i = 0; i < size; ++i) {
    for (int s = 0; s < tile.count; ++s) codes[i * kTile + s] = samples[s * size + i];
  }
}

EvaluationSet first_tile_of(const EvaluationSet& set) {
  EvaluationSet first;
  first.task = set.task;
  first.count = sample_tile(set, 0).count;
  first.sample_size = set.sample_size;
  first.num_targets = set.num_targets;
  auto begin_of = [&](const auto& values, int64_t per_sample) {
    return std::vector(values.begin(), values.begin() + (values.empty() ? 0 : first.count * per_sample));
  };
  first.codes = begin_of(set.codes, set.sample_size);
  first.labels = begin_of(set.labels, 1);
  first.targets = begin_of(set.targets, set.num_targets);
  return first;
}

}  // namespace netsurf
