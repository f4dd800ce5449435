#include "kernels/floating/parallel.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace netsurf::floating {
namespace {

std::atomic<int> wanted_threads{0};

class Pool {
 public:
  ~Pool() { resize(0); }

  void run(int64_t count, const std::function<void(int64_t)>& task) {
    std::unique_lock<std::mutex> mine(in_use_, std::try_to_lock);
    const int threads = wanted();
    if (!mine.owns_lock() || threads == 1 || count == 1) {
      for (int64_t i = 0; i < count; ++i) task(i);
      return;
    }
    if (static_cast<int>(workers_.size()) != threads - 1) resize(threads - 1);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      task_ = &task;
      count_ = count;
      next_ = 0;
      busy_ = static_cast<int>(workers_.size());
      ++round_;
    }
    start_.notify_all();
    work();
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [&] { return busy_ == 0; });
  }

 private:
  static int wanted() {
    const int asked = wanted_threads.load();
    return asked > 0 ? asked : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }

  void work() {
    for (int64_t i = next_++; i < count_; i = next_++) (*task_)(i);
  }

  void resize(int workers) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    start_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
    stopping_ = false;
    for (int i = 0; i < workers; ++i) workers_.emplace_back([this, seen = round_]() mutable { loop(seen); });
  }

  void loop(uint64_t seen) {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      start_.wait(lock, [&] { return stopping_ || round_ != seen; });
      if (stopping_) return;
      seen = round_;
      lock.unlock();
      work();
      lock.lock();
      if (--busy_ == 0) done_.notify_one();
    }
  }

  std::mutex in_use_;  // held by the caller whose tasks run
  std::mutex mutex_;
  std::condition_variable start_, done_;
  std::vector<std::thread> workers_;
  const std::function<void(int64_t)>* task_ = nullptr;
  int64_t count_ = 0;
  std::atomic<int64_t> next_{0};
  int busy_ = 0;
  uint64_t round_ = 0;
  bool stopping_ = false;
};

}  // namespace

void parallel_for(int64_t count, const std::function<void(int64_t)>& task) {
  static Pool pool;
  static thread_local bool inside = false;  // try_lock of a mutex the thread holds is undefined
  if (inside) {
    for (int64_t i = 0; i < count; ++i) task(i);
    return;
  }
  inside = true;
  pool.run(count, task);
  inside = false;
}

ThreadScope::ThreadScope(int num_threads) : before_(wanted_threads.exchange(num_threads)) {}
ThreadScope::~ThreadScope() { wanted_threads = before_; }

}  // namespace netsurf::floating
