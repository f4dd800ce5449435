// Products with a matrix most of whose entries are zero: the inputs of a network are often so, as in an image
// of a digit, and all its lanes share them.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/floating/bilinear.h"

namespace netsurf::floating {

/// The entries of a matrix that are not zero, row by row.
template <typename Real>
struct SparseRows {
  std::vector<int32_t> ends;     // by row: where its entries end
  std::vector<int32_t> columns;  // of each entry
  std::vector<Real> values;

  int rows() const { return static_cast<int>(ends.size()); }
};

/// A matrix and its transpose; neither holds rows where the matrix is not sparse enough for them to be
/// faster.
template <typename Real>
struct SparseMatrix {
  SparseRows<Real> rows, columns;

  bool is_sparse() const { return !rows.ends.empty(); }
};

/// Of x [rows, columns].
template <typename Real>
void make_sparse(int rows, int columns, const Real* x, SparseMatrix<Real>& matrix);

/// dense_apply and dense_to_weights (bilinear.h) for the same x in all lanes: x [samples, in].
template <typename Real>
void sparse_apply(LaneShape tile, DenseSizes shape, WeightsOf<Real> w, const SparseMatrix<Real>& x, Real* y);
template <typename Real>
void sparse_to_weights(LaneShape tile, DenseSizes shape, RowsOf<Real> dy, const SparseMatrix<Real>& x,
                       WeightSums<Real> dw);

}  // namespace netsurf::floating
