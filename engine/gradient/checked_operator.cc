#include "engine/gradient/checked_operator.h"

#include <cmath>
#include <string>

#include "engine/base/error.h"

namespace netsurf {

std::vector<double> CheckedOperator::apply(std::span<const double> rows) {
  std::vector<double> result = matrix_(rows);
  if (result.size() != rows.size()) {
    throw RunError("a matrix-vector product has " + std::to_string(result.size()) + " numbers, not " +
                   std::to_string(rows.size()));
  }
  products_ += static_cast<int64_t>(rows.size()) / n_;
  for (double each : result) {
    if (!std::isfinite(each)) {
      throw RunError("a matrix-vector product is not finite: the loss or its gradient overflows");
    }
  }
  return result;
}

}  // namespace netsurf
