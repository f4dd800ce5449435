// Tasks on all threads, with the first exception thrown on.
#pragma once

#include <omp.h>

#include <cstdint>
#include <exception>

namespace netsurf {

/// Calls body(task, thread) for every task in [0, num_tasks), thread in [0, num_threads).
template <typename Body>
void parallel_tasks(int num_threads, int64_t num_tasks, Body body) {
  std::exception_ptr failure;
#pragma omp parallel for schedule(dynamic, 1) num_threads(num_threads)
  for (int64_t task = 0; task < num_tasks; ++task) {
    try {
      body(task, static_cast<size_t>(omp_get_thread_num()));
    } catch (...) {
#pragma omp critical(netsurf_failure)
      if (failure == nullptr) failure = std::current_exception();
    }
  }
  if (failure != nullptr) std::rethrow_exception(failure);
}

}  // namespace netsurf
