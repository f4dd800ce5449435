// What the layers of the reference compute with: tensors and operands.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "tests/reference/naive_inference.h"

namespace netsurf::naive {

/// A parameter as a layer sees it: operands and fraction bits; absent ones are zero everywhere.
struct Stored {
  const std::vector<int32_t>* codes = nullptr;
  const Parameter* parameter = nullptr;
  Plant plant = Plant::none;

  bool present() const { return parameter != nullptr; }
  int frac_bits() const { return fraction_of(parameter->format); }
  Wide at(int64_t element) const {
    Wide code = (*codes)[static_cast<size_t>(element)];
    if (parameter->bipolar) return plant == Plant::bipolar_as_stored ? code : code == 1 ? 1 : -1;
    return plant == Plant::zero_point_ignored ? code : code - parameter->zero_point;
  }
};

struct Context {
  const Model& model;
  std::span<const std::vector<int32_t>> parameters;
  Plant plant;

  Stored stored(int index) const {
    if (index < 0) return {};
    return {&parameters[static_cast<size_t>(index)], &model.parameters()[static_cast<size_t>(index)], plant};
  }
};

inline Tensor empty_like(Shape shape, int frac_bits) {
  int64_t elements = 1;
  for (int size : shape) elements *= size;
  Tensor tensor{std::move(shape), frac_bits, {}};
  tensor.codes.assign(static_cast<size_t>(elements), 0);
  return tensor;
}

/// product x 2^-product_frac + term x 2^-term_frac, as a code with the finer of the two steps.
inline Wide finest_sum(Wide product, int product_frac, const Stored& term, int64_t element, Plant plant) {
  if (!term.present()) return product;
  int finest = std::max(product_frac, term.frac_bits());
  int term_shift = plant == Plant::bias_unaligned ? 0 : finest - term.frac_bits();
  return doubled(product, finest - product_frac) + doubled(term.at(element), term_shift);
}

inline int finest_fraction(int product_frac, const Stored& term) {
  return term.present() ? std::max(product_frac, term.frac_bits()) : product_frac;
}

}  // namespace netsurf::naive
