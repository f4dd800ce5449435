// Trace and diagonal of a symmetric matrix from random products, with what they are sure of.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/gradient/block_operator.h"

namespace netsurf {

struct TraceEstimate {
  double trace = 0;
  double standard_error = 0;
  int64_t products = 0;
};

struct DiagonalEstimate {
  std::vector<double> diagonal;  // [n]
  double relative_error = 0;     // estimated |error| / |diagonal|, both Euclidean
  int64_t products = 0;
};

/// XTrace (Epperly, Tropp, Webber 2024): every probe serves the sketch and the residual of all others.
/// `products` are spent in two blocks; at least 4. From n products on, the unit vectors are taken instead and
/// the answer is exact. Throws InputError for fewer than 4 or more than 2 n (4 are always allowed), RunError
/// when a product is not finite. A matrix whose rank is below products / 2 is recognized: exact too.
/// `num_threads` is for the work beside the products (0: all cores) and changes no bit.
TraceEstimate xtrace(const BlockOperator& matrix, int64_t n, int64_t products, uint64_t seed,
                     int num_threads = 0);

/// XDiag of the same paper, for the diagonal. As above.
DiagonalEstimate xdiag(const BlockOperator& matrix, int64_t n, int64_t products, uint64_t seed,
                       int num_threads = 0);

/// Bekas, Kokiopoulou, Saad 2007: mean of v * (A v) over Rademacher vectors v. Needs very many products; it
/// is what the original calls `laplace`. At least 2 products.
DiagonalEstimate hutchinson_diagonal(const BlockOperator& matrix, int64_t n, int64_t products, uint64_t seed);

}  // namespace netsurf
