// Few long rows: the products, bases and small decompositions that Krylov and sketching methods are made of.
// All results are the same for any number of threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace netsurf {

/// A view of `count` rows of `size` numbers, one after the other.
struct Rows {
  const double* data = nullptr;
  int64_t count = 0, size = 0;

  Rows(std::span<const double> numbers, int64_t row_size);
  const double* row(int64_t i) const { return data + i * size; }
};

/// a b^T [a.count, b.count] of rows of one size.
std::vector<double> inner_products(Rows a, Rows b);

/// y [coefficients.count, rows.size] += factor x coefficients x rows; coefficients.size is rows.count.
void add_combinations(double factor, Rows coefficients, Rows rows, std::span<double> y);

double inner_product(const double* a, const double* b, int64_t size);

struct SymmetricEigen {
  std::vector<double> values;   // [n], rising
  std::vector<double> vectors;  // [n, n], orthonormal rows in the same order
};
/// `matrix` [n, n]; its upper triangle is read. Throws RunError where the iteration fails.
SymmetricEigen symmetric_eigen(std::vector<double> matrix, int64_t n);

/// rows = coefficients x basis, with an orthonormal basis of as many rows as the numerical rank.
struct RankRevealed {
  int64_t rank = 0;
  std::vector<double> basis;     // [rank, size]
  std::vector<double> singular;  // [rank], falling
  std::vector<double> left;      // [count, rank]: orthonormal columns; coefficients = left x diag(singular)
};
/// At most `size` rows. Singular values at the level of rounding count as zero.
RankRevealed reveal_rank(std::vector<double> rows, int64_t size);

}  // namespace netsurf
