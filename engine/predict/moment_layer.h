// One layer's way to carry means and variances from its inputs to its outputs, its own parameters being
// random. The formulas are in docs/predict.md.
#pragma once

#include <memory>
#include <vector>

#include "engine/backend/plain_network.h"
#include "engine/gradient/frozen_tile.h"
#include "engine/predict/exposure.h"
#include "engine/predict/parameter_law.h"
#include "engine/predict/tile_moments.h"

namespace netsurf {

/// A tile on its way: its values without faults, and the moments of the layers so far.
struct MomentTile {
  const PlainNetwork& network;
  const FrozenTile<double>& clean;
  const std::vector<TileMoments>& moments;
  const CleanChances& chances;

  const TileMoments& of(int layer) const { return moments[static_cast<size_t>(layer)]; }
  /// [samples, size]
  const std::vector<double>& clean_values(int layer) const {
    return clean.values[static_cast<size_t>(network.buffer_of(layer))];
  }
};

class MomentLayer {
 public:
  virtual ~MomentLayer() = default;
  /// The layers whose moments it reads: not always those the layer itself reads.
  virtual std::vector<int> inputs() const = 0;
  virtual TileMoments run(const MomentTile& tile) const = 0;
};

/// Keeps references to model and law. Null for a layer that passes its input on, and for the input.
std::unique_ptr<MomentLayer> make_moment_layer(const Model& model, int index, const ParameterLaw& law);

/// For make_moment_layer, by family.
std::unique_ptr<MomentLayer> make_sum_moments(const Model& model, int index, const ParameterLaw& law);
std::unique_ptr<MomentLayer> make_conv_moments(const Model& model, int index, const ParameterLaw& law);
std::unique_ptr<MomentLayer> make_affine_moments(const Model& model, int index, const ParameterLaw& law);
std::unique_ptr<MomentLayer> make_window_moments(const Model& model, int index);
std::unique_ptr<MomentLayer> make_max_pool_moments(const Model& model, int index, const ParameterLaw& law);
std::unique_ptr<MomentLayer> make_join_moments(const Model& model, int index);
std::unique_ptr<MomentLayer> make_activation_moments(const Model& model, int index, const ParameterLaw& law);
std::unique_ptr<MomentLayer> make_threshold_moments(const Model& model, int index, const ParameterLaw& law);

/// The affine layer that an activation reads, or -1.
int affine_before(const Model& model, int activation);

/// How many channels a layer's elements share weights in: the channels of the image behind any flattening, or
/// 0 where elements have no weights in common. Faults move all pixels of a channel together.
int64_t tied_channels(const Model& model, int layer);

}  // namespace netsurf
