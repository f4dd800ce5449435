#include "engine/gradient/eigenpairs.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "engine/base/error.h"
#include "engine/gradient/checked_operator.h"
#include "engine/gradient/dense_algebra.h"
#include "engine/gradient/random_block.h"
#include "kernels/floating/parallel.h"

namespace netsurf {
namespace {

// What is left of a row after orthogonalization, as a share of what it was (or of the matrix), below which
// it is rounding noise: no new direction.
constexpr double kNoise = 1e-12;

void check(int64_t n, const EigenOptions& options) {
  if (n < 1 || n > std::numeric_limits<int>::max()) {
    throw InputError("eigenpairs of a matrix of size " + std::to_string(n) +
                     "; 1 to 2147483647 are possible");
  }
  if (options.count < 1 || options.count > n) {
    throw InputError("cannot find " + std::to_string(options.count) + " eigenpairs: the matrix has " +
                     std::to_string(n) + ", ask for 1 to " + std::to_string(n));
  }
  if (options.block < 1) {
    throw InputError("a block of " + std::to_string(options.block) + " vectors; at least 1 is needed");
  }
  if (options.max_sweeps < 1) {
    throw InputError(std::to_string(options.max_sweeps) + " sweeps; at least 1 is needed");
  }
  if (!(options.tolerance >= 0)) {
    throw InputError("a tolerance of " + std::to_string(options.tolerance) + "; 0 or more is needed");
  }
}

/// An orthonormal basis that grows by blocks, and the matrix seen through it.
class KrylovBasis {
 public:
  KrylovBasis(int64_t n, uint64_t seed) : n_(n), random_("block lanczos", seed) {}

  int64_t size() const { return static_cast<int64_t>(rows_.size()) / n_; }
  int64_t block_begin() const { return block_begin_; }
  std::span<const double> rows() const { return rows_; }
  std::span<const double> last_block() const { return rows().subspan(at(block_begin_)); }

  /// Appends an orthonormal basis of `candidates`, filled up to `count` rows with random directions where
  /// there are fewer (and up to n in all). `scale`: a length beside which noise is judged.
  void append(std::span<const double> candidates, int64_t count, double scale) {
    block_begin_ = size();
    for (int64_t i = 0; i < static_cast<int64_t>(candidates.size()) / n_; ++i) {
      append_row(candidates.subspan(at(i), at(1)), scale);
    }
    while (size() - block_begin_ < count && size() < n_) append_row(random_.normals(next_++, 1, n_), 0);
  }

  /// Takes from products A x [the last block] what lies in the basis; returns the coefficients [block, size].
  std::vector<double> project_out(std::span<double> products) const {
    const Rows basis(rows_, n_), block(products, n_);
    std::vector<double> total(static_cast<size_t>(block.count * basis.count));
    // Twice is enough (Kahan; Parlett 1980): what the first pass leaves is rounding alone.
    for (int pass = 0; pass < 2; ++pass) {
      const std::vector<double> part = inner_products(block, basis);
      add_combinations(-1, Rows(part, basis.count), basis, products);
      for (size_t i = 0; i < part.size(); ++i) total[i] += part[i];
    }
    return total;
  }

 private:
  size_t at(int64_t row) const { return static_cast<size_t>(row * n_); }

  void append_row(std::span<const double> candidate, double scale) {
    std::vector<double> row(candidate.begin(), candidate.end());
    const double floor = kNoise * std::max(scale, length(row));
    project_out(row);
    const double left = length(row);
    if (!(left > floor)) return;
    for (double& each : row) each /= left;
    // A short remainder was rounded before it was stretched; so once more.
    project_out(row);
    const double again = length(row);
    for (double& each : row) each /= again;
    rows_.insert(rows_.end(), row.begin(), row.end());
  }

  double length(const std::vector<double>& row) const {
    return std::sqrt(inner_product(row.data(), row.data(), n_));
  }

  int64_t n_;
  RandomBlock random_;
  int64_t next_ = 0;  // random vectors taken
  std::vector<double> rows_;
  int64_t block_begin_ = 0;
};

/// Upper triangle of the basis' view of the matrix, a column block at a time.
class Projection {
 public:
  /// coefficients [block, size] of the newest block, whose rows are size - block .. size.
  void append(const std::vector<double>& coefficients, int64_t size) {
    const int64_t block = static_cast<int64_t>(coefficients.size()) / size;
    for (int64_t i = 0; i < block; ++i) {
      const auto begin = coefficients.begin() + i * size;
      columns_.emplace_back(begin, begin + size);
    }
  }

  SymmetricEigen eigen() const {
    const size_t size = columns_.size();
    std::vector<double> matrix(size * size);
    for (size_t j = 0; j < size; ++j) {
      for (size_t i = 0; i <= j; ++i) {
        // Inside a block both triangles are known.
        matrix[i * size + j] =
            columns_[i].size() > j ? (columns_[j][i] + columns_[i][j]) / 2 : columns_[j][i];
      }
    }
    return symmetric_eigen(std::move(matrix), static_cast<int64_t>(size));
  }

