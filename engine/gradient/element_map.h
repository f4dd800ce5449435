// Vectors over the elements of a BitSpace, in its order, and the parameter tensors of the model they belong
// to.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/faults/bit_space.h"

namespace netsurf {

class ElementMap {
 public:
  /// Keeps a reference to the space.
  ElementMap(const Model& model, const BitSpace& space);

  int64_t num_elements() const { return num_elements_; }
  bool has(int parameter) const { return first_[static_cast<size_t>(parameter)] >= 0; }
  /// Elements of a parameter's whole tensor.
  int64_t size(int parameter) const { return sizes_[static_cast<size_t>(parameter)]; }
  int num_parameters() const { return static_cast<int>(sizes_.size()); }

  /// tensor[place] = scale x values[element] (+ base[place], unless null) for the elements of one parameter,
  /// and 0 (or base[place]) at its other places.
  template <typename Real>
  void put(int parameter, const double* values, double scale, const Real* base, Real* tensor) const;
  /// values[element] += scale x tensor[place].
  template <typename Real>
  void add(int parameter, const Real* tensor, double scale, double* values) const;

 private:
  const BitSpace& space_;
  std::vector<int64_t> sizes_;
  std::vector<int64_t> first_;    // by parameter: its first element, -1 for none
  std::vector<size_t> segments_;  // by parameter: its place in space_.segments()
  int64_t num_elements_ = 0;
};

}  // namespace netsurf
