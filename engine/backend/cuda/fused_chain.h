// Which networks the fused path can run: chains of dense and conv2d layers of 8-bit codes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/backend/plain_network.h"
#include "engine/faults/bit_space.h"
#include "kernels/core/fixed.h"

namespace netsurf {

/// One layer of sums, and what follows it inside the same stage.
struct ChainStage {
  int layer = 0;
  Shape in_image;      // [h, w, channels] that it reads; a dense layer's are [1, 1, n] or what was flattened
  Shape out_image;     // of its sums, before any pool
  bool pools = false;  // 2 x 2
  std::optional<core::Requantizer> finish;

  Shape pooled() const { return pools ? Shape{out_image[0] / 2, out_image[1] / 2, out_image[2]} : out_image; }
};

struct FusedChain {
  std::vector<ChainStage> stages;
  std::string refusal;  // why the fused path cannot run the model; empty if it can
};

/// The model's stages from input to scored codes.
FusedChain find_fused_chain(const PlainNetwork& plain, const BitSpace& space);

}  // namespace netsurf
