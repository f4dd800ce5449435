// Nearest-neighbour enlargement of an image of [height, width, channels, kTile] codes.
#pragma once

#include <cstdint>

#include "kernels/cpu/tile.h"

namespace netsurf::cpu {

struct UpsampleShape {
  int in_height = 0, in_width = 0, channels = 0;
  int height = 1, width = 1;  // what every pixel becomes
};

/// y [in_height x height, in_width x width, channels, kTile].
void upsample(const int32_t* x, const UpsampleShape& shape, int32_t* y);
void upsample(const int64_t* x, const UpsampleShape& shape, int64_t* y);

}  // namespace netsurf::cpu
