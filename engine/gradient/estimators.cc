#include "engine/gradient/estimators.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "engine/base/error.h"
#include "engine/gradient/checked_operator.h"
#include "engine/gradient/dense_algebra.h"
#include "engine/gradient/random_block.h"
#include "kernels/floating/parallel.h"

namespace netsurf {
namespace {

constexpr int64_t kLanes = 16;  // products asked for at once where their number is not given

void check(int64_t n, int64_t products, int64_t least) {
  if (n < 1 || n > std::numeric_limits<int>::max()) {
    throw InputError("an estimate for a matrix of size " + std::to_string(n) +
                     "; 1 to 2147483647 are possible");
  }
  if (products < least) {
    throw InputError(std::to_string(products) +
                     " matrix-vector products are too few for an estimate; at least " +
                     std::to_string(least) + " are needed");
  }
}

void check_sketch(int64_t n, int64_t products) {
  check(n, products, 4);
  if (products > 2 * n && products > 4) {
    throw InputError(std::to_string(products) + " matrix-vector products are too many for a matrix of size " +
                     std::to_string(n) + ": " + std::to_string(n) + " give the exact answer");
  }
}

/// The diagonal from products with unit vectors.
std::vector<double> exact_diagonal(CheckedOperator& matrix, int64_t n) {
  std::vector<double> diagonal;
  for (int64_t begin = 0; begin < n; begin += kLanes) {
    const int64_t lanes = std::min(kLanes, n - begin);
    std::vector<double> units(static_cast<size_t>(lanes * n));
    for (int64_t i = 0; i < lanes; ++i) units[static_cast<size_t>(i * n + begin + i)] = 1;
    const std::vector<double> rows = matrix.apply(units);
    for (int64_t i = 0; i < lanes; ++i) diagonal.push_back(rows[static_cast<size_t>(i * n + begin + i)]);
  }
  return diagonal;
}

/// What both estimators are made of. Y = A Omega is spanned by Q; leaving probe i out takes one direction
/// from that span: Q s_i, orthogonal to all other columns of Y. s_i is zero where column i lies in the span
/// of the others, so that nothing is lost with it.
struct Sketch {
  int64_t n = 0, count = 0, rank = 0;
  std::vector<double> probes;    // Omega [count, n]
  std::vector<double> basis;     // Q [rank, n]
  std::vector<double> images;    // A Q [rank, n]
  std::vector<double> products;  // Q^T Y [count, rank]
  std::vector<double> left_out;  // s [count, rank]
};

Sketch make_sketch(CheckedOperator& matrix, int64_t n, std::vector<double> probes) {
  Sketch sketch;
  sketch.n = n;
  sketch.count = static_cast<int64_t>(probes.size()) / n;
  sketch.probes = std::move(probes);
  RankRevealed y = reveal_rank(matrix.apply(sketch.probes), n);
  sketch.rank = y.rank;
  sketch.basis = std::move(y.basis);
  if (sketch.rank > 0) sketch.images = matrix.apply(sketch.basis);

  const auto rank = static_cast<size_t>(sketch.rank), count = static_cast<size_t>(sketch.count);
  sketch.products.resize(count * rank);
  sketch.left_out.resize(count * rank);
  for (size_t i = 0; i < count; ++i) {
    const double* left = y.left.data() + i * rank;
    // s_i solves R^T s = c e_i, R = diag(singular) left^T. There is a solution only if e_i lies in the row
    // space, that is if |left_i| = 1.
    const double leverage = inner_product(left, left, sketch.rank);
    double length = 0;
    for (size_t k = 0; k < rank; ++k) {
      sketch.products[i * rank + k] = y.singular[k] * left[k];
      const double s = left[k] / y.singular[k];
      sketch.left_out[i * rank + k] = s;
      length += s * s;
    }
    const double factor = leverage > 1 - 1e-6 ? 1 / std::sqrt(length) : 0;
    for (size_t k = 0; k < rank; ++k) sketch.left_out[i * rank + k] *= factor;
  }
  return sketch;
}

double mean_of(const std::vector<double>& numbers) {
  double sum = 0;
  for (double each : numbers) sum += each;
  return sum / static_cast<double>(numbers.size());
}

/// Mean and scatter of vectors, one by one (Welford 1962).
class VectorMean {
 public:
  explicit VectorMean(int64_t n) : mean_(static_cast<size_t>(n)) {}

  void add(const double* vector) {
    ++count_;
    for (size_t i = 0; i < mean_.size(); ++i) {
      const double off = vector[i] - mean_[i];
      mean_[i] += off / static_cast<double>(count_);
      scatter_ += off * (vector[i] - mean_[i]);
    }
  }

  DiagonalEstimate estimate(int64_t products) && {
    const auto count = static_cast<double>(count_);
    const double error = std::sqrt(scatter_ / (count * (count - 1)));
    const double length =
        std::sqrt(inner_product(mean_.data(), mean_.data(), static_cast<int64_t>(mean_.size())));
    DiagonalEstimate result;
    result.diagonal = std::move(mean_);
    if (error > 0) result.relative_error = error / length;
    result.products = products;
    return result;
  }

