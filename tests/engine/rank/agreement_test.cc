// Against counting all pairs, and against the bootstrap done in full.
#include "engine/rank/agreement.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/rank/influence.h"
#include "tests/engine/rank/orders.h"

namespace netsurf {
namespace {

using test::disturbed;
using test::reversed;
using test::rising;
using test::shuffled;
using Order = std::vector<uint32_t>;

/// Pairs of bits with weights; pairs of copies of one bit are alike in no order and count for neither.
double naive_tau(const Order& a, const Order& b, const std::vector<double>& weight) {
  double sum = 0, total = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t j = 0; j < a.size(); ++j) {
      if (i == j) continue;
      sum += weight[i] * weight[j] * ((a[i] < a[j]) == (b[i] < b[j]) ? 1 : -1);
      total += weight[i] * weight[j];
    }
  }
  return sum / total;
}

/// Correlation of the weighted places, each in the middle of its own weight.
double naive_rho(const Order& a, const Order& b, const std::vector<double>& weight) {
  std::vector<double> x(a.size()), y(a.size());
  double total = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    total += weight[i];
    for (size_t j = 0; j < a.size(); ++j) {
      x[i] += a[j] < a[i] ? weight[j] : j == i ? weight[j] / 2 : 0;
      y[i] += b[j] < b[i] ? weight[j] : j == i ? weight[j] / 2 : 0;
    }
  }
  double xy = 0, xx = 0, yy = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    double dx = x[i] - total / 2, dy = y[i] - total / 2;
    xy += weight[i] * dx * dy;
    xx += weight[i] * dx * dx;
    yy += weight[i] * dy * dy;
  }
  return xy / std::sqrt(xx * yy);
}

std::vector<double> ones(size_t size) { return std::vector<double>(size, 1.0); }

OrderAgreement compare(const Order& a, const Order& b, const AgreementOptions& options) {
  std::vector<Places> orders = {a, b};
  std::vector<std::pair<size_t, size_t>> pairs = {{0, 1}};
  return compare_orders(orders, pairs, options).at(0);
}

void expect_equal(const Estimate& a, const Estimate& b) {
  EXPECT_EQ(a.value, b.value);
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
}

TEST(Agreement, TauAndRhoEqualCountingAllPairs) {
  for (size_t size : {2, 3, 7, 64, 501}) {
    Order a = shuffled(size, 1), b = disturbed(a, static_cast<double>(size) / 2, 2);
    EXPECT_NEAR(kendall_tau(a, b), naive_tau(a, b, ones(size)), 1e-12) << size;
    EXPECT_NEAR(spearman_rho(a, b), naive_rho(a, b, ones(size)), 1e-12) << size;
    EXPECT_EQ(kendall_tau(a, b), kendall_tau(b, a));
    EXPECT_EQ(spearman_rho(a, b), spearman_rho(b, a));
  }
}

TEST(Agreement, AnOrderAgreesWithItselfAndNotWithItsReverse) {
  for (size_t size : {1, 2, 100, 5000}) {
    Order a = shuffled(size, 3);
    EXPECT_EQ(kendall_tau(a, a), 1);
    EXPECT_EQ(spearman_rho(a, a), 1);
    if (size < 2) continue;
    EXPECT_EQ(kendall_tau(a, reversed(a)), -1);
    EXPECT_NEAR(spearman_rho(a, reversed(a)), -1, 1e-12);
  }
}

TEST(Agreement, EqualOrdersHaveIntervalsWithoutWidth) {
  Order a = shuffled(5000, 4);
  OrderAgreement same = compare(a, a, {{50, 1000, 5000}});
  expect_equal(same.kendall, {1, 1, 1});
  expect_equal(same.spearman, {1, 1, 1});
  for (const TopAgreement& top : same.tops) {
    expect_equal(top.jaccard, {1, 1, 1});
    expect_equal(top.overlap, {1, 1, 1});
  }
  OrderAgreement opposite = compare(a, reversed(a), {{50, 1000, 5000}});
  expect_equal(opposite.kendall, {-1, -1, -1});
  EXPECT_NEAR(opposite.spearman.low, -1, 1e-6);
  EXPECT_NEAR(opposite.spearman.high, -1, 1e-6);
  expect_equal(opposite.tops[0].jaccard, {0, 0, 0});
  expect_equal(opposite.tops[2].overlap, {1, 1, 1});
}

