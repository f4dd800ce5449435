// One dense or convolution layer as the packed kernels read it (kernels/cpu/packed.h): where its input's
// codes lie in words, where an operand lies in a kernel row, and the rows of the clean network.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/backend/scaling_rule.h"
#include "engine/model/model.h"
#include "kernels/core/fixed.h"
#include "kernels/cpu/pack.h"
#include "kernels/cpu/packed.h"

namespace netsurf {

/// How a layer's input is packed. A byte or half without a code holds the stored form of code 0, `fill`.
struct PackedInput {
  cpu::Width width = cpu::Width::bytes;
  int32_t offset = 0;                  // stored = code - offset
  uint32_t fill = 0;                   // a word of code 0
  int num_words = 0;                   // of a tile, slack not counted
  std::vector<cpu::PackedWord> words;  // which elements of the tensor each word holds
  std::vector<int32_t> pixel_words;    // [pixels] word of a pixel's channel 0; empty where pixels overlap
};

/// Where one operand of an output channel lies.
struct OperandPlace {
  int32_t word = 0;  // within the kernel row
  int32_t lane = 0;  // byte or half within the word
};

struct PackedLayer {
  int layer = 0;
  int kernel = -1, bias = -1;  // parameters; -1 for no bias
  int scale = -1, shift = -1;  // of the affine layer within the finish; -1 for none
  int bias_shift = 0;
  PackedInput input;
  std::vector<int32_t> pixels;
  std::vector<cpu::Run> runs;
  std::vector<int32_t> out_words;
  cpu::Finish finish;
  cpu::PackedSums sums;              // its spans are into the vectors above
  std::vector<OperandPlace> places;  // [operands of a channel]
  // [row words] The tensor's word it meets, counted from the pixel's (-1: none), and which word of its pixel
  // that is (empty where pixels overlap).
  std::vector<int32_t> input_words, pixel_word;
  std::vector<int8_t> rows;            // clean: [num_rows(), row_bytes()]
  std::vector<int32_t> start;          // clean: [num_rows()]
  std::vector<cpu::QuadJob> quads;     // clean: all of them
  ScalingRule scaling_rule;            // of a scaled finish
  std::vector<cpu::Scaling> scalings;  // clean, of a scaled finish: [num_quads()]

  PackedLayer() = default;
  PackedLayer(const PackedLayer&) = delete;  // spans and pointers into itself
  PackedLayer& operator=(const PackedLayer&) = delete;

  int num_quads() const { return (sums.num_outputs + cpu::kQuad - 1) / cpu::kQuad; }
  int num_rows() const { return num_quads() * cpu::kQuad; }
  int64_t row_bytes() const { return int64_t{sums.row_words} * 4; }

  /// Puts an operand into a row.
  void place(int8_t* row, int64_t operand, int32_t value) const;
  /// What start[channel] gains when an operand grows by `difference`, modulo 2^32.
  uint32_t start_change(int32_t difference) const {
    return (static_cast<uint32_t>(input.offset) * static_cast<uint32_t>(difference)) << sums.product_shift;
  }
};

/// Whether the packed kernels can run a layer: dense or conv2d in one group, whose operands fit int8 and
/// codes 8 bits, or both 16 bits, whose sums fit 32, and whose padding does not outgrow its image.
bool can_pack(const Model& model, int layer);

/// Where the sums of a layer become packed codes: the pool (or 1 x 1) and what follows.
struct PackedPool {
  int height = 1, width = 1;
};

/// Lays out a layer that can_pack(). `image` is the shape [h, w, c] or [n] of the tensor that it reads before
/// any flattening; `overlaps` lets the layout repeat codes, which only cpu::pack can write. Output pixels
/// come in the order of the pool's windows. The kernel rows are those of `operands`
/// (PlainNetwork::clean_parameters).
std::unique_ptr<PackedLayer> make_packed_layer(const Model& model, int layer, const Shape& image,
                                               bool overlaps, PackedPool pool,
                                               const std::vector<std::vector<int32_t>>& operands);

}  // namespace netsurf
