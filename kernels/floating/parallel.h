// Sharing fixed blocks of work among OpenMP's threads. What a block holds never depends on how many threads
// there are, so neither does any sum.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>

namespace netsurf::floating {

/// Runs task(0) .. task(count - 1), in no particular order. Returns when all are done. Tasks must not throw.
/// A call from inside a task runs on that thread alone.
void parallel_for(int64_t count, const std::function<void(int64_t)>& task);

/// Below this many elements a loop stays on one thread.
inline constexpr int64_t kParallelElements = 16384;
inline constexpr int kBlocks = 8;  // what longer loops are cut into, whatever the number of threads

/// Runs work(begin, end) over [0, rows) cut into a few ranges; `row_elements` is how many elements a row has.
template <typename Work>
void parallel_ranges(int64_t rows, int64_t row_elements, const Work& work) {
  if (rows * row_elements <= kParallelElements) {
    work(int64_t{0}, rows);
    return;
  }
  const int64_t blocks = std::min<int64_t>(kBlocks, rows);
  parallel_for(blocks, [&](int64_t block) { work(rows * block / blocks, rows * (block + 1) / blocks); });
}

/// The number of threads that `parallel_for` uses, while this lives. 0 = all cores, which is also the state
/// without one.
class ThreadScope {
 public:
  explicit ThreadScope(int num_threads);
  ~ThreadScope();
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int before_;
};

}  // namespace netsurf::floating
