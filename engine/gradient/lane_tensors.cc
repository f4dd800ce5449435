#include "engine/gradient/lane_tensors.h"

#include <algorithm>

namespace netsurf {

template <typename Real>
void LaneTensors<Real>::reshape(const ElementMap& map, int lanes, const std::vector<bool>& wanted) {
  lanes_ = lanes;
  tensors_.resize(static_cast<size_t>(map.num_parameters()));
  for (int p = 0; p < map.num_parameters(); ++p) {
    const auto place = static_cast<size_t>(p);
    const bool is_here = map.has(p) && wanted[place];
    tensors_[place].resize(is_here ? static_cast<size_t>(lanes * map.size(p)) : 0);
  }
}

template <typename Real>
void LaneTensors<Real>::clear() {
  for (std::vector<Real>& tensor : tensors_) std::fill(tensor.begin(), tensor.end(), Real{0});
}

template <typename Real>
LaneSums<Real> LaneTensors<Real>::sums() {
  LaneSums<Real> sums(tensors_.size());
  for (size_t p = 0; p < tensors_.size(); ++p) {
    if (has(static_cast<int>(p))) sums[p] = {tensors_[p].data(), size(static_cast<int>(p))};
  }
  return sums;
}

template <typename Real>
LaneWeights<Real> LaneTensors<Real>::weights(const LaneWeights<Real>& others) const {
  LaneWeights<Real> weights = others;
  for (size_t p = 0; p < tensors_.size(); ++p) {
    if (has(static_cast<int>(p))) weights[p] = {tensors_[p].data(), size(static_cast<int>(p))};
  }
  return weights;
}

template class LaneTensors<float>;
template class LaneTensors<double>;

}  // namespace netsurf
