// Averages over every set of flips of a small network, for tests of what is predicted without any.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/faults/bit_space.h"
#include "tests/reference/naive_inference.h"

namespace netsurf::testing {

/// Calls visit(chance, faulty codes by parameter) for each of the 2^bits masks.
template <typename Visit>
void for_all_masks(const Model& model, const BitSpace& space, std::span<const double> rates, Visit visit) {
  for (uint64_t mask = 0; mask < uint64_t{1} << space.size(); ++mask) {
    std::vector<std::vector<int32_t>> codes;
    for (const Parameter& parameter : model.parameters()) codes.push_back(parameter.codes);
    double chance = 1;
    for (BitId id = 0; id < space.size(); ++id) {
      if ((mask >> id & 1) == 0) {
        chance *= 1 - rates[id];
        continue;
      }
      chance *= rates[id];
      const BitAddress at = space.address(id);
      int32_t& code = codes[static_cast<size_t>(at.parameter)][static_cast<size_t>(at.element)];
      code = flipped_code(model.parameters()[static_cast<size_t>(at.parameter)], code, at.bit);
    }
    visit(chance, codes);
  }
}

/// The scored values of one sample.
inline std::vector<double> scores_of(const Model& model, std::span<const std::vector<int32_t>> codes,
                                     std::span<const int32_t> sample) {
  const std::vector<naive::Tensor> tensors = naive::infer(model, codes, sample);
  const naive::Tensor& scored = naive::scored(tensors);
  std::vector<double> values;
  for (naive::Wide code : scored.codes) {
    values.push_back(std::ldexp(static_cast<double>(code), -scored.frac_bits) *
                     static_cast<double>(model.layers().back().unit));
  }
  return values;
}

}  // namespace netsurf::testing
