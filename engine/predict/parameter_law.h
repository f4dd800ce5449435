// What random flips make of the parameters. The bits of one element add up, so its mean and variance are sums
// over its bits: exact for two's complement, unsigned and bipolar storage.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/faults/bit_space.h"

namespace netsurf {

/// One bit that may flip: how likely, and the change of the value (operand x 2^-f) when it does.
struct BitStep {
  double rate = 0, step = 0;
  BitId id = 0;
};

/// The change of an element's value when one of its bits flips.
double step_of(const Parameter& parameter, int32_t code, int bit);

/// Every element's mean and variance, in the order of the parameter's codes.
struct TensorLaw {
  std::vector<double> mean, variance;
};

class ParameterLaw {
 public:
  /// rates [space.size()] by BitId. Keeps references to model and space, not to the rates' memory.
  ParameterLaw(const Model& model, const BitSpace& space, std::span<const double> rates);

  const TensorLaw& tensor(int parameter) const { return tensors_[static_cast<size_t>(parameter)]; }
  /// The bits of one element that can flip, in no particular order.
  std::vector<BitStep> steps(int parameter, int64_t element) const;
  /// The logarithm of the chance that no bit of the parameter flips; -infinity where one always does.
  double log_clean(int parameter) const { return log_clean_[static_cast<size_t>(parameter)]; }
  /// The value without flips.
  double clean(int parameter, int64_t element) const;

 private:
  const Model& model_;
  const BitSpace& space_;
  std::vector<double> rates_;
  std::vector<TensorLaw> tensors_;
  std::vector<double> log_clean_;
};

}  // namespace netsurf
