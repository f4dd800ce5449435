// A symmetric matrix known by its products alone, taken many at a time.
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace netsurf {

/// Rows x [lanes, n] to rows A x [lanes, n]; how many lanes there are follows from the length.
using BlockOperator = std::function<std::vector<double>(std::span<const double> rows)>;

}  // namespace netsurf
