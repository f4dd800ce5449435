#include "kernels/cuda/blas.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/cuda/error.h"
#include "kernels/cuda/memory.h"
#include "tests/support/gpu.h"
#include "tests/support/random.h"

namespace netsurf::cuda {
namespace {

using floating::GemmBatch;
using floating::GemmOf;

struct Sizes {
  int m, n, k;
};

/// A batch with the matrices' memory: rows and products lie further apart than they need to.
template <typename Real>
struct Problem {
  GemmBatch<Real> batch;
  std::vector<Real> a, b, c;
};

template <typename Real>
std::vector<Real> draw(testing::Random& random, size_t size) {
  std::vector<Real> values(size);
  for (Real& value : values) value = static_cast<Real>(std::ldexp(random.between(-(1 << 30), 1 << 30), -30));
  return values;
}

template <typename Real>
Problem<Real> draw_problem(testing::Random& random, Sizes sizes, int transposes, int num_products) {
  Problem<Real> problem;
  GemmBatch<Real>& batch = problem.batch;
  GemmOf<Real>& p = batch.first;
  p.m = sizes.m;
  p.n = sizes.n;
  p.k = sizes.k;
  p.transpose_a = (transposes & 1) != 0;
  p.transpose_b = (transposes & 2) != 0;
  p.lda = (p.transpose_a ? p.m : p.k) + random.pick(0, 3);
  p.ldb = (p.transpose_b ? p.k : p.n) + random.pick(0, 3);
  p.ldc = p.n + random.pick(0, 3);
  p.beta = random.chance(50) ? Real{0} : Real{0.75};
  const auto stride = [&](int rows, int ld) { return int64_t{rows} * ld + random.pick(0, 5); };
  batch.size = num_products;
  batch.stride_a = stride(p.transpose_a ? p.k : p.m, p.lda);
  batch.stride_b = stride(p.transpose_b ? p.n : p.k, p.ldb);
  batch.stride_c = stride(p.m, p.ldc);
  problem.a = draw<Real>(random, static_cast<size_t>(batch.stride_a * num_products));
  problem.b = draw<Real>(random, static_cast<size_t>(batch.stride_b * num_products));
  problem.c = draw<Real>(random, static_cast<size_t>(batch.stride_c * num_products));
  if (random.chance(30)) batch.stride_b = 0;
  if (p.beta == 0) {  // then C is written, never read
    for (Real& value : problem.c) value = std::numeric_limits<Real>::quiet_NaN();
  }
  return problem;
}

/// What the device makes of C, padding included.
template <typename Real>
std::vector<Real> product_of(const Problem<Real>& problem, const Blas& blas, const Stream& stream) {
  const DeviceMemory<Real> a = upload(problem.a, stream), b = upload(problem.b, stream);
  DeviceMemory<Real> c = upload(problem.c, stream);
  GemmBatch<Real> batch = problem.batch;
  batch.first.a = a.data();
  batch.first.b = b.data();
  batch.first.c = c.data();
  blas.gemm_batched(batch);
  return download(c.data(), c.size(), stream);
}

/// Every element of C against the definition, computed in double. A sum of k products in any order errs by no
/// more than k + 1 roundings of the sum of magnitudes; the reference errs too.
template <typename Real>
void expect_products(const Problem<Real>& problem, const std::vector<Real>& found) {
  const GemmBatch<Real>& batch = problem.batch;
  const GemmOf<Real>& p = batch.first;
  const auto at = [](const std::vector<Real>& values, int64_t place) {
    return static_cast<double>(values[static_cast<size_t>(place)]);
  };
  for (int64_t i = 0; i < batch.size; ++i) {
    for (int64_t row = 0; row < p.m; ++row) {
      for (int64_t column = 0; column < p.n; ++column) {
        const int64_t place = i * batch.stride_c + row * p.ldc + column;
        double sum = p.beta == 0 ? 0 : static_cast<double>(p.beta) * at(problem.c, place);
        double magnitude = std::abs(sum);
        for (int64_t inner = 0; inner < p.k; ++inner) {
          const int64_t in_a = p.transpose_a ? inner * p.lda + row : row * p.lda + inner;
          const int64_t in_b = p.transpose_b ? column * p.ldb + inner : inner * p.ldb + column;
          const double term =
              at(problem.a, i * batch.stride_a + in_a) * at(problem.b, i * batch.stride_b + in_b);
          sum += term;
          magnitude += std::abs(term);
        }
        const double value = at(found, place);
        const double rounding = static_cast<double>(std::numeric_limits<Real>::epsilon());
        ASSERT_FALSE(std::isnan(value)) << "product " << i << ", row " << row << ", column " << column;
        ASSERT_NEAR(value, sum, (p.k + 2) * rounding * magnitude)
            << "product " << i << ", row " << row << ", column " << column;
      }
    }
  }
}

/// What lies between the rows and the products of C is as it was.
template <typename Real>
void expect_untouched_padding(const Problem<Real>& problem, const std::vector<Real>& found) {
  const GemmOf<Real>& p = problem.batch.first;
  for (int64_t place = 0; place < static_cast<int64_t>(found.size()); ++place) {
    const int64_t within = place % problem.batch.stride_c;
    if (within < int64_t{p.m} * p.ldc && within % p.ldc < p.n) continue;
    const Real before = problem.c[static_cast<size_t>(place)], after = found[static_cast<size_t>(place)];
    ASSERT_TRUE(after == before || (std::isnan(after) && std::isnan(before))) << "element " << place;
  }
}

template <typename Real>
class DeviceBlas : public ::testing::Test {};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(DeviceBlas, Reals);

TYPED_TEST(DeviceBlas, BatchesAreWhatTheDefinitionGives) {
  NETSURF_NEEDS_GPU();
  const uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  testing::Random random(seed);
  const Stream stream;
  const Blas blas(stream);
  for (const Sizes sizes :
       {Sizes{1, 1, 1}, Sizes{3, 5, 7}, Sizes{1, 67, 13}, Sizes{33, 17, 65}, Sizes{64, 32, 96}}) {
    for (int transposes = 0; transposes < 4; ++transposes) {
      for (int num_products : {1, 3, 17}) {
        SCOPED_TRACE(std::to_string(num_products) + " of " + std::to_string(sizes.m) + " x " +
                     std::to_string(sizes.n) + " x " + std::to_string(sizes.k) + ", transposes " +
                     std::to_string(transposes));
        const auto problem = draw_problem<TypeParam>(random, sizes, transposes, num_products);
        const auto found = product_of(problem, blas, stream);
        ASSERT_NO_FATAL_FAILURE(expect_products(problem, found));
        ASSERT_NO_FATAL_FAILURE(expect_untouched_padding(problem, found));
      }
    }
  }
}

// A shorter format on the way, TF32 for one, would lose the low bits of these numbers.
TYPED_TEST(DeviceBlas, TimesTheIdentityGivesTheSameBits) {
  NETSURF_NEEDS_GPU();
  constexpr int kSize = 64;
  testing::Random random(3);
  const Stream stream;
  const Blas blas(stream);
  Problem<TypeParam> problem;
  problem.batch.first.m = problem.batch.first.n = problem.batch.first.k = kSize;
  problem.b = problem.c = std::vector<TypeParam>(kSize * kSize);
  problem.a = draw<TypeParam>(random, kSize * kSize);
  for (size_t i = 0; i < kSize; ++i) problem.b[i * (kSize + 1)] = 1;
  EXPECT_EQ(product_of(problem, blas, stream), problem.a);
}

TYPED_TEST(DeviceBlas, RefusesRowsShorterThanTheirMatrix) {
  NETSURF_NEEDS_GPU();
  testing::Random random(5);
  const Stream stream;
  const Blas blas(stream);
  auto problem = draw_problem<TypeParam>(random, {4, 5, 6}, 0, 3);
  problem.batch.first.lda = 5;
  EXPECT_THROW(product_of(problem, blas, stream), Error);
}

}  // namespace
}  // namespace netsurf::cuda
