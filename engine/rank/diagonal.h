// Curvature of the loss along each element: the diagonal of the Hessian.
#pragma once

#include <string_view>
#include <vector>

#include "engine/gradient/float_twin.h"
#include "engine/rank/ranker.h"

namespace netsurf {

inline constexpr RankerOption kDiagonal = {"diagonal",
                                           RankerOption::Kind::word,
                                           "auto",
                                           0,
                                           0,
                                           "auto exact sampled xdiag",
                                           "the Gauss-Newton diagonal, from a pass per output or from drawn "
                                           "labels, or XDiag; auto: exact where that "
                                           "is the Hessian's and outputs are at most 1024"};
inline constexpr RankerOption kDiagonalProducts = {
    "products", RankerOption::Kind::integer, "128", 4, 1 << 24, "", "products with the Hessian for XDiag"};

struct GradientAndDiagonal {
  std::vector<double> gradient, diagonal;  // [elements]
};

/// Both at the twin's frozen point, as the settings `diagonal` and `products` say. Reads `hvp` and
/// `precision` too. Throws RunError naming the method when something is not finite.
GradientAndDiagonal gradient_and_diagonal(std::string_view method, const RankRequest& request,
                                          const FloatTwin& twin);

}  // namespace netsurf
