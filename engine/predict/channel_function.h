// An activation with the affine layer before it, if there is one: a function of what the affine layer reads,
// random because scale and shift are.
#pragma once

#include <vector>

#include "engine/predict/activation_moments.h"
#include "engine/predict/affine_law.h"
#include "engine/predict/moment_layer.h"

namespace netsurf {

/// A number that goes through one case of a channel: the normal input of the activation.
struct NormalInput {
  double mean = 0, variance = 0;
};

class ChannelFunction {
 public:
  /// REQUIRES: `activation` is an activation layer.
  ChannelFunction(const Model& model, int activation, const ParameterLaw& law);

  /// The layer whose numbers go in, the one that the activation reads, and the activation.
  int source() const { return source_; }
  int input() const { return input_; }
  int index() const { return index_; }
  const ActivationMoments& function() const { return function_; }

  size_t num_channels() const { return channels_.size(); }  // 1 where all are alike
  const AffineLaw& channel(size_t i) const { return channels_[i % channels_.size()]; }

  /// A number with these moments at the activation's input. `more`: by how much the bits that are not
  /// enumerated vary more than usual.
  static NormalInput through(const AffineLaw& law, const AffineCase& one, double mean, double variance,
                             double more = 1);

 private:
  int index_, input_, source_;
  ActivationMoments function_;
  std::vector<AffineLaw> channels_;
};

}  // namespace netsurf
