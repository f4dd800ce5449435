#include "engine/stats/proportion.h"

#include <algorithm>
#include <cmath>

namespace netsurf {
namespace {

constexpr double kNormal95 = 1.959963984540054;  // two-sided

}  // namespace

Interval wilson_interval(int64_t hits, int64_t count) {
  auto n = static_cast<double>(count);
  double share = static_cast<double>(hits) / n;
  double z2 = kNormal95 * kNormal95;
  double scale = 1 + z2 / n;
  double center = (share + z2 / (2 * n)) / scale;
  double half = kNormal95 * std::sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / scale;
  // Rounding leaves the ends a hair inside where they belong on the border.
  return {hits == 0 ? 0 : std::max(0.0, center - half), hits == count ? 1 : std::min(1.0, center + half)};
}

int64_t leveugle_sample_size(int64_t population, double margin) {
  auto size = static_cast<double>(population);
  constexpr double kVariance = 0.25;  // of the worst share, one half
  double spread = margin * margin * (size - 1) / (kNormal95 * kNormal95 * kVariance);
  return static_cast<int64_t>(std::ceil(size / (1 + spread)));
}

}  // namespace netsurf
