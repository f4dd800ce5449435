#include "kernels/cuda/blas.h"

#include <cublas_v2.h>

#include <string>

#include "kernels/cuda/error.h"

namespace netsurf::cuda {
namespace {

using floating::GemmBatch;
using floating::GemmOf;

void check_blas(cublasStatus_t status, const char* call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  std::string text =
      std::string(call) + ": " + cublasGetStatusName(status) + ", " + cublasGetStatusString(status);
  if (status == CUBLAS_STATUS_ALLOC_FAILED) throw OutOfMemory(text);
  throw Error(text);
}

/// The library counts along columns, so a row-major matrix is the transpose of what it sees. It is asked for
/// C^T = op(B)^T op(A)^T: operands and sizes change places, nothing is moved.
template <typename Real, typename Routine>
void multiply(Routine routine, const char* name, cublasHandle_t handle, const GemmBatch<Real>& batch) {
  const GemmOf<Real> p = floating::with_leading_dimensions(batch.first);
  if (p.m == 0 || p.n == 0 || batch.size == 0) return;
  const auto operation = [](bool transpose) { return transpose ? CUBLAS_OP_T : CUBLAS_OP_N; };
  const Real alpha = 1;
  check_blas(
      routine(handle, operation(p.transpose_b), operation(p.transpose_a), p.n, p.m, p.k, &alpha, p.b, p.ldb,
              batch.stride_b, p.a, p.lda, batch.stride_a, &p.beta, p.c, p.ldc, batch.stride_c, batch.size),
      name);
}

}  // namespace

Blas::Blas(const Stream& stream) {
  check_blas(cublasCreate(&handle_), "cublasCreate");
  try {
    check_blas(cublasSetStream(handle_, stream.get()), "cublasSetStream");
    check_blas(cublasSetMathMode(handle_, CUBLAS_PEDANTIC_MATH), "cublasSetMathMode");
  } catch (...) {
    cublasDestroy(handle_);
    throw;
  }
}

Blas::~Blas() { cublasDestroy(handle_); }

void Blas::gemm_batched(const GemmBatch<float>& batch) const {
  multiply(cublasSgemmStridedBatched, "cublasSgemmStridedBatched", handle_, batch);
}
void Blas::gemm_batched(const GemmBatch<double>& batch) const {
  multiply(cublasDgemmStridedBatched, "cublasDgemmStridedBatched", handle_, batch);
}

}  // namespace netsurf::cuda
