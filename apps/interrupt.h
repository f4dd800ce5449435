// SIGINT and SIGTERM ask long work to stop after the batch in flight; a second one ends the program at once.
#pragma once

#include <atomic>
#include <stdexcept>

#include "engine/base/error.h"

namespace netsurf {

/// Catches the signals while it lives.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  /// Set once a signal came.
  std::atomic<bool>& stop();

 private:
  void (*previous_interrupt_)(int);
  void (*previous_terminate_)(int);
};

inline constexpr int kInterruptedExit = 130;

/// Work that a signal stopped before it had anything to keep.
class Interrupted : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What `work` gives. A RunError is Interrupted when a signal asked for it.
template <typename Work>
auto run_interruptibly(InterruptGuard& interrupt, const Work& work) {
  try {
    return work();
  } catch (const RunError& error) {
    if (interrupt.stop()) throw Interrupted(error.what());
    throw;
  }
}

}  // namespace netsurf
