#include "apps/interrupt.h"

#include <csignal>

namespace netsurf {
namespace {

std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

void on_signal(int signal) {
  if (stop_requested.exchange(true)) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

}  // namespace

InterruptGuard::InterruptGuard() {
  stop_requested = false;
  previous_interrupt_ = std::signal(SIGINT, on_signal);
  previous_terminate_ = std::signal(SIGTERM, on_signal);
}

InterruptGuard::~InterruptGuard() {
  std::signal(SIGINT, previous_interrupt_);
  std::signal(SIGTERM, previous_terminate_);
}

std::atomic<bool>& InterruptGuard::stop() { return stop_requested; }

}  // namespace netsurf
