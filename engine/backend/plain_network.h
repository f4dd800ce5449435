// The plain path of one model: its layers as a list of steps over tiles of kTile samples. Built once, read by
// all threads; each thread has its own workspace and its own copy of the parameters, in which it flips bits.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "engine/model/model.h"
#include "kernels/cpu/tile.h"

namespace netsurf {

/// The operands of codes whose bits a thread may flip: one vector per parameter of the model.
using ParameterOperands = std::vector<std::vector<int32_t>>;

/// Where the activations of one tile are: per layer [elements, kTile], in 32 or 64 bits as the layer's type
/// needs; null where a layer has no buffer of its own or of that width.
struct Activations {
  std::vector<int32_t*> narrow;
  std::vector<int64_t*> wide;
  std::vector<int32_t> row;  // room for the longest row of thresholds
};

/// Activations with their memory.
struct Workspace {
  std::vector<std::vector<int32_t>> narrow;
  std::vector<std::vector<int64_t>> wide;
  Activations activations;
};

class PlainNetwork {
 public:
  /// Keeps a reference to the model.
  explicit PlainNetwork(const Model& model);

  const Model& model() const { return model_; }
  ParameterOperands clean_parameters() const;
  Workspace make_workspace() const;
  /// No buffers yet, but the room that layers need beside them.
  Activations make_activations() const;

  /// Runs every layer on the tile whose input codes are in layer 0's buffer.
  void run(const ParameterOperands& parameters, Activations& activations) const;
  /// Runs one layer; nothing for one that shares its input's buffer.
  void run_layer(int layer, const ParameterOperands& parameters, Activations& activations) const;

  /// The layer whose buffer holds a layer's codes.
  int buffer_of(int layer) const { return buffer_[static_cast<size_t>(layer)]; }
  /// The layer whose buffer holds the scored codes after run().
  int scored_buffer() const { return buffer_of(model_.scored_layer()); }
  bool is_wide(int layer) const { return model_.type(layer).needs_64_bits(); }

 private:
  using Step = std::function<void(const ParameterOperands&, Activations&)>;

  void add_sums(int layer);
  void add_pool(int layer);
  void add_upsample(int layer);
  void add_threshold(int layer);
  void add_affine(int layer);
  void add_join(int layer);
  void add_activation(int layer);
  /// A left shift into the layer's integers. One that leaves them meets zeros alone, or the model would have
  /// been refused; here it is the longest that C++ defines.
  int shift_within(int layer, int shift) const;

  const Model& model_;
  std::vector<int> buffer_;  // per layer, the layer whose buffer it uses: reshapes share their input's
  std::vector<std::vector<Step>> steps_;  // per layer, what it takes
};

}  // namespace netsurf
