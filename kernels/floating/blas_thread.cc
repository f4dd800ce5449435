#include "kernels/floating/blas_thread.h"

#include <cblas.h>
#include <omp.h>

namespace netsurf::floating {
namespace {

void keep_to_one_thread() {
  static const int ignored = [] {
    const int before = omp_get_max_threads();
    openblas_set_num_threads(1);
    omp_set_num_threads(before);
    return 0;
  }();
  static_cast<void>(ignored);
}

}  // namespace

// An OpenBLAS built on OpenMP takes its number of threads from the calling thread's setting, one with threads
// of its own from a global one.
OneBlasThread::OneBlasThread() {
  keep_to_one_thread();
  before_ = omp_get_max_threads();
  if (before_ != 1) omp_set_num_threads(1);
}

OneBlasThread::~OneBlasThread() {
  if (before_ != 1) omp_set_num_threads(before_);
}

}  // namespace netsurf::floating
