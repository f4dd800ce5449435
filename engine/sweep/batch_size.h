// How many trials to run before the next transaction.
#pragma once

#include <algorithm>
#include <cstdint>

namespace netsurf {

/// A fixed number, or one that grows and shrinks towards a second's worth: short enough that a kill costs
/// little, long enough that a transaction costs nothing. Where a call costs much whatever its trials, such as
/// clean activations that no memory is given to keep, it grows until that is a tenth, up to half a minute
/// or, at worst, to half. Outcomes do not depend on it.
class BatchSize {
 public:
  /// 0: choose.
  explicit BatchSize(uint64_t wanted) : fixed_(wanted > 0), size_(wanted > 0 ? wanted : kFirst) {}

  uint64_t size() const { return size_; }

  void took(uint64_t trials, double seconds) {
    if (fixed_ || trials < size_) return;
    auto count = static_cast<double>(trials);
    seconds = std::max(seconds, 1e-6);
    // The line through this call and one of another size meets zero trials at what a call costs by itself.
    if (last_count_ > 0 && (count > 1.5 * last_count_ || last_count_ > 1.5 * count))
      overhead_ = (last_seconds_ * count - seconds * last_count_) / (count - last_count_);
    overhead_ = std::clamp(overhead_, 0.0, 0.99 * seconds);
    last_count_ = count;
    last_seconds_ = seconds;
    double each = (seconds - overhead_) / count;
    double share =
        std::min(overhead_ * (1 / kOverheadShare - 1), std::max(kMostSeconds - overhead_, overhead_));
    double ideal = std::max(kSeconds - overhead_, share) / each;
    size_ = std::clamp<uint64_t>(static_cast<uint64_t>(std::clamp(ideal, 0.25 * count, 4 * count)), 1, kMost);
  }

 private:
  static constexpr uint64_t kFirst = 8;
  static constexpr uint64_t kMost = 8192;
  static constexpr double kSeconds = 1.0;
  static constexpr double kMostSeconds = 30.0;
  static constexpr double kOverheadShare = 0.1;

  bool fixed_;
  uint64_t size_;
  double last_count_ = 0, last_seconds_ = 0, overhead_ = 0;
};

}  // namespace netsurf
