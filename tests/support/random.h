// Random choices for tests: the same on every machine for a seed, unlike the distributions of the standard
// library.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace netsurf::testing {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  /// Uniform in [low, high].
  int64_t between(int64_t low, int64_t high) {
    uint64_t span = static_cast<uint64_t>(high - low) + 1;
    return low + static_cast<int64_t>(span == 0 ? engine_() : engine_() % span);
  }
  int pick(int low, int high) { return static_cast<int>(between(low, high)); }
  bool chance(int percent) { return between(1, 100) <= percent; }
  template <class T>
  const T& of(const std::vector<T>& choices) {
    return choices[static_cast<size_t>(between(0, static_cast<int64_t>(choices.size()) - 1))];
  }
  uint64_t bits() { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

/// The number in NETSURF_TEST_SEED, or else one of the operating system's; a test prints it when it fails.
uint64_t test_seed();

}  // namespace netsurf::testing
