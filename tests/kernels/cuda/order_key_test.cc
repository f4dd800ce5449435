#include "kernels/cuda/order_key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tests/support/random.h"

namespace netsurf::cuda {
namespace {

/// Numbers at the edges of Real's range, both signs of each, and infinities.
template <typename Real>
std::vector<Real> edges() {
  using Limits = std::numeric_limits<Real>;
  std::vector<Real> values;
  for (Real value : {Real{0}, Limits::denorm_min(), std::nextafter(Limits::min(), Real{0}), Limits::min(),
                     Real{1}, std::nextafter(Real{1}, Real{2}), Limits::max(), Limits::infinity()}) {
    values.push_back(value);
    values.push_back(-value);
  }
  return values;
}

/// Any bit patterns, so mostly numbers of all sizes, but NaN too.
template <typename Real>
std::vector<Real> any_patterns(testing::Random& random, int count) {
  std::vector<Real> values;
  for (int i = 0; i < count; ++i) {
    values.push_back(std::bit_cast<Real>(static_cast<SortKey<Real>>(random.bits())));
  }
  return values;
}

template <typename Real>
class OrderKey : public ::testing::Test {};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(OrderKey, Reals);

TYPED_TEST(OrderKey, FallsAsScoresRiseAndTiesAsTheyTie) {
  const uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  testing::Random random(seed);
  std::vector<TypeParam> values = edges<TypeParam>();
  for (TypeParam value : any_patterns<TypeParam>(random, 300)) {
    if (!std::isnan(value)) values.push_back(value);
  }
  ASSERT_GT(values.size(), edges<TypeParam>().size());
  for (TypeParam x : values) {
    for (TypeParam y : values) {
      ASSERT_EQ(x > y, sort_key(x) < sort_key(y)) << x << " and " << y;
      ASSERT_EQ(x == y, sort_key(x) == sort_key(y)) << x << " and " << y;
    }
  }
}

TYPED_TEST(OrderKey, PutsEveryNanLast) {
  using Limits = std::numeric_limits<TypeParam>;
  constexpr auto kLast = std::numeric_limits<SortKey<TypeParam>>::max();
  for (TypeParam nan : {Limits::quiet_NaN(), -Limits::quiet_NaN(), Limits::signaling_NaN()}) {
    EXPECT_EQ(sort_key(nan), kLast);
  }
  EXPECT_LT(sort_key(-Limits::infinity()), kLast);
}

TYPED_TEST(OrderKey, KnowsWhatIsFinite) {
  testing::Random random(7);
  std::vector<TypeParam> values = edges<TypeParam>();
  for (TypeParam value : any_patterns<TypeParam>(random, 3000)) values.push_back(value);
  values.push_back(std::numeric_limits<TypeParam>::quiet_NaN());
  values.push_back(-std::numeric_limits<TypeParam>::quiet_NaN());
  for (TypeParam value : values) {
    ASSERT_EQ(is_key_of_finite<TypeParam>(sort_key(value)), std::isfinite(value)) << value;
  }
}

TEST(OrderKeys, OfFloatsOrdersThemAsDoubles) {
  std::vector<float> values = edges<float>();
  for (float x : values) {
    for (float y : values) {
      ASSERT_EQ(sort_key(x) < sort_key(y), sort_key(double{x}) < sort_key(double{y})) << x << " and " << y;
    }
  }
}

TEST(OrderKeys, SortsStablyLikeTheScoresThemselves) {
  testing::Random random(11);
  std::vector<double> scores;
  for (int i = 0; i < 2000; ++i) scores.push_back(random.chance(30) ? -0.0 : random.pick(-20, 20) * 0.25);
  std::vector<size_t> by_score(scores.size()), by_key(scores.size());
  for (size_t i = 0; i < scores.size(); ++i) by_score[i] = by_key[i] = i;
  std::stable_sort(by_score.begin(), by_score.end(),
                   [&](size_t i, size_t j) { return scores[i] > scores[j]; });
  std::stable_sort(by_key.begin(), by_key.end(),
                   [&](size_t i, size_t j) { return sort_key(scores[i]) < sort_key(scores[j]); });
  EXPECT_EQ(by_key, by_score);
}

}  // namespace
}  // namespace netsurf::cuda
