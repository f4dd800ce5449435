// Which networks the fused path can run: chains of dense and conv2d layers of 8-bit operands.
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
  int affine = -1;     // the affine layer behind it
  Shape in_image;      // [h, w, channels] that it reads; a dense layer's are [1, 1, n] or what was flattened
  Shape out_image;     // of its sums, before any pool
  bool pools = false;  // 2 x 2
  bool pools_scaled = false;                       // and what it pools went through the affine layer
  bool reads_planes = false, puts_planes = false;  // codes of more than 8 bits, which take two bytes
  std::optional<core::Requantizer> finish;
  // The same in 64 bits, of what is scaled if it is; needed where it is, and where planes are put.
  std::optional<core::QuickRequantizerOf<int64_t>> wide_finish;

  Shape pooled() const { return pools ? Shape{out_image[0] / 2, out_image[1] / 2, out_image[2]} : out_image; }
};

struct FusedChain {
  std::vector<ChainStage> stages;
  std::string refusal;  // why the fused path cannot run the model; empty if it can

  bool has_planes() const;
};

/// The model's stages from input to scored codes.
FusedChain find_fused_chain(const PlainNetwork& plain, const BitSpace& space);

}  // namespace netsurf
