// Matrix products of float32, row-major, cut into fixed blocks that the threads share. A block is one
// single-threaded BLAS call, so the result does not depend on how many threads there are.
#pragma once

namespace netsurf::floating {

/// C = op(A) op(B) + beta C, with op(A) of m x k and op(B) of k x n. A leading dimension of 0 means densely
/// packed.
struct Gemm {
  bool transpose_a = false, transpose_b = false;
  int m = 0, n = 0, k = 0;
  const float* a = nullptr;  // [m, k], or [k, m] when transposed
  const float* b = nullptr;  // [k, n], or [n, k] when transposed
  float* c = nullptr;        // [m, n]
  float beta = 0;
  int lda = 0, ldb = 0, ldc = 0;  // elements from one row to the next
};

/// On the calling thread.
void gemm(const Gemm& product);

/// On all threads of OpenMP: blocks of rows or columns of C, whichever are more.
void parallel_gemm(const Gemm& product);

}  // namespace netsurf::floating
