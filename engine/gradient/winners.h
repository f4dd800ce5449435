// Which position of its window a max pool takes.
#pragma once

#include <cstdint>

#include "engine/model/layer.h"

namespace netsurf {

/// places[sample, element of the output] = the element of the input [height, width, channels] with the first
/// largest code of the window, in window order; padding never wins. codes [elements, cpu::kTile], places of
/// `count` samples.
void find_winners(const int32_t* codes, const Window& window, const Shape& in, int count, int32_t* places);
void find_winners(const int64_t* codes, const Window& window, const Shape& in, int count, int32_t* places);

}  // namespace netsurf
