// Small networks in which every layer kind and every activation function occurs, for tests of the float twin.
#pragma once

#include <string>
#include <vector>

#include "engine/model/dataset.h"
#include "engine/model/model.h"

namespace netsurf::testing {

struct TwinCase {
  std::string name;
  Model model;
  Task task = Task::classification;
  int percent_zeros = 0;  // of the input codes

  EvaluationSet set(int64_t count = 40) const;
};

const std::vector<TwinCase>& twin_cases();
const TwinCase& twin_case(const std::string& name);

/// Vectors [count, size] with numbers in [-1, 1], the same for a seed everywhere.
std::vector<double> random_vectors(int64_t count, int64_t size, uint64_t seed);
/// The rows of the unit matrix.
std::vector<double> unit_vectors(int64_t size);

double length(const std::vector<double>& v);
/// |a - b| / |b|, NaN where sizes differ.
double relative_error(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace netsurf::testing
