#include "engine/gradient/tile_store.h"

#include "kernels/floating/parallel.h"

namespace netsurf {
namespace {

constexpr int64_t kParts = 16;  // that threads share

}  // namespace

template <typename Real>
TileStore<Real>::TileStore(const FrozenNetwork& network, int64_t count, int tile_samples, uint64_t memory)
    : network_(network), count_(count), tile_samples_(tile_samples) {
  const auto bytes = static_cast<uint64_t>(network.bytes_per_sample<Real>() * tile_samples);
  const int64_t tiles = (count + tile_samples - 1) / tile_samples;
  kept_.resize(
      std::min(static_cast<size_t>(tiles), static_cast<size_t>(memory / std::max<uint64_t>(bytes, 1))));
}

template <typename Real>
void TileStore<Real>::clear() {
  for (FrozenTile<Real>& tile : kept_) tile.samples = 0;
}

template <typename Real>
void TileStore<Real>::prepare(int64_t begin, int64_t end) {
  std::vector<int64_t> missing;
  for (int64_t t = begin / tile_samples_; t < static_cast<int64_t>(kept_.size()); ++t) {
    if (t * tile_samples_ < end && kept_[static_cast<size_t>(t)].samples == 0) missing.push_back(t);
  }
  const auto num = static_cast<int64_t>(missing.size()), parts = std::min(num, kParts);
  floating::parallel_for(parts, [&](int64_t part) {
    Workspace workspace = network_.network().make_workspace();
    for (int64_t i = num * part / parts; i < num * (part + 1) / parts; ++i) {
      const int64_t t = missing[static_cast<size_t>(i)], first = t * tile_samples_;
      network_.fill(first, static_cast<int>(end_of(t) - first), workspace, kept_[static_cast<size_t>(t)]);
    }
  });
}

template <typename Real>
const FrozenTile<Real>& TileStore<Real>::tile(int64_t begin, int64_t end, TileScratch<Real>& scratch) const {
  const int64_t t = begin / tile_samples_;
  const bool is_whole = begin == t * tile_samples_ && end == end_of(t);
  if (is_whole && t < static_cast<int64_t>(kept_.size())) return kept_[static_cast<size_t>(t)];
  if (!scratch.workspace) scratch.workspace = network_.network().make_workspace();
  network_.fill(begin, static_cast<int>(end - begin), *scratch.workspace, scratch.tile);
  return scratch.tile;
}

template class TileStore<float>;
template class TileStore<double>;

}  // namespace netsurf