 private:
  std::vector<std::vector<double>> columns_;  // [j] = rows 0 .. of column j, as far as they are known
};

struct RitzPairs {
  std::vector<double> values;        // [count], by falling magnitude
  std::vector<double> combinations;  // [count, size]: of the rows of the basis
};

RitzPairs largest(const SymmetricEigen& eigen, int64_t count) {
  const size_t size = eigen.values.size();
  std::vector<size_t> order(size);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const double x = eigen.values[a], y = eigen.values[b];
    return std::abs(x) != std::abs(y) ? std::abs(x) > std::abs(y) : x > y;
  });
  RitzPairs pairs;
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    pairs.values.push_back(eigen.values[order[i]]);
    const auto row = eigen.vectors.begin() + static_cast<int64_t>(order[i] * size);
    pairs.combinations.insert(pairs.combinations.end(), row, row + static_cast<int64_t>(size));
  }
  return pairs;
}

/// Lanczos: A y - theta y is what the last block's products left, combined as y combines the last block.
std::vector<double> lanczos_residuals(const RitzPairs& pairs, const KrylovBasis& basis,
                                      std::span<const double> remainder, int64_t n) {
  const int64_t block = basis.size() - basis.block_begin();
  const int64_t count = static_cast<int64_t>(pairs.values.size());
  std::vector<double> tails;
  for (int64_t i = 0; i < count; ++i) {
    const auto row = pairs.combinations.begin() + i * basis.size();
    tails.insert(tails.end(), row + basis.block_begin(), row + basis.size());
  }
  std::vector<double> left(static_cast<size_t>(count * n));
  add_combinations(1, Rows(tails, block), Rows(remainder, n), left);
  std::vector<double> lengths;
  for (int64_t i = 0; i < count; ++i) {
    const double* row = left.data() + i * n;
    lengths.push_back(std::sqrt(inner_product(row, row, n)));
  }
  return lengths;
}

/// Unit length, the largest component (the first of equals) positive.
void normalize(double* vector, int64_t n) {
  int64_t largest = 0;
  for (int64_t i = 1; i < n; ++i) {
    if (std::abs(vector[i]) > std::abs(vector[largest])) largest = i;
  }
  const double length = std::sqrt(inner_product(vector, vector, n));
  const double factor = (vector[largest] < 0 ? -1 : 1) / length;
  for (int64_t i = 0; i < n; ++i) vector[i] *= factor;
}

Eigenpairs finish(const RitzPairs& pairs, const KrylovBasis& basis, CheckedOperator& matrix, int64_t n) {
  Eigenpairs result;
  result.values = pairs.values;
  const int64_t count = static_cast<int64_t>(pairs.values.size());
  result.vectors.resize(static_cast<size_t>(count * n));
  add_combinations(1, Rows(pairs.combinations, basis.size()), Rows(basis.rows(), n), result.vectors);
  for (int64_t i = 0; i < count; ++i) normalize(result.vectors.data() + i * n, n);
  // One more product: the recurrence's residual does not see what products in float32, or by differences,
  // are off by.
  const std::vector<double> products = matrix.apply(result.vectors);
  for (int64_t i = 0; i < count; ++i) {
    double sum = 0;
    for (int64_t k = i * n; k < (i + 1) * n; ++k) {
      const auto at = static_cast<size_t>(k);
      const double off = products[at] - result.values[static_cast<size_t>(i)] * result.vectors[at];
      sum += off * off;
    }
    result.residuals.push_back(std::sqrt(sum));
  }
  result.products = matrix.products();
  return result;
}

}  // namespace

// Golub and Underwood 1977, with all of the basis kept orthogonal, so no eigenvalue appears twice.
Eigenpairs top_eigenpairs(const BlockOperator& matrix, int64_t n, const EigenOptions& options) {
  check(n, options);
  const floating::ThreadScope threads(options.num_threads);
  const int64_t block = std::min<int64_t>(std::max(options.block, options.count), n);
  CheckedOperator checked(matrix, n);
  KrylovBasis basis(n, options.seed);
  Projection projection;
  RitzPairs pairs;
  basis.append({}, block, 0);
  for (int sweep = 1;; ++sweep) {
    std::vector<double> remainder = checked.apply(basis.last_block());
    projection.append(basis.project_out(remainder), basis.size());
    pairs = largest(projection.eigen(), options.count);
    const double scale = std::abs(pairs.values.front());
    if (sweep == options.max_sweeps || basis.size() == n) break;
    if (options.tolerance > 0) {
      const std::vector<double> residuals = lanczos_residuals(pairs, basis, remainder, n);
      if (*std::max_element(residuals.begin(), residuals.end()) <= options.tolerance * scale) break;
    }
    basis.append(remainder, block, scale);
  }
  return finish(pairs, basis, checked, n);
}

}  // namespace netsurf
