#include "engine/stats/student_t.h"

#include <algorithm>
#include <cmath>

namespace netsurf {
namespace {

// Long double: differences of log gammas lose digits when there are millions of degrees of freedom.
using Real = long double;

/// The continued fraction of the incomplete beta function, evaluated from the front by the modified Lentz
/// method.
Real beta_fraction(Real a, Real b, Real x) {
  constexpr Real kTiny = 1e-300L;
  constexpr Real kPrecision = 1e-18L;
  constexpr int kMaxTerms = 1'000'000;  // about sqrt(degrees) are needed
  auto away_from_zero = [](Real value) { return std::fabs(value) < kTiny ? kTiny : value; };
  Real numerator = 1;
  Real denominator = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  Real fraction = denominator;
  for (int m = 1; m <= kMaxTerms; ++m) {
    Real even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    denominator = 1 / away_from_zero(1 + even * denominator);
    numerator = away_from_zero(1 + even / numerator);
    fraction *= denominator * numerator;
    Real odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    denominator = 1 / away_from_zero(1 + odd * denominator);
    numerator = away_from_zero(1 + odd / numerator);
    Real change = denominator * numerator;
    fraction *= change;
    if (std::fabs(change - 1) < kPrecision) break;
  }
  return fraction;
}

/// I_x(a, b) with y = 1 - x given apart, because x may be too near 1 for the subtraction.
Real incomplete_beta(Real a, Real b, Real x, Real y) {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  Real log_front = std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log(y);
  Real front = std::exp(log_front);
  // The fraction converges fast on this side of the mean only.
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, y) / b;
}

/// P(T > t) for t >= 0.
Real upper_tail(Real t, Real degrees) {
  Real scale = degrees + t * t;
  return incomplete_beta(degrees / 2, 0.5L, degrees / scale, t * t / scale) / 2;
}

}  // namespace

double regularized_incomplete_beta(double a, double b, double x) {
  return static_cast<double>(incomplete_beta(a, b, x, 1 - Real(x)));
}

double student_t_cdf(double t, double degrees) {
  Real tail = upper_tail(std::fabs(t), degrees);
  return static_cast<double>(t < 0 ? tail : 1 - tail);
}

double student_t_quantile(double probability, double degrees) {
  if (probability == 0.5) return 0;
  Real wanted = std::min<Real>(probability, 1 - Real(probability));
  Real low = 0, high = 1;
  while (upper_tail(high, degrees) > wanted) {
    low = high;
    high *= 2;
  }
  while (high - low > 1e-15L * high) {
    Real middle = (low + high) / 2;
    (upper_tail(middle, degrees) > wanted ? low : high) = middle;
  }
  double magnitude = static_cast<double>(std::round(high * 0x1p30L) * 0x1p-30L);
  return probability < 0.5 ? -magnitude : magnitude;
}

}  // namespace netsurf
