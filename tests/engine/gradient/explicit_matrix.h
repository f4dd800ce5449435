// Symmetric matrices that a test knows all about, as products.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "engine/gradient/block_operator.h"

namespace netsurf::testing {

struct ExplicitMatrix {
  int64_t n = 0;
  std::vector<double> cells;  // [n, n]

  double at(int64_t i, int64_t j) const { return cells[static_cast<size_t>(i * n + j)]; }
  double trace() const {
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += at(i, i);
    return sum;
  }
  std::vector<double> diagonal() const {
    std::vector<double> result;
    for (int64_t i = 0; i < n; ++i) result.push_back(at(i, i));
    return result;
  }
  BlockOperator products() const {
    return [this](std::span<const double> rows) {
      std::vector<double> result(rows.size());
      for (size_t begin = 0; begin < rows.size(); begin += static_cast<size_t>(n)) {
        for (int64_t i = 0; i < n; ++i) {
          double sum = 0;
          for (int64_t j = 0; j < n; ++j) sum += at(i, j) * rows[begin + static_cast<size_t>(j)];
          result[begin + static_cast<size_t>(i)] = sum;
        }
      }
      return result;
    };
  }
};

/// H_k .. H_1 diag(values) H_1 .. H_k with a few random Householder reflections H: exactly this spectrum.
inline ExplicitMatrix with_spectrum(const std::vector<double>& values, uint64_t seed) {
  const auto n = static_cast<int64_t>(values.size());
  ExplicitMatrix matrix{n, std::vector<double>(values.size() * values.size())};
  for (size_t i = 0; i < values.size(); ++i) matrix.cells[i * values.size() + i] = values[i];
  std::mt19937_64 engine(seed);
  const auto uniform = [&] { return static_cast<double>(engine() >> 11) * 0x1p-52 - 1; };
  for (int reflection = 0; reflection < 4; ++reflection) {
    std::vector<double> v(values.size());
    double length = 0;
    for (double& each : v) {
      each = uniform();
      length += each * each;
    }
    for (int side = 0; side < 2; ++side) {  // A <- A - 2 (A v) v^T / |v|^2, transposed, twice
      std::vector<double> next(matrix.cells.size());
      for (size_t i = 0; i < v.size(); ++i) {
        double sum = 0;
        for (size_t j = 0; j < v.size(); ++j) sum += matrix.cells[i * v.size() + j] * v[j];
        for (size_t j = 0; j < v.size(); ++j) {
          next[j * v.size() + i] = matrix.cells[i * v.size() + j] - 2 * sum * v[j] / length;
        }
      }
      matrix.cells = std::move(next);
    }
  }
  return matrix;
}

/// diag(values), for sizes of which no square fits in memory.
inline BlockOperator diagonal_products(std::vector<double> values) {
  return [values = std::move(values)](std::span<const double> rows) {
    std::vector<double> result(rows.begin(), rows.end());
    for (size_t i = 0; i < result.size(); ++i) result[i] *= values[i % values.size()];
    return result;
  };
}

/// Rows of this size are cut into parts that threads share; shorter ones are not.
inline constexpr int kLongRow = 9000;

}  // namespace netsurf::testing
