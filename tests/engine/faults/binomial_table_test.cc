#include "engine/faults/binomial_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace netsurf {
namespace {

uint64_t fixed(double p) { return static_cast<uint64_t>(std::ldexp(p, 64)); }

/// P(count > k) in long double, through logarithms of factorials.
long double upper_tail(uint32_t n, long double p, uint32_t k) {
  long double sum = 0;
  for (uint32_t j = n; j > k; --j) {
    sum += std::exp(
        std::lgamma(static_cast<long double>(n) + 1) - std::lgamma(static_cast<long double>(j) + 1) -
        std::lgamma(static_cast<long double>(n - j) + 1) + static_cast<long double>(j) * std::log(p) +
        static_cast<long double>(n - j) * std::log1p(-p));
  }
  return sum;
}

TEST(BinomialTable, ThresholdsAreTheDistributionFunction) {
  for (uint32_t n : {1u, 2u, 7u, 100u, 904u, 4096u}) {
    for (double p : {1e-6, 1e-3, 0.01, 0.3, 0.5, 0.7, 0.999}) {
      std::vector<uint64_t> thresholds = binomial_thresholds(n, fixed(p));
      ASSERT_LE(thresholds.size(), n);
      ASSERT_TRUE(std::is_sorted(thresholds.begin(), thresholds.end()));
      for (size_t k = 0; k < thresholds.size(); k += 1 + thresholds.size() / 17) {
        long double expected = upper_tail(n, p, static_cast<uint32_t>(k));
        long double found = std::ldexp(static_cast<long double>(0 - thresholds[k]), -64);
        if (thresholds[k] == 0) found = 1;
        ASSERT_NEAR(static_cast<double>(found), static_cast<double>(expected), 1e-11)
            << n << " " << p << " " << k;
        // Rare counts keep their relative precision, down to what 64 bits can tell.
        if (expected < 0.5L && expected > 1e-10L) {
          ASSERT_NEAR(static_cast<double>(found / expected), 1.0, 1e-8) << n << " " << p << " " << k;
        }
      }
    }
  }
}

TEST(BinomialTable, TheTableEndsWhereCountsBecomeImpossible) {
  std::vector<uint64_t> rare = binomial_thresholds(4096, fixed(1e-6));
  EXPECT_LT(rare.size(), 12u);
  EXPECT_GT(rare.back(), ~uint64_t{0} - 10000);
  EXPECT_EQ(binomial_thresholds(1, fixed(0.25)), (std::vector<uint64_t>{uint64_t{3} << 62}));
  EXPECT_EQ(binomial_thresholds(1, uint64_t{1} << 63), (std::vector<uint64_t>{uint64_t{1} << 63}));
  EXPECT_EQ(binomial_thresholds(2, uint64_t{1} << 63),
            (std::vector<uint64_t>{uint64_t{1} << 62, uint64_t{3} << 62}));
}

TEST(BinomialTable, ExtremeRates) {
  EXPECT_EQ(binomial_thresholds(1, 1), (std::vector<uint64_t>{~uint64_t{0}}));        // once in 2^64
  EXPECT_EQ(binomial_thresholds(3, ~uint64_t{0}), (std::vector<uint64_t>{0, 0, 0}));  // as good as certain
  std::vector<uint64_t> tiny = binomial_thresholds(4096, 1);
  ASSERT_EQ(tiny.size(), 1u);
  EXPECT_EQ(tiny[0], 0 - uint64_t{4095});  // a hair below 4096 x 2^-64, cut
}

TEST(BinomialTable, IsFrozen) {
  EXPECT_EQ(binomial_thresholds(6, 5534023222112865485u),
            (std::vector<uint64_t>{2170240993527855104u, 7750860691170912256u, 13730096081502754816u,
                                   17146802018835239168u, 18245028927263537600u, 18433296397279817346u}));
  std::vector<uint64_t> block = binomial_thresholds(4096, 184467440737095516u);  // 0.01
  ASSERT_EQ(block.size(), 111u);
  EXPECT_EQ(block[0], 24u);
  EXPECT_EQ(block[20], 3874235559138236u);
  EXPECT_EQ(block[40], 8880577675839019008u);
  EXPECT_EQ(block[41], 10033316857848911872u);
  EXPECT_EQ(block[60], 18411129532860409328u);
  EXPECT_EQ(block[110], 18446744073709551615u);
}

}  // namespace
}  // namespace netsurf
