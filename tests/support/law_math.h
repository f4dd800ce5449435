// Tail probabilities for tests of a law. Written for tails as thin as 1e-13, where a normal table ends.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace netsurf::law {

/// Below this a law is taken as broken. A run makes a few thousand verdicts, so all of them together give a
/// false alarm with probability below 1e-6 even where a normal tail is an order of magnitude too thin.
inline constexpr double kAlarm = 1e-11;

/// How likely a result at least as odd would be if the law held.
struct Verdict {
  double p_value = 1;
  std::string what;

  bool alarms() const { return !(p_value >= kAlarm); }
  /// Keeps the odder of the two.
  void join(const Verdict& other) {
    if (!(other.p_value >= p_value)) *this = other;
  }
};

/// A broken rule that has no chance in it.
inline Verdict broken(std::string what) { return {0, std::move(what)}; }

/// P(gamma with shape `a` exceeds x): the upper regularized incomplete gamma function, by series below the
/// mean and by Lentz's continued fraction above it.
inline double gamma_tail(double a, double x) {
  if (x <= 0) return 1;
  double scale = std::exp(a * std::log(x) - x - std::lgamma(a));
  if (x < a + 1) {
    double term = 1 / a, sum = term;
    for (double k = 1; term > sum * 1e-17 && k < 1e6; ++k) sum += term *= x / (a + k);
    return std::max(0.0, 1 - scale * sum);
  }
  double b = x + 1 - a, c = 1e300, d = 1 / b, fraction = d;
  for (double k = 1; k < 1e6; ++k) {
    double an = -k * (k - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    fraction *= d * c;
    if (std::fabs(d * c - 1) < 1e-15) break;
  }
  return scale * fraction;
}

/// P(gamma with shape `a` stays below x), accurate when small.
inline double gamma_below(double a, double x) {
  if (x <= 0) return 0;
  if (x >= a + 1) return 1 - gamma_tail(a, x);
  double term = 1 / a, sum = term;
  for (double k = 1; term > sum * 1e-17 && k < 1e6; ++k) sum += term *= x / (a + k);
  return std::exp(a * std::log(x) - x - std::lgamma(a)) * sum;
}

inline double chi_square_above(double x, double degrees) { return gamma_tail(degrees / 2, x / 2); }
inline double chi_square_two_sided(double x, double degrees) {
  return std::min(1.0, 2 * std::min(gamma_tail(degrees / 2, x / 2), gamma_below(degrees / 2, x / 2)));
}
inline double normal_two_sided(double z) { return std::erfc(std::fabs(z) / std::sqrt(2.0)); }

/// P(Poisson(mean) >= count).
inline double poisson_at_least(uint64_t count, double mean) {
  return count == 0 ? 1 : gamma_below(static_cast<double>(count), mean);
}

inline double log_binomial(double n, double k, double p) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(p) +
         (n - k) * std::log1p(-p);
}

/// Observed counts of Binomial(n, p) numbers against their law: neighbouring values are merged until each bin
/// expects 20. `values` must not be empty and 0 < p < 1.
inline Verdict binomial_histogram(const std::vector<uint32_t>& values, uint64_t n, double p,
                                  const std::string& what) {
  double mean = static_cast<double>(n) * p, deviation = std::sqrt(mean * (1 - p));
  auto low = static_cast<uint64_t>(std::max(0.0, std::floor(mean - 12 * deviation - 12)));
  auto high = static_cast<uint64_t>(std::min(static_cast<double>(n), std::ceil(mean + 12 * deviation + 40)));
  std::vector<double> observed(high - low + 1);
  double total = static_cast<double>(values.size());
  for (uint32_t value : values) {
    if (value < low || value > high) return broken(what + ": a count of " + std::to_string(value));
    ++observed[value - low];
  }
  double chi = 0, seen = 0, expected = 0, left = total;
  int bins = 0;
  for (uint64_t k = low; k <= high; ++k) {
    seen += observed[k - low];
    double here = total * std::exp(log_binomial(static_cast<double>(n), static_cast<double>(k), p));
    expected += here;
    left -= here;
    if (expected >= 20 && left >= 20) {
      chi += (seen - expected) * (seen - expected) / expected;
      seen = expected = 0;
      ++bins;
    }
  }
  // What is left joins nothing: it expects at least 20 itself, or there is no second bin.
  if (bins == 0) return {};
  chi += (seen - expected) * (seen - expected) / expected;
  return {chi_square_above(chi, bins),
          what + ": chi-square " + std::to_string(chi) + " for " + std::to_string(bins)};
}

}  // namespace netsurf::law
