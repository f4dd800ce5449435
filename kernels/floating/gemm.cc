#include "kernels/floating/gemm.h"

#include <cblas.h>

#include <algorithm>
#include <cstdint>

#include "kernels/floating/blas_thread.h"
#include "kernels/floating/parallel.h"

namespace netsurf::floating {
namespace {

constexpr int kMaxBlocks = 8;
constexpr int kMinBlock = 16;  // rows or columns; smaller products run as one call

void call_blas(CBLAS_TRANSPOSE transpose_a, CBLAS_TRANSPOSE transpose_b, const GemmOf<float>& p) {
  cblas_sgemm(CblasRowMajor, transpose_a, transpose_b, p.m, p.n, p.k, 1.0f, p.a, p.lda, p.b, p.ldb, p.beta,
              p.c, p.ldc);
}
void call_blas(CBLAS_TRANSPOSE transpose_a, CBLAS_TRANSPOSE transpose_b, const GemmOf<double>& p) {
  cblas_dgemm(CblasRowMajor, transpose_a, transpose_b, p.m, p.n, p.k, 1.0, p.a, p.lda, p.b, p.ldb, p.beta,
              p.c, p.ldc);
}

template <typename Real>
void call(const GemmOf<Real>& p) {
  const OneBlasThread one_thread;
  call_blas(p.transpose_a ? CblasTrans : CblasNoTrans, p.transpose_b ? CblasTrans : CblasNoTrans, p);
}

template <typename Real>
void call_each(const GemmBatch<Real>& batch) {
  const GemmOf<Real> first = with_leading_dimensions(batch.first);
  parallel_for(batch.size, [&](int64_t i) {
    GemmOf<Real> product = first;
    product.a += i * batch.stride_a;
    product.b += i * batch.stride_b;
    product.c += i * batch.stride_c;
    call(product);
  });
}

}  // namespace

void gemm(const GemmOf<float>& product) { call(with_leading_dimensions(product)); }
void gemm(const GemmOf<double>& product) { call(with_leading_dimensions(product)); }

void parallel_gemm(const Gemm& product) {
  const Gemm whole = with_leading_dimensions(product);
  const bool by_rows = whole.m >= whole.n;
  const int size = by_rows ? whole.m : whole.n;
  const int blocks = std::clamp(size / kMinBlock, 1, kMaxBlocks);
  parallel_for(blocks, [&](int64_t block) {
    const int64_t begin = size * block / blocks;
    const int64_t end = size * (block + 1) / blocks;
    Gemm part = whole;
    if (by_rows) {
      part.m = static_cast<int>(end - begin);
      part.a += whole.transpose_a ? begin : begin * whole.lda;
      part.c += begin * whole.ldc;
    } else {
      part.n = static_cast<int>(end - begin);
      part.b += whole.transpose_b ? begin * whole.ldb : begin;
      part.c += begin;
    }
    call(part);
  });
}

void gemm_batched(const GemmBatch<float>& batch) { call_each(batch); }
void gemm_batched(const GemmBatch<double>& batch) { call_each(batch); }

}  // namespace netsurf::floating
