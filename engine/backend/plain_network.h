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

/// The activations of one tile: per layer [elements, kTile], in 32 or 64 bits as the layer's type needs.
struct Workspace {
  std::vector<std::vector<int32_t>> narrow;
  std::vector<std::vector<int64_t>> wide;
  std::vector<int32_t> row;  // room for the longest row of thresholds
};

class PlainNetwork {
 public:
  /// Keeps a reference to the model.
  explicit PlainNetwork(const Model& model);

  const Model& model() const { return model_; }
  ParameterOperands clean_parameters() const;
  Workspace make_workspace() const;

  /// Where the input codes of a tile go: [elements, kTile].
  int32_t* input_of(Workspace& workspace) const { return workspace.narrow[0].data(); }
  /// Runs every layer on the tile that input_of() holds.
  void run(const ParameterOperands& parameters, Workspace& workspace) const;

  /// The layer whose buffer holds the scored codes after run().
  int scored_buffer() const { return buffer_[static_cast<size_t>(model_.scored_layer())]; }
  bool is_wide(int layer) const { return model_.type(layer).needs_64_bits(); }

 private:
  using Step = std::function<void(const ParameterOperands&, Workspace&)>;

  void add_sums(int layer);
  void add_pool(int layer);
  void add_upsample(int layer);
  void add_threshold(int layer);
  void add_affine(int layer);
  void add_join(int layer);
  void add_activation(int layer);

  const Model& model_;
  std::vector<int> buffer_;  // per layer, the layer whose buffer it uses: reshapes share their input's
  std::vector<Step> steps_;
};

}  // namespace netsurf
