#include "kernels/floating/gemm.h"

#include <cblas.h>
#include <omp.h>

#include <algorithm>
#include <cstdint>

#include "kernels/floating/parallel.h"

namespace netsurf::floating {
namespace {

constexpr int kMaxBlocks = 8;
constexpr int kMinBlock = 16;  // rows or columns; smaller products run as one call

Gemm packed(Gemm product) {
  if (product.lda == 0) product.lda = product.transpose_a ? product.m : product.k;
  if (product.ldb == 0) product.ldb = product.transpose_b ? product.k : product.n;
  if (product.ldc == 0) product.ldc = product.n;
  return product;
}

// Threads are ours; BLAS's own would be started on top of them. An OpenBLAS built on OpenMP takes its number
// of threads from the calling thread's setting, one with threads of its own from a global one.
void call(const Gemm& p) {
  static const int ignored = [] {
    const int before = omp_get_max_threads();
    openblas_set_num_threads(1);
    omp_set_num_threads(before);
    return 0;
  }();
  static_cast<void>(ignored);
  const int before = omp_get_max_threads();
  if (before != 1) omp_set_num_threads(1);
  cblas_sgemm(CblasRowMajor, p.transpose_a ? CblasTrans : CblasNoTrans,
              p.transpose_b ? CblasTrans : CblasNoTrans, p.m, p.n, p.k, 1.0f, p.a, std::max(p.lda, 1), p.b,
              std::max(p.ldb, 1), p.beta, p.c, std::max(p.ldc, 1));
  if (before != 1) omp_set_num_threads(before);
}

}  // namespace

void gemm(const Gemm& product) { call(packed(product)); }

void parallel_gemm(const Gemm& product) {
  const Gemm whole = packed(product);
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

}  // namespace netsurf::floating
