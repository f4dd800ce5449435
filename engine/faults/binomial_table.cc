#include "engine/faults/binomial_table.h"

#include <algorithm>
#include <cmath>

namespace netsurf {
namespace {

/// Weights below this share of the mode's are zero: far under the 2^-64 a threshold can tell, and far from
/// denormals.
constexpr double kNegligible = 0x1p-200;

/// P(count = k) up to a common factor: 1 at the mode, then by the ratio of neighbours, outwards.
std::vector<double> binomial_weights(uint32_t n, double p, double q) {
  std::vector<double> weight(n + 1, 0.0);
  auto mode =
      static_cast<uint32_t>(std::min(static_cast<double>(n), std::floor(static_cast<double>(n + 1) * p)));
  weight[mode] = 1.0;
  for (uint32_t k = mode; k < n && weight[k] > kNegligible; ++k) {
    weight[k + 1] = weight[k] * (static_cast<double>(n - k) * p) / (static_cast<double>(k + 1) * q);
  }
  for (uint32_t k = mode; k > 0 && weight[k] > kNegligible; --k) {
    weight[k - 1] = weight[k] * (static_cast<double>(k) * q) / (static_cast<double>(n - k + 1) * p);
  }
  return weight;
}

}  // namespace

std::vector<uint64_t> binomial_thresholds(uint32_t n, uint64_t p_fixed) {
  double p = static_cast<double>(p_fixed) * 0x1p-64;
  double q = 1.0 - p;
  if (q <= 0.0) return std::vector<uint64_t>(n, 0);  // p within 2^-53 of one: the count is n
  std::vector<double> weight = binomial_weights(n, p, q);
  // Sums from either end, so that each tail keeps its own relative precision.
  std::vector<double> upper(n + 2, 0.0);
  for (uint32_t k = n + 1; k > 0; --k) upper[k - 1] = upper[k] + weight[k - 1];
  double total = upper[0];
  std::vector<uint64_t> thresholds;
  double lower = 0.0;
  uint64_t previous = 0;
  for (uint32_t k = 0; k < n; ++k) {
    lower += weight[k];
    double tail = upper[k + 1] / total;
    uint64_t threshold = 0;
    if (tail > 0.5) {
      threshold = static_cast<uint64_t>(lower / total * 0x1p64);
    } else {
      auto rest = static_cast<uint64_t>(tail * 0x1p64);
      if (rest == 0) break;  // never reached by a 64-bit number, and neither is any later one
      threshold = 0 - rest;  // 2^64 - rest
    }
    previous = std::max(previous, threshold);
    thresholds.push_back(previous);
  }
  return thresholds;
}

}  // namespace netsurf
