// The eigenpairs of largest magnitude of a symmetric matrix, by block Lanczos with full reorthogonalization.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/gradient/block_operator.h"

namespace netsurf {

struct EigenOptions {
  int count = 8;            // eigenpairs wanted
  int block = 16;           // lanes of one product; made at least count where n allows
  int max_sweeps = 12;      // products of a whole block
  double tolerance = 1e-6;  // stops when every residual |A v - lambda v| is below tolerance x |largest
                            // lambda|; 0: never
  uint64_t seed = 1;        // of the starting block
  int num_threads = 0;      // for the work beside the products; 0: all cores; changes no bit
};

struct Eigenpairs {
  std::vector<double> values;     // [count], by falling magnitude
  std::vector<double> vectors;    // [count, n], orthonormal rows
  std::vector<double> residuals;  // [count], |A v - lambda v|
  int64_t products = 0;           // matrix-vector products taken
};

/// Throws InputError for count < 1 or above n, RunError when a product is not finite.
Eigenpairs top_eigenpairs(const BlockOperator& matrix, int64_t n, const EigenOptions& options);

}  // namespace netsurf