 private:
  std::vector<double> mean_;
  double scatter_ = 0;
  int64_t count_ = 0;
};

}  // namespace

// With P_i the projection on the span without probe i, estimate i is tr(P_i A) and, for the rest, one
// Hutchinson term of the probe that the span does not know: x A x with x = (I - P_i) omega_i stretched to the
// length sqrt(n - rank P_i) that it has on average. Its direction is uniform and independent of its length,
// so the stretching takes variance and no truth. Everything is read off Q^T A Q, Q^T Y and Q^T Omega.
TraceEstimate xtrace(const BlockOperator& matrix, int64_t n, int64_t products, uint64_t seed,
                     int num_threads) {
  check_sketch(n, products);
  const floating::ThreadScope threads(num_threads);
  CheckedOperator checked(matrix, n);
  TraceEstimate result;
  if (products >= n) {
    for (double each : exact_diagonal(checked, n)) result.trace += each;
    result.products = checked.products();
    return result;
  }
  const Sketch sketch = make_sketch(checked, n, RandomBlock("xtrace", seed).normals(0, products / 2, n));
  const int64_t rank = sketch.rank;
  const Rows basis(sketch.basis, n);
  const std::vector<double> core = inner_products(basis, Rows(sketch.images, n));  // Q^T A Q
  const std::vector<double> seen = inner_products(Rows(sketch.probes, n), basis);  // Omega^T Q
  double whole = 0;
  for (int64_t k = 0; k < rank; ++k) whole += core[static_cast<size_t>(k * rank + k)];
  const auto quadratic = [&](const double* u) {
    double sum = 0;
    for (int64_t k = 0; k < rank; ++k) sum += u[k] * inner_product(core.data() + k * rank, u, rank);
    return sum;
  };
  std::vector<double> estimates, part(static_cast<size_t>(rank));
  for (int64_t i = 0; i < sketch.count; ++i) {
    const double* s = sketch.left_out.data() + i * rank;
    const double* w = seen.data() + i * rank;
    const double* r = sketch.products.data() + i * rank;
    const double* omega = sketch.probes.data() + i * n;
    const double lost = inner_product(s, w, rank);
    double inside = 0;  // |P_i omega|^2
    for (int64_t k = 0; k < rank; ++k) {
      const double u = w[k] - lost * s[k];
      part[static_cast<size_t>(k)] = u;
      inside += u * u;
    }
    const bool is_shorter = inner_product(s, s, rank) > 0.5;
    const double outside = inner_product(omega, omega, n) - inside;
    const double rest =
        inner_product(w, r, rank) - 2 * inner_product(part.data(), r, rank) + quadratic(part.data());
    const auto free = static_cast<double>(n - rank + (is_shorter ? 1 : 0));
    estimates.push_back(whole - quadratic(s) + (outside > 0 ? rest * free / outside : 0));
  }
  result.trace = mean_of(estimates);
  double scatter = 0;
  for (double each : estimates) scatter += (each - result.trace) * (each - result.trace);
  const auto count = static_cast<double>(sketch.count);
  result.standard_error = std::sqrt(scatter / (count * (count - 1)));
  result.products = checked.products();
  return result;
}

// Estimate i is diag(P_i A) and, for the rest, omega_i * (I - P_i) A omega_i, where (I - P_i) A omega_i is
// the one direction that leaving probe i out took away: Q s_i (s_i . Q^T y_i).
DiagonalEstimate xdiag(const BlockOperator& matrix, int64_t n, int64_t products, uint64_t seed,
                       int num_threads) {
  check_sketch(n, products);
  const floating::ThreadScope threads(num_threads);
  CheckedOperator checked(matrix, n);
  if (products >= n) {
    DiagonalEstimate result;
    result.diagonal = exact_diagonal(checked, n);
    result.products = checked.products();
    return result;
  }
  const Sketch sketch = make_sketch(checked, n, RandomBlock("xdiag", seed).signs(0, products / 2, n));
  const Rows left_out(sketch.left_out, std::max<int64_t>(sketch.rank, 1));
  std::vector<double> directions(sketch.probes.size()), images(sketch.probes.size());  // Q s_i, A Q s_i
  add_combinations(1, left_out, Rows(sketch.basis, n), directions);
  add_combinations(1, left_out, Rows(sketch.images, n), images);
  std::vector<double> whole(static_cast<size_t>(n)), estimate(static_cast<size_t>(n));
  for (size_t k = 0; k < sketch.basis.size(); ++k) {
    whole[k % static_cast<size_t>(n)] += sketch.basis[k] * sketch.images[k];
  }
  VectorMean mean(n);
  for (int64_t i = 0; i < sketch.count; ++i) {
    const double length = inner_product(sketch.left_out.data() + i * sketch.rank,
                                        sketch.products.data() + i * sketch.rank, sketch.rank);
    for (int64_t k = 0; k < n; ++k) {
      const auto at = static_cast<size_t>(i * n + k), element = static_cast<size_t>(k);
      estimate[element] =
          whole[element] - directions[at] * images[at] + sketch.probes[at] * directions[at] * length;
    }
    mean.add(estimate.data());
  }
  return std::move(mean).estimate(checked.products());
}

DiagonalEstimate hutchinson_diagonal(const BlockOperator& matrix, int64_t n, int64_t products,
                                     uint64_t seed) {
  check(n, products, 2);
  CheckedOperator checked(matrix, n);
  const RandomBlock random("hutchinson diagonal", seed);
  VectorMean mean(n);
  for (int64_t begin = 0; begin < products; begin += kLanes) {
    std::vector<double> probes = random.signs(begin, std::min(kLanes, products - begin), n);
    const std::vector<double> images = checked.apply(probes);
    for (size_t i = 0; i < probes.size(); ++i) probes[i] *= images[i];
    for (size_t i = 0; i < probes.size(); i += static_cast<size_t>(n)) mean.add(probes.data() + i);
  }
  return std::move(mean).estimate(checked.products());
}

}  // namespace netsurf
