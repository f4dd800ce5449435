// How long short work takes, for choices and estimates; results never depend on it.
#pragma once

#include <algorithm>
#include <chrono>

namespace netsurf {

/// Seconds of one call of work(): the fastest of three rounds, each repeated until a clock can tell.
template <typename Work>
double seconds_of(Work work) {
  constexpr int kRounds = 3;
  constexpr double kShortest = 4e-6;  // a hundred ticks of a clock
  double best = 0;
  for (int round = 0, repeats = 1; round < kRounds;) {
    auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < repeats; ++i) work();
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (seconds < kShortest && round == 0) {
      repeats *= 2;
      continue;
    }
    best = round == 0 ? seconds / repeats : std::min(best, seconds / repeats);
    ++round;
  }
  return best;
}

}  // namespace netsurf
