// How many trials to run before the next transaction.
#pragma once

#include <algorithm>
#include <cstdint>

namespace netsurf {

/// A fixed number, or one that grows and shrinks towards a second's worth: short enough that a kill costs
/// little, long enough that a transaction costs nothing. Outcomes do not depend on it.
class BatchSize {
 public:
  /// 0: choose.
  explicit BatchSize(uint64_t wanted) : fixed_(wanted > 0), size_(wanted > 0 ? wanted : kFirst) {}

  uint64_t size() const { return size_; }

  void took(uint64_t trials, double seconds) {
    if (fixed_ || trials < size_) return;
    double ideal = static_cast<double>(trials) * kSeconds / std::max(seconds, 1e-6);
    double factor = std::clamp(ideal / static_cast<double>(size_), 0.25, 4.0);
    size_ = std::clamp<uint64_t>(static_cast<uint64_t>(static_cast<double>(size_) * factor), 1, kMost);
  }

 private:
  static constexpr uint64_t kFirst = 8;
  static constexpr uint64_t kMost = 8192;
  static constexpr double kSeconds = 1.0;

  bool fixed_;
  uint64_t size_;
};

}  // namespace netsurf
