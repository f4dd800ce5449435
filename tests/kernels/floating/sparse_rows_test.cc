// Products with sparse rows against the dense ones, on small integers: exact.
#include "kernels/floating/sparse_rows.h"

#include <gtest/gtest.h>

#include "tests/kernels/floating/lane_draws.h"

namespace netsurf::floating {
namespace {

template <typename Real>
class SparseRowsOf : public ::testing::Test {};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(SparseRowsOf, Reals);

/// Shared rows with about one number in four other than 0.
template <typename Real>
std::vector<Real> sparse_numbers(LaneDraws<Real>& draws, int64_t size) {
  std::vector<Real> x = draws.numbers(size);
  for (Real& value : x) value = draws.pick(1, 4) == 1 ? value : 0;
  return x;
}

TYPED_TEST(SparseRowsOf, ProductsAreTheDenseOnes) {
  LaneDraws<TypeParam> draws(1);
  int compared = 0;
  for (int round = 0; round < 200; ++round) {
    draws.next_tile(40);
    // Widths with whole stretches of vectors, parts of one, and single columns.
    const DenseSizes sizes{draws.pick(1, 40), round % 2 == 0 ? draws.pick(1, 20) : draws.pick(30, 140)};
    const int64_t kernel = int64_t{sizes.in} * sizes.out;
    const std::vector<TypeParam> x = sparse_numbers(draws, int64_t{draws.tile().samples} * sizes.in);
    SparseMatrix<TypeParam> sparse;
    make_sparse(draws.tile().samples, sizes.in, x.data(), sparse);
    if (!sparse.is_sparse()) continue;
    ++compared;
    SCOPED_TRACE(draws.text() + ", " + std::to_string(sizes.in) + " to " + std::to_string(sizes.out));

    const auto w = draws.weights(kernel);
    std::vector<TypeParam> y = draws.numbers(int64_t{draws.tile().rows()} * sizes.out), expected_y = y;
    sparse_apply(draws.tile(), sizes, w.operand(), sparse, y.data());
    dense_apply(draws.tile(), sizes, w.operand(), {x.data(), false}, expected_y.data());
    EXPECT_EQ(y, expected_y);

    const auto dy = draws.rows(sizes.out);
    const int64_t stride = draws.stride(kernel);
    std::vector<TypeParam> dw = draws.numbers(draws.tile().lanes * stride), expected_dw = dw;
    sparse_to_weights(draws.tile(), sizes, dy.operand(), sparse, {dw.data(), stride});
    dense_to_weights(draws.tile(), sizes, dy.operand(), {x.data(), false}, {expected_dw.data(), stride});
    EXPECT_EQ(dw, expected_dw);
  }
  EXPECT_GT(compared, 150);
}

TYPED_TEST(SparseRowsOf, RowsAndColumnsAreOneMatrix) {
  LaneDraws<TypeParam> draws(2);
  const int rows = 30, columns = 17;
  const std::vector<TypeParam> x = sparse_numbers(draws, rows * columns);
  SparseMatrix<TypeParam> sparse;
  make_sparse(rows, columns, x.data(), sparse);
  ASSERT_TRUE(sparse.is_sparse());
  ASSERT_EQ(sparse.rows.rows(), rows);
  ASSERT_EQ(sparse.columns.rows(), columns);
  const auto dense = [](const SparseRows<TypeParam>& part, int width) {
    std::vector<TypeParam> all(static_cast<size_t>(part.rows() * width), 0);
    for (int row = 0, entry = 0; row < part.rows(); ++row) {
      for (; entry < part.ends[size_t(row)]; ++entry)
        all[size_t(row * width + part.columns[size_t(entry)])] = part.values[size_t(entry)];
    }
    return all;
  };
  EXPECT_EQ(dense(sparse.rows, columns), x);
  std::vector<TypeParam> turned;
  for (int column = 0; column < columns; ++column) {
    for (int row = 0; row < rows; ++row) turned.push_back(x[size_t(row * columns + column)]);
  }
  EXPECT_EQ(dense(sparse.columns, rows), turned);
  // Used again for another matrix, it holds that one alone.
  make_sparse(2, 2, std::vector<TypeParam>{0, 0, 5, 0}.data(), sparse);
  EXPECT_EQ(sparse.rows.values, std::vector<TypeParam>{5});
  EXPECT_EQ(sparse.rows.ends, (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(sparse.columns.ends, (std::vector<int32_t>{1, 1}));
}

TYPED_TEST(SparseRowsOf, AFullMatrixIsNotListed) {
  SparseMatrix<TypeParam> sparse;
  make_sparse(3, 4, std::vector<TypeParam>(12, 1).data(), sparse);
  EXPECT_FALSE(sparse.is_sparse());
  make_sparse(3, 4, std::vector<TypeParam>(12, 0).data(), sparse);
  EXPECT_TRUE(sparse.is_sparse());
}

}  // namespace
}  // namespace netsurf::floating
