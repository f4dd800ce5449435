#include "kernels/floating/parallel.h"

#include <omp.h>

#include <atomic>

namespace netsurf::floating {
namespace {

std::atomic<int> wanted_threads{0};

int num_threads() {
  const int wanted = wanted_threads.load();
  return wanted > 0 ? wanted : omp_get_num_procs();
}

}  // namespace

void parallel_for(int64_t count, const std::function<void(int64_t)>& task) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(num_threads())
  for (int64_t i = 0; i < count; ++i) task(i);
}

ThreadScope::ThreadScope(int num_threads) : before_(wanted_threads.exchange(num_threads)) {}
ThreadScope::~ThreadScope() { wanted_threads = before_; }

}  // namespace netsurf::floating
