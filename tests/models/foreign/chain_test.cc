#include "models/foreign/chain.h"

#include <gtest/gtest.h>

#include "models/foreign/thresholds.h"

namespace netsurf::foreign {
namespace {

Step step(Op op, std::vector<float> constant = {}) {
  Step s;
  s.op = op;
  s.constant = std::move(constant);
  return s;
}

TEST(Chain, RunsInOrderAndRoundsEachStepToFloat) {
  std::vector<Step> chain = {step(Op::add_constant, {0.1f}), step(Op::multiply_constant, {3, -3})};
  EXPECT_EQ(run_chain(chain, 1, 0.7f), (0.7f + 0.1f) * -3.0f);
}

TEST(Chain, ConstantsComposeIntoOneMap) {
  std::vector<Step> chain = {step(Op::add_constant, {1}), step(Op::multiply_constant, {2, 4}),
                             step(Op::divide_constant, {8})};
  std::optional<ChainParts> parts = take_apart(chain);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->before.scale, (std::vector<double>{0.25, 0.5}));
  EXPECT_EQ(parts->before.shift, (std::vector<double>{0.25, 0.5}));
  EXPECT_FALSE(parts->function);
}

TEST(Chain, PositiveFactorMayFollowAFunctionButNothingElse) {
  EXPECT_EQ(take_apart({step(Op::relu), step(Op::multiply_constant, {2})})->after, 2);
  EXPECT_FALSE(take_apart({step(Op::relu), step(Op::multiply_constant, {-2})}));
  EXPECT_FALSE(take_apart({step(Op::relu), step(Op::add_constant, {2})}));
  EXPECT_FALSE(take_apart({step(Op::relu), step(Op::tanh)}));
}

TEST(Chain, DirectionsFollowTheSignsOfTheFactors) {
  std::vector<Step> chain = {step(Op::multiply_constant, {2, -1, 0}), step(Op::divide_constant, {-1})};
  EXPECT_EQ(directions(chain), (std::vector<int>{-1, 1, 0}));
}

TEST(Thresholds, FirstReachedIsTheSmallestOrOnePastTheEnd) {
  EXPECT_EQ(first_reached(-100, 100, [](int64_t x) { return x >= -7; }), -7);
  EXPECT_EQ(first_reached(-100, 100, [](int64_t) { return true; }), -100);
  EXPECT_EQ(first_reached(-100, 100, [](int64_t) { return false; }), 101);
}

}  // namespace
}  // namespace netsurf::foreign
