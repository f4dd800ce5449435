// Matrix products, row-major. On the host a product is cut into fixed blocks that the threads share; a block
// is one single-threaded BLAS call, so the result does not depend on how many threads there are. The
// descriptions are also those of the device's products (kernels/cuda/blas.h).
#pragma once

#include <cstdint>

namespace netsurf::floating {

/// C = op(A) op(B) + beta C, with op(A) of m x k and op(B) of k x n. A leading dimension of 0 means densely
/// packed. Where beta is 0, C need not hold numbers.
template <typename Real>
struct GemmOf {
  bool transpose_a = false, transpose_b = false;
  int m = 0, n = 0, k = 0;
  const Real* a = nullptr;  // [m, k], or [k, m] when transposed
  const Real* b = nullptr;  // [k, n], or [n, k] when transposed
  Real* c = nullptr;        // [m, n]
  Real beta = 0;
  int lda = 0, ldb = 0, ldc = 0;  // elements from one row to the next
};
using Gemm = GemmOf<float>;

/// `size` products of one shape: product i has a + i stride_a, b + i stride_b and c + i stride_c.
template <typename Real>
struct GemmBatch {
  GemmOf<Real> first;
  // Elements from one product's matrix to the next one's. 0 gives every product the same matrix; the C of
  // different products must not overlap.
  int64_t stride_a = 0, stride_b = 0, stride_c = 0;
  int size = 1;
};

/// The same product with its leading dimensions written out, each at least 1, as BLAS wants them.
template <typename Real>
GemmOf<Real> with_leading_dimensions(GemmOf<Real> product) {
  const auto at_least_one = [](int elements) { return elements > 1 ? elements : 1; };
  if (product.lda == 0) product.lda = at_least_one(product.transpose_a ? product.m : product.k);
  if (product.ldb == 0) product.ldb = at_least_one(product.transpose_b ? product.k : product.n);
  if (product.ldc == 0) product.ldc = at_least_one(product.n);
  return product;
}

/// On the calling thread.
void gemm(const GemmOf<float>& product);
void gemm(const GemmOf<double>& product);

/// On all threads of OpenMP: blocks of rows or columns of C, whichever are more.
void parallel_gemm(const Gemm& product);

/// On all threads of OpenMP, each product on one of them.
void gemm_batched(const GemmBatch<float>& batch);
void gemm_batched(const GemmBatch<double>& batch);

}  // namespace netsurf::floating
