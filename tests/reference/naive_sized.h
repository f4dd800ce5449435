// Real numbers that remember what they were made from.
#pragma once

#include <cmath>

namespace netsurf::naive {

/// Eleven bits more than a double where the compiler has them: what differs from the engine is the engine's
/// rounding, and differences of losses are good to many digits.
using Real = long double;

/// A number, and the sum of the magnitudes of all terms it is the sum of, before any cancelled: what the
/// rounding of a computation in less precise numbers is relative to.
struct Sized {
  Real value = 0, size = 0;

  Sized() = default;
  Sized(Real number) : value(number), size(std::fabs(number)) {}  // NOLINT: numbers are sized numbers
  Sized(Real number, Real magnitude) : value(number), size(magnitude) {}

  Sized& operator+=(const Sized& other) { return *this = *this + other; }
  friend Sized operator+(const Sized& a, const Sized& b) { return {a.value + b.value, a.size + b.size}; }
  friend Sized operator-(const Sized& a, const Sized& b) { return {a.value - b.value, a.size + b.size}; }
  friend Sized operator*(const Sized& a, const Sized& b) { return {a.value * b.value, a.size * b.size}; }
};

}  // namespace netsurf::naive
