// The float twin of docs/gradients.md a second time: one sample after the other, forward only, from the
// definitions. Its integers come from the naive inference; gradients are differences of its losses.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/model/dataset.h"
#include "tests/reference/naive_slopes.h"

namespace netsurf::naive {

/// How far every element of every parameter is moved, in real units; 0 for elements that are no variables.
using Displacement = std::vector<std::vector<Real>>;

class Twin {
 public:
  /// Frozen at `codes[parameter]`. Keeps references to model and set.
  Twin(const Model& model, const EvaluationSet& set, std::vector<std::vector<int32_t>> codes,
       TwinPlant plant = TwinPlant::none);

  Displacement no_displacement() const;

  /// The scored values of one sample.
  std::vector<Sized> outputs(int64_t sample, const Displacement& moved) const;
  /// The loss of one sample, and the mean over all.
  Sized loss(int64_t sample, const Displacement& moved) const;
  Sized mean_loss(const Displacement& moved) const;

 private:
  const Model& model_;
  const EvaluationSet& set_;
  std::vector<std::vector<int32_t>> codes_;
  TwinPlant plant_;
  std::vector<std::vector<Tensor>> frozen_;     // by sample and layer: what the integer network did
  std::vector<std::vector<Real>> own_outputs_;  // by sample: what it puts out with the model's own codes
  std::vector<Wide> largest_;                   // by layer: the largest |code| it puts out in the set
};

}  // namespace netsurf::naive
