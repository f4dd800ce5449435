// Matrix products on the device: the second implementation of what kernels/floating/gemm.h describes.
#pragma once

#include "kernels/cuda/stream.h"
#include "kernels/floating/gemm.h"

struct cublasContext;

namespace netsurf::cuda {

/// Owns a cuBLAS handle that works in one stream, which must outlive it. Products are computed in their own
/// precision throughout: float32 never passes through TF32 or sums of bfloat16. They are rounded as the
/// library sees fit, so results are near those of the host, not equal to them.
class Blas {
 public:
  /// On the device in use. Throws Error, or OutOfMemory where the handle finds no room.
  explicit Blas(const Stream& stream);
  ~Blas();
  Blas(const Blas&) = delete;
  Blas& operator=(const Blas&) = delete;

  /// Starts C[i] = op(A[i]) op(B[i]) + beta C[i] for every i of the batch. Matrices lie on the device and are
  /// row-major, as on the host: element (row, column) of A is a[row lda + column], of the stored matrix,
  /// before `transpose_a`. They must live until the stream has come so far. Throws Error for shapes that do
  /// not fit their leading dimensions.
  void gemm_batched(const floating::GemmBatch<float>& batch) const;
  void gemm_batched(const floating::GemmBatch<double>& batch) const;

 private:
  cublasContext* handle_ = nullptr;
};

}  // namespace netsurf::cuda