TEST(Agreement, TopsEqualIntersections) {
  Order a = shuffled(1000, 5), b = disturbed(a, 300, 6);
  std::vector<uint64_t> tops = {0, 1, 10, 200, 1000};
  std::vector<uint64_t> shared = shared_in_tops(a, b, tops);
  OrderAgreement agreement = compare(a, b, {tops});
  for (size_t t = 0; t < tops.size(); ++t) {
    uint64_t both = 0, either = 0;
    for (size_t bit = 0; bit < a.size(); ++bit) {
      both += a[bit] < tops[t] && b[bit] < tops[t];
      either += a[bit] < tops[t] || b[bit] < tops[t];
    }
    EXPECT_EQ(shared[t], both);
    double jaccard = either > 0 ? static_cast<double>(both) / static_cast<double>(either) : 1;
    double overlap = tops[t] > 0 ? static_cast<double>(both) / static_cast<double>(tops[t]) : 1;
    EXPECT_EQ(agreement.tops[t].top, tops[t]);
    EXPECT_NEAR(agreement.tops[t].jaccard.value, jaccard, 1e-15);
    EXPECT_NEAR(agreement.tops[t].overlap.value, overlap, 1e-15);
  }
}

TEST(Agreement, InfluencesAreTheDerivativesByTheWeightOfABit) {
  constexpr size_t kSize = 40;
  Order a = shuffled(kSize, 7), b = disturbed(a, 20, 8);
  std::vector<int64_t> surplus = pair_surplus(a, b);
  std::vector<double> influence = rho_influence(a, b);
  double mean = 0;
  for (double value : influence) mean += value / kSize;
  constexpr double kStep = 1e-4;
  for (size_t bit = 0; bit < kSize; ++bit) {
    std::vector<double> more = ones(kSize), less = ones(kSize);
    more[bit] += kStep;
    less[bit] -= kStep;
    double tau = (naive_tau(a, b, more) - naive_tau(a, b, less)) / (2 * kStep);
    double own = static_cast<double>(surplus[bit]) / (kSize - 1);
    // Weighted, a bit has no pairs with itself: kSize / (kSize - 1) and no more apart from the formula.
    EXPECT_NEAR(tau, 2 * (own - kendall_tau(a, b)) / kSize, 1e-7) << bit;
    double rho = (naive_rho(a, b, more) - naive_rho(a, b, less)) / (2 * kStep);
    EXPECT_NEAR(rho, (influence[bit] - mean) / kSize, 2e-3) << bit;
  }
}

/// The middle 95 % of the figure over resamples with all places counted anew.
template <typename Figure>
Estimate full_bootstrap(const Order& a, const Order& b, uint64_t seed, int resamples, Figure figure) {
  std::vector<double> all;
  for (int r = 0; r < resamples; ++r) {
    std::vector<uint8_t> counts((a.size() + 7) / 8 * 8);
    Bootstrap(seed).draw(static_cast<uint64_t>(r), 0, counts);
    all.push_back(
        figure(a, b, std::vector<double>(counts.begin(), counts.begin() + static_cast<int>(a.size()))));
  }
  return estimate_of(figure(a, b, ones(a.size())), all, -1, 1);
}

