// What netsurf hessian found, as tables and as CSV.
#pragma once

#include <string>
#include <vector>

#include "engine/faults/bit_space.h"
#include "engine/gradient/spectrum.h"
#include "engine/model/model.h"

namespace netsurf {

/// The elements of one parameter that have bits, and what the Hessian's diagonal says of them.
struct ParameterCurvature {
  std::string name;
  int64_t elements = 0;
  double trace = 0;  // the sum of their diagonal entries

  double mean() const { return trace / static_cast<double>(elements); }
};

/// In the order of the bit space; parameters without bits are left out.
std::vector<ParameterCurvature> parameter_curvatures(const Model& model, const BitSpace& space,
                                                     const std::vector<double>& diagonal);

std::string spectrum_text(const Spectrum& spectrum, const std::vector<ParameterCurvature>& parameters);
/// A row per number: quantity, name (of the parameter, number of the eigenvalue, or all), elements, value,
/// error (empty: exact, or not known).
std::string spectrum_csv(const Spectrum& spectrum, const std::vector<ParameterCurvature>& parameters);

}  // namespace netsurf
