#include "engine/gradient/dense_algebra.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "engine/base/error.h"
#include "engine/gradient/lapack.h"
#include "kernels/floating/blas_thread.h"
#include "kernels/floating/gemm.h"
#include "kernels/floating/parallel.h"

namespace netsurf {
namespace {

using floating::GemmOf;

constexpr int64_t kMinPart = 2048;  // numbers of a row; shorter parts are not worth a thread

int64_t parts_of(int64_t size) { return std::clamp<int64_t>(size / kMinPart, 1, floating::kBlocks); }

int narrow(int64_t count) { return static_cast<int>(count); }

void check(int info, const char* routine) {
  if (info != 0) throw RunError(std::string(routine) + " failed: info = " + std::to_string(info));
}

}  // namespace

Rows::Rows(std::span<const double> numbers, int64_t row_size)
    : data(numbers.data()),
      count(row_size == 0 ? 0 : static_cast<int64_t>(numbers.size()) / row_size),
      size(row_size) {}

std::vector<double> inner_products(Rows a, Rows b) {
  const int64_t parts = parts_of(a.size);
  const auto cells = static_cast<size_t>(a.count * b.count);
  if (cells == 0) return {};
  std::vector<double> sums(cells * static_cast<size_t>(parts));
  floating::parallel_for(parts, [&](int64_t part) {
    const int64_t begin = a.size * part / parts, end = a.size * (part + 1) / parts;
    floating::gemm(GemmOf<double>{.transpose_b = true,
                                  .m = narrow(a.count),
                                  .n = narrow(b.count),
                                  .k = narrow(end - begin),
                                  .a = a.data + begin,
                                  .b = b.data + begin,
                                  .c = sums.data() + cells * static_cast<size_t>(part),
                                  .lda = narrow(a.size),
                                  .ldb = narrow(b.size)});
  });
  for (size_t part = 1; part < static_cast<size_t>(parts); ++part) {
    for (size_t cell = 0; cell < cells; ++cell) sums[cell] += sums[part * cells + cell];
  }
  sums.resize(cells);
  return sums;
}

void add_combinations(double factor, Rows coefficients, Rows rows, std::span<double> y) {
  if (rows.count == 0 || coefficients.count == 0) return;
  std::vector<double> scaled(coefficients.data, coefficients.data + coefficients.count * coefficients.size);
  for (double& each : scaled) each *= factor;
  const int64_t parts = parts_of(rows.size);
  floating::parallel_for(parts, [&](int64_t part) {
    const int64_t begin = rows.size * part / parts, end = rows.size * (part + 1) / parts;
    floating::gemm(GemmOf<double>{.m = narrow(coefficients.count),
                                  .n = narrow(end - begin),
                                  .k = narrow(rows.count),
                                  .a = scaled.data(),
                                  .b = rows.data + begin,
                                  .c = y.data() + begin,
                                  .beta = 1,
                                  .ldb = narrow(rows.size),
                                  .ldc = narrow(rows.size)});
  });
}

double inner_product(const double* a, const double* b, int64_t size) {
  double sum = 0;
  for (int64_t i = 0; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

SymmetricEigen symmetric_eigen(std::vector<double> matrix, int64_t n) {
  const floating::OneBlasThread one_thread;
  SymmetricEigen eigen;
  eigen.values.resize(static_cast<size_t>(n));
  // Rows of ours are LAPACK's columns, so our upper triangle is its lower one.
  const int order = narrow(n);
  int info = 0, query = -1, int_size = 0;
  double real_size = 0;
  dsyevd_("V", "L", &order, matrix.data(), &order, eigen.values.data(), &real_size, &query, &int_size, &query,
          &info, 1, 1);
  check(info, "dsyevd");
  const int real_length = static_cast<int>(real_size);
  std::vector<double> work(static_cast<size_t>(real_length));
  std::vector<int> int_work(static_cast<size_t>(int_size));
  dsyevd_("V", "L", &order, matrix.data(), &order, eigen.values.data(), work.data(), &real_length,
          int_work.data(), &int_size, &info, 1, 1);
  check(info, "dsyevd");
  eigen.vectors = std::move(matrix);
  return eigen;
}

RankRevealed reveal_rank(std::vector<double> rows, int64_t size) {
  const floating::OneBlasThread one_thread;
  const int long_side = narrow(size);
  const int count = narrow(static_cast<int64_t>(rows.size()) / size);
  const auto m = static_cast<size_t>(count);
  // rows^T = Q R with Q [size, count] in column order, which is [count, size] in ours.
  int info = 0, length = std::max(1, count) * 64;
  std::vector<double> tau(m), work(static_cast<size_t>(length));
  dgeqrf_(&long_side, &count, rows.data(), &long_side, tau.data(), work.data(), &length, &info);
  check(info, "dgeqrf");
  std::vector<double> triangle(m * m);  // R in column order
  for (size_t column = 0; column < m; ++column) {
    std::copy_n(rows.begin() + static_cast<int64_t>(column) * size, column + 1,
                triangle.begin() + static_cast<int64_t>(column * m));
  }
  dorgqr_(&long_side, &count, &count, rows.data(), &long_side, tau.data(), work.data(), &length, &info);
  check(info, "dorgqr");

  // R = U S V^T: rows^T = (Q U) S V^T.
  std::vector<double> singular(m), u(m * m), vt(m * m);
  length = std::max(1, count) * 8 + 64;
  work.resize(std::max(work.size(), static_cast<size_t>(length)));
  dgesvd_("A", "A", &count, &count, triangle.data(), &count, singular.data(), u.data(), &count, vt.data(),
          &count, work.data(), &length, &info, 1, 1);
  check(info, "dgesvd");
  const double floor = singular.empty() ? 0
                                        : singular.front() * std::numeric_limits<double>::epsilon() * 8 *
                                              static_cast<double>(std::max(count, 8));
  RankRevealed result;
  for (double each : singular) result.rank += each > floor ? 1 : 0;
  const auto rank = static_cast<size_t>(result.rank);
  singular.resize(rank);
  result.singular = std::move(singular);
  result.basis.resize(rank * static_cast<size_t>(size));
  // Column j of U, in column order, is row j in ours: the basis is (first `rank` rows) x (rows of Q).
  add_combinations(1, Rows(std::span(u).first(rank * m), count), Rows(rows, size), result.basis);
  result.left.resize(m * rank);
  for (size_t i = 0; i < m; ++i) {
    for (size_t k = 0; k < rank; ++k) result.left[i * rank + k] = vt[i * m + k];
  }
  return result;
}

}  // namespace netsurf