TEST(Agreement, IntervalsAreNearThoseOfTheFullBootstrap) {
  constexpr size_t kSize = 600;
  Order a = shuffled(kSize, 9), b = disturbed(a, 400, 10);
  OrderAgreement fast = compare(a, b, {{60}, 11, 200, 2});
  Estimate tau = full_bootstrap(a, b, 11, 200, naive_tau), rho = full_bootstrap(a, b, 11, 200, naive_rho);
  ASSERT_GT(tau.high - tau.low, 0.03);
  EXPECT_NEAR(fast.kendall.low, tau.low, 0.1 * (tau.high - tau.low));
  EXPECT_NEAR(fast.kendall.high, tau.high, 0.1 * (tau.high - tau.low));
  EXPECT_NEAR(fast.spearman.low, rho.low, 0.1 * (rho.high - rho.low));
  EXPECT_NEAR(fast.spearman.high, rho.high, 0.1 * (rho.high - rho.low));
}

TEST(Agreement, ThreadsAndCompanyChangeNoFigure) {
  std::vector<Order> kept;
  for (uint32_t seed = 0; seed < 4; ++seed) kept.push_back(disturbed(rising(9001), 3000, seed));
  std::vector<Places> orders(kept.begin(), kept.end());
  std::vector<std::pair<size_t, size_t>> pairs = {{0, 1}, {2, 3}, {1, 3}};
  AgreementOptions options{{90, 1800}, 5, 60, 1};
  std::vector<OrderAgreement> one = compare_orders(orders, pairs, options);
  options.num_threads = 3;
  std::vector<OrderAgreement> three = compare_orders(orders, pairs, options);
  OrderAgreement alone = compare(kept[1], kept[3], options);
  for (size_t p = 0; p < pairs.size(); ++p) {
    expect_equal(one[p].kendall, three[p].kendall);
    expect_equal(one[p].spearman, three[p].spearman);
    for (size_t t = 0; t < 2; ++t) expect_equal(one[p].tops[t].jaccard, three[p].tops[t].jaccard);
  }
  expect_equal(one[2].kendall, alone.kendall);
  expect_equal(one[2].tops[1].overlap, alone.tops[1].overlap);
}

TEST(Agreement, TheSeedDecidesTheIntervalsAndNothingElse) {
  Order a = shuffled(2000, 12), b = disturbed(a, 900, 13);
  OrderAgreement one = compare(a, b, {{200}, 1}), other = compare(a, b, {{200}, 2}),
                 none = compare(a, b, {{200}, 1, 0});
  EXPECT_EQ(one.kendall.value, other.kendall.value);
  EXPECT_NE(one.kendall.low, other.kendall.low);
  expect_equal(none.kendall, {one.kendall.value, one.kendall.value, one.kendall.value});
  expect_equal(none.tops[0].overlap,
               {one.tops[0].overlap.value, one.tops[0].overlap.value, one.tops[0].overlap.value});
}

TEST(Bootstrap, CountsFollowThePoissonLaw) {
  constexpr size_t kSize = 1 << 20;
  std::vector<uint8_t> counts(kSize), tail(64);
  Bootstrap bootstrap(3);
  bootstrap.draw(5, 0, counts);
  std::vector<double> seen(9);
  double sum = 0;
  for (uint8_t count : counts) {
    ASSERT_LE(count, 8);
    seen[count] += 1;
    sum += count;
  }
  EXPECT_NEAR(sum / kSize, 1, 5 / std::sqrt(kSize));
  double expected = std::exp(-1.0);
  for (int k = 0; k <= 6; ++k) {
    EXPECT_NEAR(seen[static_cast<size_t>(k)] / kSize, expected, 5 * std::sqrt(expected / kSize) + 2e-5) << k;
    expected /= k + 1;
  }
  bootstrap.draw(5, 8192, tail);
  EXPECT_TRUE(std::equal(tail.begin(), tail.end(), counts.begin() + 8192));
  bootstrap.draw(6, 8192, tail);
  EXPECT_FALSE(std::equal(tail.begin(), tail.end(), counts.begin() + 8192));
}

}  // namespace
}  // namespace netsurf
