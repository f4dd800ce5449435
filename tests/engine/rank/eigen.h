// All eigenpairs of a small symmetric matrix by Jacobi's rotations: slow and sure.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace netsurf::test {

struct Eigen {
  std::vector<double> values;   // by falling magnitude
  std::vector<double> vectors;  // [n, n] rows
};

inline Eigen eigen_of(std::vector<double> a, size_t n) {
  std::vector<double> v(n * n);
  for (size_t i = 0; i < n; ++i) v[i * n + i] = 1;
  for (int sweep = 0; sweep < 30; ++sweep) {
    for (size_t p = 0; p < n; ++p) {
      for (size_t q = p + 1; q < n; ++q) {
        if (a[p * n + q] == 0) continue;
        double angle = std::atan2(2 * a[p * n + q], a[p * n + p] - a[q * n + q]) / 2;
        double c = std::cos(angle), s = std::sin(angle);
        auto rotate = [&](double& x, double& y) {
          double turned = c * x + s * y;
          y = c * y - s * x;
          x = turned;
        };
        for (size_t i = 0; i < n; ++i) rotate(a[i * n + p], a[i * n + q]);
        for (size_t i = 0; i < n; ++i) rotate(a[p * n + i], a[q * n + i]);
        for (size_t i = 0; i < n; ++i) rotate(v[p * n + i], v[q * n + i]);
      }
    }
  }
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t i, size_t j) { return std::fabs(a[i * n + i]) > std::fabs(a[j * n + j]); });
  Eigen eigen;
  for (size_t i : order) {
    eigen.values.push_back(a[i * n + i]);
    eigen.vectors.insert(eigen.vectors.end(), v.begin() + static_cast<int64_t>(i * n),
                         v.begin() + static_cast<int64_t>((i + 1) * n));
  }
  return eigen;
}

}  // namespace netsurf::test
