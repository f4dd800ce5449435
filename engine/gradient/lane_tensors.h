// Tensors of the parameters with variables, one for each lane.
#pragma once

#include <vector>

#include "engine/gradient/element_map.h"
#include "engine/gradient/lane_graph.h"

namespace netsurf {

template <typename Real>
class LaneTensors {
 public:
  /// By parameter [lanes, size], of anything, for the parameters with variables that are `wanted`; memory of
  /// an earlier shape is used again.
  void reshape(const ElementMap& map, int lanes, const std::vector<bool>& wanted);

  void clear();
  bool has(int parameter) const { return !tensors_[static_cast<size_t>(parameter)].empty(); }
  /// Lane k's part of a parameter's tensors. REQUIRES: has(parameter).
  Real* lane(int parameter, int lane) {
    return tensors_[static_cast<size_t>(parameter)].data() + lane * size(parameter);
  }
  const Real* lane(int parameter, int lane) const {
    return tensors_[static_cast<size_t>(parameter)].data() + lane * size(parameter);
  }
  /// Where the gradients of all lanes go; null for parameters that are not here.
  LaneSums<Real> sums();
  /// Every lane's own weights, and `others` for parameters that are not here.
  LaneWeights<Real> weights(const LaneWeights<Real>& others) const;

 private:
  int64_t size(int parameter) const {
    return static_cast<int64_t>(tensors_[static_cast<size_t>(parameter)].size()) / lanes_;
  }

  int lanes_ = 1;
  std::vector<std::vector<Real>> tensors_;
};

}  // namespace netsurf
