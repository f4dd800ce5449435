// Products that are counted, and refused where they are not numbers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/gradient/block_operator.h"

namespace netsurf {

class CheckedOperator {
 public:
  /// Keeps a reference to the matrix.
  CheckedOperator(const BlockOperator& matrix, int64_t n) : matrix_(matrix), n_(n) {}

  /// A x rows [lanes, n]. Throws RunError when a product is not finite.
  std::vector<double> apply(std::span<const double> rows);
  int64_t products() const { return products_; }

 private:
  const BlockOperator& matrix_;
  int64_t n_;
  int64_t products_ = 0;
};

}  // namespace netsurf
