#include "kernels/floating/gemm.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

namespace netsurf::floating {
namespace {

/// Integers: their sums are exact, so results compare exactly.
template <typename Real>
std::vector<Real> draw(std::mt19937& random, size_t size) {
  std::vector<Real> values(size);
  for (Real& value : values) value = static_cast<Real>(static_cast<int>(random() % 201) - 100);
  return values;
}

template <typename Real>
class GemmBatched : public ::testing::Test {};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(GemmBatched, Reals);

TYPED_TEST(GemmBatched, EveryProductIsWhatTheDefinitionGives) {
  constexpr int kM = 5, kN = 7, kK = 3, kStrideA = 20, kStrideC = 40;
  std::mt19937 random(1);
  for (int num_products : {1, 3, 17}) {
    for (bool transpose_a : {false, true}) {
      for (bool transpose_b : {false, true}) {
        for (int stride_b : {0, kK * kN}) {  // 0: all products share B
          const auto products = static_cast<size_t>(num_products);
          const auto a = draw<TypeParam>(random, products * kStrideA);
          const auto b = draw<TypeParam>(random, products * kK * kN);
          const auto before = draw<TypeParam>(random, products * kStrideC);
          auto expected = before, found = before;
          for (int i = 0; i < num_products; ++i) {
            for (int row = 0; row < kM; ++row) {
              for (int column = 0; column < kN; ++column) {
                TypeParam& sum = expected[static_cast<size_t>(i * kStrideC + row * kN + column)];
                sum *= 2;
                for (int inner = 0; inner < kK; ++inner) {
                  const int in_a = transpose_a ? inner * kM + row : row * kK + inner;
                  const int in_b = transpose_b ? column * kK + inner : inner * kN + column;
                  sum += a[static_cast<size_t>(i * kStrideA + in_a)] *
                         b[static_cast<size_t>(i * stride_b + in_b)];
                }
              }
            }
          }
          gemm_batched(GemmBatch<TypeParam>{.first = {.transpose_a = transpose_a,
                                                      .transpose_b = transpose_b,
                                                      .m = kM,
                                                      .n = kN,
                                                      .k = kK,
                                                      .a = a.data(),
                                                      .b = b.data(),
                                                      .c = found.data(),
                                                      .beta = 2},
                                            .stride_a = kStrideA,
                                            .stride_b = stride_b,
                                            .stride_c = kStrideC,
                                            .size = num_products});
          ASSERT_EQ(found, expected) << num_products << " products";
        }
      }
    }
  }
}

TYPED_TEST(GemmBatched, BetaOfZeroDoesNotReadC) {
  const TypeParam a = 3, b = 5;
  TypeParam c = std::numeric_limits<TypeParam>::quiet_NaN();
  gemm_batched(GemmBatch<TypeParam>{.first = {.m = 1, .n = 1, .k = 1, .a = &a, .b = &b, .c = &c}});
  EXPECT_EQ(c, 15);
}

}  // namespace
}  // namespace netsurf::floating
