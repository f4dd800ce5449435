#include "kernels/floating/dense.h"

#include "kernels/floating/elementwise.h"
#include "kernels/floating/gemm.h"
#include "kernels/floating/reduce.h"

namespace netsurf::floating {

void dense_forward(const DenseShape& shape, const float* x, const float* kernel, const float* bias,
                   float* y) {
  parallel_gemm(
      {.transpose_b = true, .m = shape.batch, .n = shape.out, .k = shape.in, .a = x, .b = kernel, .c = y});
  if (bias != nullptr) add_channels(shape.batch, shape.out, bias, y);
}

void dense_backward(const DenseShape& shape, const float* x, const float* kernel, const float* dy, float* dx,
                    float* dkernel, float* dbias) {
  parallel_gemm(
      {.transpose_a = true, .m = shape.out, .n = shape.in, .k = shape.batch, .a = dy, .b = x, .c = dkernel});
  if (dbias != nullptr) sum_rows(shape.batch, shape.out, dy, dbias);
  if (dx != nullptr)
    parallel_gemm({.m = shape.batch, .n = shape.in, .k = shape.out, .a = dy, .b = kernel, .c = dx});
}

}  // namespace netsurf::floating
