// Where a chain's parameters lie in the image that a team of the fused path flips bits of.
#pragma once

#include <vector>

#include "engine/backend/cuda/fused_plan.h"
#include "engine/backend/cuda/fused_slots.h"

namespace netsurf {

class FusedImage {
 public:
  /// Everything is referred to. REQUIRES: the places of every stage's parameters are set in `network`.
  FusedImage(const PlainNetwork& plain, const FusedChain& chain, const std::vector<SlotLayout>& slots,
             const cuda::FusedNetwork& network);

  /// The image without faults: operands of kernels in bytes, of all else the stored bits alone in words, so
  /// that a flip inverts one; whoever reads extends the sign.
  std::vector<uint32_t> words(size_t num_words) const;
  /// What the bits of each segment invert there.
  std::vector<FusedPlan::SegmentPlaces> segments(const BitSpace& space) const;

 private:
  /// The words of a parameter with one number per channel.
  struct Words {
    int parameter = -1, first = 0, extension = 0;
  };
  std::vector<Words> words_of(size_t stage) const;
  const Layer& layer_of(size_t stage) const;
  uint32_t kernel_place(size_t stage, size_t element) const;
  int place_in_row(size_t stage, int64_t element) const;

  const PlainNetwork& plain_;
  const Model& model_;
  const FusedChain& chain_;
  const std::vector<SlotLayout>& slots_;
  const cuda::FusedNetwork& network_;
};

}  // namespace netsurf
