#include "models/foreign/fit.h"

#include <gtest/gtest.h>

#include <cmath>

namespace netsurf::foreign {
namespace {

double value(const Fitted& fitted, size_t i) {
  return std::ldexp(static_cast<double>(fitted.codes[i]), -fitted.format.frac_bits());
}

TEST(Fit, ExactValuesTakeTheBitsTheyNeed) {
  Fitted fitted = fit({0.5, -1.25, 3}, 24, 62);
  EXPECT_EQ(fitted.format.frac_bits(), 2);
  EXPECT_EQ(fitted.codes, (std::vector<int32_t>{2, -5, 12}));
  EXPECT_EQ(fitted.format.bits, 5);
}

TEST(Fit, OthersAreWithinHalfAStepOfAllTheBits) {
  Fitted fitted = fit({0.1, -0.7}, 16, 62);
  EXPECT_EQ(fitted.format.bits, 16);
  for (size_t i = 0; i < 2; ++i)
    EXPECT_LE(std::abs(value(fitted, i) - (i == 0 ? 0.1 : -0.7)),
              std::ldexp(0.5, -fitted.format.frac_bits()));
  EXPECT_EQ(fitted.format.frac_bits(), 15);
}

TEST(Fit, LargestCodeOfARoundedUpValueStillFits) {
  Fitted fitted = fit({0.99999999}, 8, 62);
  EXPECT_LE(fitted.codes[0], fitted.format.max_code());
  EXPECT_NEAR(value(fitted, 0), 1, 0.01);
}

TEST(Fit, FractionBitsAreHeldToTheLimit) { EXPECT_LE(fit({0.3, 1e-9}, 31, 10).format.frac_bits(), 10); }

TEST(Fit, ZerosNeedNothing) {
  Fitted fitted = fit({0, 0}, 24, 62);
  EXPECT_EQ(fitted.codes, (std::vector<int32_t>{0, 0}));
  EXPECT_LE(fitted.format.bits, 2);
}

}  // namespace
}  // namespace netsurf::foreign
