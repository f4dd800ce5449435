// A model as the layer path runs it: its layers as descriptors for kernels/cuda/layer_run.h, a parameter
// image, and a plan of the memory that codes take between layers. Nothing here touches a device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/backend/plain_network.h"
#include "engine/faults/bit_space.h"
#include "engine/model/dataset.h"
#include "kernels/cuda/flips.h"
#include "kernels/cuda/layer_ops.h"

namespace netsurf {

/// Where the codes of a chunk lie.
struct ChunkMemory {
  std::byte* arena = nullptr;      // [LayerPlan::live_bytes(), lanes, samples], for every buffer a part
  const int32_t* input = nullptr;  // [elements, input_stride], from the chunk's first sample on
  int64_t input_stride = 0;
};

/// How a batch is cut into chunks: so many lanes and samples at a time, or what is left.
struct ChunkSizes {
  int num_lanes = 0, num_samples = 0;
};

/// The largest chunk of a batch of which every lane and sample takes `live_bytes`, within `budget` bytes.
/// Prefers all lanes to all samples, as long as a lane has some hundred samples. Throws cuda::OutOfMemory
/// when not even one sample of one lane fits. REQUIRES: num_lanes, num_samples >= 1.
ChunkSizes chunk_sizes(int num_lanes, int64_t num_samples, uint64_t live_bytes, uint64_t budget);

/// The set's codes as ChunkMemory::input has them: [sample_size, count].
std::vector<int32_t> side_by_side(const EvaluationSet& set);

class LayerPlan {
 public:
  /// Keeps a reference to the network. Throws InputError for a model too large to be numbered in 32 bits:
  /// 2^30 parameters, or a layer with 2^31 codes.
  explicit LayerPlan(const PlainNetwork& network);

  /// The codes of all parameters with their signs extended, then zeros up to a multiple of
  /// kImageWordsUnit, at least one.
  const std::vector<int32_t>& clean_image() const { return image_; }
  /// The words of it that are not operands.
  const std::vector<cuda::CodedWords>& coded_words() const { return coded_; }
  /// Where the image has the segments of the bit space. `elements` stays null: what it points to is to lie
  /// where patches are made.
  std::vector<cuda::PatchSegment> segments(const BitSpace& space) const;

  /// Bytes per lane and sample of all codes that are held at once, but the input's.
  uint64_t live_bytes() const { return live_bytes_; }
  /// What is to be run, in order. REQUIRES: num_samples > 0, num_lanes > 0 in `chunk`.
  std::vector<cuda::LayerOp> ops(const cuda::LaneChunk& chunk, const ChunkMemory& memory) const;
  /// The layer whose buffer ops()[i] writes. None writes that of sums whose activation is taken at once.
  int target(size_t i) const { return steps_[i].to; }
  /// A layer's codes, there from its last op until its buffer is taken by another; those of the scored layer,
  /// to the end.
  cuda::Codes codes(int layer, const cuda::LaneChunk& chunk, const ChunkMemory& memory) const;

 private:
  struct Step {
    cuda::LayerOp op;  // but for where it reads and writes
    int from = 0, to = 0;
  };
  struct Buffer {
    int64_t elements = 0;
    bool is_wide = false;
    uint64_t offset = 0, bytes = 0;  // in the arena, per lane and sample
  };

  void add_parameters();
  void add_steps(int layer);
  void add_sums(int layer);
  void add_affine(int layer);
  void add_activation(int layer);
  void add_threshold(int layer);
  void add_join(int layer);
  void add_window(int layer);
  void add(int layer, int input, cuda::LayerOp op);
  void place_buffers();

  const Model& model() const { return network_.model(); }
  /// Where the image has a parameter; kNoOperands for none.
  int64_t first_word(int parameter) const;
  /// A left shift into the layer's integers; as PlainNetwork::shift_within.
  int shift_within(int layer, int shift) const;

  const PlainNetwork& network_;
  std::vector<int32_t> image_;
  std::vector<cuda::CodedWords> coded_;
  std::vector<int64_t> first_words_;  // per parameter
  std::vector<int> num_readers_;      // per buffer
  std::vector<Step> steps_;
  std::vector<Buffer> buffers_;  // per layer; no bytes where it shares another's
  uint64_t live_bytes_ = 0;
};

}  // namespace netsurf
