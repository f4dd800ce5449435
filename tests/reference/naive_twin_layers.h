// What every layer kind becomes in the float twin, for one sample.
#pragma once

#include <vector>

#include "tests/reference/naive_slopes.h"

namespace netsurf::naive {

struct SizedTensor {
  Shape shape;
  std::vector<Sized> values;
};

/// All that one layer of the twin is made from.
struct TwinSite {
  const Layer& layer;
  const std::vector<const SizedTensor*>& in;       // values of its inputs in the twin
  const Tensor& x0;                                // codes of its first input at the frozen point
  const Tensor& y0;                                // its own codes there
  const std::vector<std::vector<Sized>>& weights;  // by parameter: displaced values
  const std::vector<std::vector<Real>>& moved;     // by parameter: displacements alone
  const Context& context;                          // the parameters at the frozen point
  Wide largest;                                    // |code| of its first input in the whole set
  TwinPlant plant;

  Sized weight(int parameter, int64_t element) const {
    return weights[static_cast<size_t>(parameter)][static_cast<size_t>(element)];
  }
  /// The bias or shift of a channel; 0 where there is none.
  Sized added(int parameter, int channel) const {
    return parameter < 0 ? Sized() : weight(parameter, channel);
  }
};

/// REQUIRES: not an input.
SizedTensor twin_layer(const TwinSite& site);

}  // namespace netsurf::naive
