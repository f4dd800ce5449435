#include "engine/predict/clipped_normal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace netsurf {
namespace {

constexpr double kReach = 8;  // standard deviations; beyond lies less than 1e-15
constexpr int kSteps = 512;   // of the table, per standard deviation: linear in between errs by 1e-6 at most

/// For x standard normal: P(x > -t), E max(x + t, 0), E max(x + t, 0)^2.
struct Tail {
  double above = 0, first = 0, second = 0;
};

Tail exact_tail(double t) {
  const double density = std::exp(-t * t / 2) / std::sqrt(2 * std::numbers::pi);
  const double above = std::erfc(-t / std::numbers::sqrt2) / 2;
  return {above, t * above + density, (t * t + 1) * above + t * density};
}

constexpr size_t kEntries = 2 * static_cast<size_t>(kReach) * kSteps + 2;

const std::array<Tail, kEntries>& table() {
  static const std::array<Tail, kEntries> tails = [] {
    std::array<Tail, kEntries> result{};
    for (size_t i = 0; i < kEntries; ++i) result[i] = exact_tail(static_cast<double>(i) / kSteps - kReach);
    return result;
  }();
  return tails;
}

/// REQUIRES: |t| <= kReach.
Tail tail(double t) {
  const double place = (t + kReach) * kSteps;
  const auto i = static_cast<size_t>(place);
  const double part = place - static_cast<double>(i);
  const Tail& a = table()[i];
  const Tail& b = table()[i + 1];
  return {a.above + part * (b.above - a.above), a.first + part * (b.first - a.first),
          a.second + part * (b.second - a.second)};
}

}  // namespace

ClippedMoments clipped_normal(double mean, double variance, double low, double high) {
  if (variance <= 0) return {std::clamp(mean, low, high), 0, mean >= low && mean <= high ? 1.0 : 0.0};
  const double sigma = std::sqrt(variance);
  const double to_low = (mean - low) / sigma, to_high = (mean - high) / sigma;
  if (to_low < -kReach) return {low, 0, 0};
  if (to_high > kReach) return {high, 0, 0};
  if (to_low > kReach) {
    if (to_high < -kReach) return {mean, variance, 1};
    const Tail below = tail(-to_high);  // of high - x
    return {high - sigma * below.first, variance * (below.second - below.first * below.first), below.above};
  }
  const Tail above = tail(to_low);
  if (to_high < -kReach) {
    return {low + sigma * above.first, variance * (above.second - above.first * above.first), above.above};
  }
  const Tail beyond = tail(to_high);
  const double first = above.first - beyond.first;
  const double second = above.second - beyond.second - 2 * (high - low) / sigma * beyond.first;
  return {low + sigma * first, std::max(0.0, variance * (second - first * first)),
          above.above - beyond.above};
}

double chance_above_zero(double mean, double variance) {
  if (variance <= 0) return mean >= 0 ? 1.0 : 0.0;
  const double t = mean / std::sqrt(variance);
  return t < -kReach ? 0.0 : t > kReach ? 1.0 : tail(t).above;
}

}  // namespace netsurf
