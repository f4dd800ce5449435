// The parts of the GPU program. Each prints rows and says whether all that it checked was right.
#pragma once

#include <chrono>
#include <cstdint>

#include "engine/faults/trial.h"

namespace netsurf::bench {

/// How much of a part is wanted.
struct Effort {
  double seconds = 60;    // begin nothing new after that; what was left out is counted and printed
  bool is_quick = false;  // fewer networks and trials
};

/// CUDA outcomes against the CPU backend's, networks by fault models and bit error rates. False when any
/// differs or a plan was left out.
bool run_parity(const Effort& effort);
/// Trials per second by network, bit error rate and lanes per batch. False when outcomes are wrong.
bool run_trials(const Effort& effort);
/// What the device's memory and the drawing of flips can do.
bool run_kernels(const Effort& effort);

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// Bernoulli trials [0, trials) at a bit error rate.
TrialPlan plan_of(const char* rate, uint64_t trials, bool with_loss);

}  // namespace netsurf::bench
