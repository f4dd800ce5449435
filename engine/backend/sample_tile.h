// The samples of an evaluation set, tile by tile.
#pragma once

#include <cstdint>

#include "engine/model/dataset.h"
#include "kernels/cpu/tile.h"

namespace netsurf {

/// Samples [begin, begin + count); count is kTile, or what is left of the set.
struct SampleTile {
  int64_t begin = 0;
  int count = 0;
};

int64_t num_tiles(const EvaluationSet& set);
SampleTile sample_tile(const EvaluationSet& set, int64_t tile);

/// Puts a tile's input codes into codes [elements, kTile]; samples beyond the last are zeros.
void load_tile(const EvaluationSet& set, const SampleTile& tile, int32_t* codes);

/// The samples of the first tile as a set of their own, without a digest.
EvaluationSet first_tile_of(const EvaluationSet& set);

}  // namespace netsurf
