// The tiles of an evaluation set at the frozen point: made once and kept, as far as memory goes.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "engine/gradient/frozen_tile.h"

namespace netsurf {

/// What a thread makes a tile in that is not kept.
template <typename Real>
struct TileScratch {
  std::optional<Workspace> workspace;
  FrozenTile<Real> tile;
};

template <typename Real>
class TileStore {
 public:
  /// Keeps a reference to the network. `count` samples are cut into tiles of `tile_samples`, of which the
  /// first are kept in at most `memory` bytes.
  TileStore(const FrozenNetwork& network, int64_t count, int tile_samples, uint64_t memory);

  int tile_samples() const { return tile_samples_; }
  /// Forgets all tiles: the network was frozen elsewhere.
  void clear();
  /// Makes the tiles of samples [begin, end) that can be kept.
  void prepare(int64_t begin, int64_t end);
  /// Samples [begin, end) of one tile. Valid until the scratch is used again.
  const FrozenTile<Real>& tile(int64_t begin, int64_t end, TileScratch<Real>& scratch) const;

 private:
  int64_t end_of(int64_t tile) const { return std::min((tile + 1) * tile_samples_, count_); }

  const FrozenNetwork& network_;
  int64_t count_;
  int tile_samples_;
  std::vector<FrozenTile<Real>> kept_;
};

}  // namespace netsurf
