// BLAS and LAPACK on one thread. Threads are ours (parallel.h); BLAS's own would be started on top of them,
// and would sum in an order that depends on how many there are.
#pragma once

namespace netsurf::floating {

/// While this lives, BLAS calls of the calling thread run on that thread alone.
class OneBlasThread {
 public:
  OneBlasThread();
  ~OneBlasThread();
  OneBlasThread(const OneBlasThread&) = delete;
  OneBlasThread& operator=(const OneBlasThread&) = delete;

 private:
  int before_;
};

}  // namespace netsurf::floating
