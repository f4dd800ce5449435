#include "engine/stats/student_t.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace netsurf {
namespace {

struct TableValue {
  double probability, degrees, t;
};

TEST(StudentT, QuantilesAgreeWithPrintedTables) {
  const TableValue table[] = {
      {0.975, 1, 12.706204736}, {0.975, 2, 4.302652730},    {0.975, 3, 3.182446305},
      {0.975, 5, 2.570581836},  {0.975, 7, 2.364624252},    {0.975, 10, 2.228138852},
      {0.975, 30, 2.042272456}, {0.975, 99, 1.984216952},   {0.95, 9, 1.833112933},
      {0.995, 4, 4.604094871},  {0.975, 1000, 1.962339081}, {0.9995, 20, 3.849516275},
  };
  for (const TableValue& row : table) {
    EXPECT_NEAR(student_t_quantile(row.probability, row.degrees), row.t, 2e-9) << row.degrees << " degrees";
  }
}

TEST(StudentT, QuantilesAgreeWithTheClosedFormsOfOneAndTwoDegrees) {
  for (double p = 0.01; p < 1; p += 0.01) {
    EXPECT_NEAR(student_t_quantile(p, 1), std::tan(std::numbers::pi * (p - 0.5)), 1e-8) << p;
    EXPECT_NEAR(student_t_quantile(p, 2), (2 * p - 1) * std::sqrt(2 / (4 * p * (1 - p))), 1e-8) << p;
  }
}

TEST(StudentT, ManyDegreesApproachTheNormalDistribution) {
  EXPECT_NEAR(student_t_quantile(0.975, 1e6), 1.959966, 1e-6);
  EXPECT_NEAR(student_t_quantile(0.975, 1e9), 1.959963985, 2e-9);
}

TEST(StudentT, QuantileIsTheInverseOfTheDistribution) {
  for (double degrees : {1.0, 2.0, 4.0, 17.0, 255.0, 1e5}) {
    for (double p : {0.001, 0.1, 0.5, 0.6, 0.975, 0.9825, 0.9999}) {
      EXPECT_NEAR(student_t_cdf(student_t_quantile(p, degrees), degrees), p, 1e-9) << p << ", " << degrees;
    }
  }
}

TEST(StudentT, QuantilesAreSymmetric) {
  EXPECT_EQ(student_t_quantile(0.5, 3), 0);
  EXPECT_EQ(student_t_quantile(0.025, 12), -student_t_quantile(0.975, 12));
}

TEST(IncompleteBeta, AgreesWithClosedForms) {
  for (double x = 0; x <= 1; x += 0.0625) {
    EXPECT_NEAR(regularized_incomplete_beta(1, 1, x), x, 1e-15);
    EXPECT_NEAR(regularized_incomplete_beta(3, 1, x), x * x * x, 1e-15);
    EXPECT_NEAR(regularized_incomplete_beta(1, 4, x), 1 - std::pow(1 - x, 4), 1e-15);
    // P(at least 2 of 3) with probability x.
    EXPECT_NEAR(regularized_incomplete_beta(2, 2, x), 3 * x * x - 2 * x * x * x, 1e-15);
    EXPECT_NEAR(regularized_incomplete_beta(0.5, 0.5, x), 2 / std::numbers::pi * std::asin(std::sqrt(x)),
                1e-14);
  }
}

}  // namespace
}  // namespace netsurf
