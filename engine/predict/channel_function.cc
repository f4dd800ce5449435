#include "engine/predict/channel_function.h"

namespace netsurf {

ChannelFunction::ChannelFunction(const Model& model, int activation, const ParameterLaw& law)
    : index_(activation),
      input_(model.layers()[static_cast<size_t>(activation)].inputs[0]),
      source_(input_),
      function_(model.layers()[static_cast<size_t>(activation)], model.type(input_).frac_bits) {
  const int affine = affine_before(model, activation);
  if (affine < 0) {
    channels_ = {identity_law()};
    return;
  }
  const Layer& layer = model.layers()[static_cast<size_t>(affine)];
  source_ = layer.inputs[0];
  const bool shifts = layer.shift >= 0;
  for (int64_t c = 0; c < model.type(affine).shape.back(); ++c) {
    channels_.push_back(affine_law(
        law.clean(layer.scale, c), law.steps(layer.scale, c), shifts ? law.clean(layer.shift, c) : 0,
        shifts ? law.steps(layer.shift, c) : std::vector<BitStep>{}, function_.range()));
  }
}

NormalInput ChannelFunction::through(const AffineLaw& law, const AffineCase& one, double mean,
                                     double variance, double more) {
  return {one.scale * mean + one.shift,
          one.scale * one.scale * variance +
              more * (law.scale_variance * (mean * mean + variance) + law.shift_variance)};
}

}  // namespace netsurf
