// Student's t distribution: what a mean of few trials is judged with.
#pragma once

namespace netsurf {

/// Regularized incomplete beta function I_x(a, b). REQUIRES: a, b > 0 and 0 <= x <= 1.
double regularized_incomplete_beta(double a, double b, double x);

/// P(T <= t) with `degrees` >= 1 degrees of freedom.
double student_t_cdf(double t, double degrees);

/// The t with P(T <= t) = `probability`, rounded to a multiple of 2^-30, so that the last digits of a
/// machine's gamma function never reach a file. REQUIRES: 0 < probability < 1, degrees >= 1.
double student_t_quantile(double probability, double degrees);

}  // namespace netsurf
