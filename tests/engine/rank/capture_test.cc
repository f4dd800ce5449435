#include "engine/rank/capture.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/engine/rank/orders.h"

namespace netsurf {
namespace {

using test::reversed;
using test::rising;
using test::shuffled;

std::vector<Capture> captured(const std::vector<std::vector<uint32_t>>& orders,
                              const std::vector<BitId>& bits, const std::vector<double>& damage,
                              int num_threads = 1) {
  std::vector<Places> places(orders.begin(), orders.end());
  return capture(places, bits, damage, {7, 100, num_threads});
}

TEST(Capture, TheFiguresOfFourBitsByHand) {
  // Best order 1 0 2 3: shares of damage 4/7, 6/7, 1, 1; trapezoids (2 + 5 + 6.5 + 7) / 28.
  // Order 2 0 1 3: shares 1/7, 3/7, 1, 1; trapezoids (0.5 + 2 + 5 + 7) / 28.
  std::vector<double> damage = {2, 4, 1, -5};
  Capture by_hand = captured({{1, 2, 0, 3}}, {0, 1, 2, 3}, damage).at(0);
  EXPECT_NEAR(by_hand.area.value, 14.5 / 20.5, 1e-15);
  EXPECT_NEAR(by_hand.recall.value, 0.25, 1e-15);
  EXPECT_NEAR(by_hand.spearman, 1 - 6.0 * (0 + 4 + 4 + 0) / 60, 1e-15);
}

TEST(Capture, TheBestOrderGetsOneWithoutWidth) {
  std::vector<double> damage = {0.1, 0.9, -0.2, 0.4, 0.3, 0};
  Capture best = captured({{3, 0, 5, 1, 2, 4}}, {0, 1, 2, 3, 4, 5}, damage).at(0);
  for (const Estimate& figure : {best.area, best.recall}) {
    EXPECT_EQ(figure.value, 1);
    EXPECT_EQ(figure.low, 1);
    EXPECT_EQ(figure.high, 1);
  }
  EXPECT_NEAR(best.spearman, 1, 1e-15);
}

TEST(Capture, EqualDamageIsNeverHeldAgainstAnOrder) {
  // All alike but one: any order that has it first is as good as the best.
  std::vector<double> damage(500);
  damage[123] = 1;
  std::vector<uint32_t> places = shuffled(500, 1);
  std::swap(places[123], *std::find(places.begin(), places.end(), 0u));
  Capture first = captured({places}, rising(500), damage).at(0);
  EXPECT_EQ(first.area.value, 1);
  EXPECT_EQ(first.recall.value, 1);
  EXPECT_EQ(captured({reversed(places)}, rising(500), damage).at(0).recall.value, 0);
}

TEST(Capture, OnlyMeasuredBitsCount) {
  std::vector<uint32_t> places = shuffled(4000, 2);
  std::vector<BitId> bits;
  std::vector<double> damage;
  for (BitId bit = 3; bit < 4000; bit += 7) {
    bits.push_back(bit);
    damage.push_back(std::sin(bit));
  }
  // The same places among the measured bits alone.
  std::vector<uint32_t> dense(bits.size());
  for (size_t i = 0; i < bits.size(); ++i)
    for (size_t j = 0; j < bits.size(); ++j) dense[i] += places[bits[j]] < places[bits[i]];
  Capture sparse = captured({places}, bits, damage).at(0),
          alone = captured({dense}, rising(bits.size()), damage).at(0);
  EXPECT_EQ(sparse.area.value, alone.area.value);
  EXPECT_EQ(sparse.area.low, alone.area.low);
  EXPECT_EQ(sparse.recall.high, alone.recall.high);
  EXPECT_EQ(sparse.spearman, alone.spearman);
}

TEST(Capture, ARandomOrderCatchesInProportion) {
  std::vector<double> damage(20000);
  for (size_t i = 0; i < damage.size(); ++i) damage[i] = std::exp(-static_cast<double>(i) / 2000);
  Capture random = captured({shuffled(damage.size(), 3)}, rising(damage.size()), damage).at(0);
  // The best area of e^(-i/2000): 1 - 0.1 = 0.9.
  EXPECT_NEAR(random.area.value, 0.5 / 0.9, 0.03);
  EXPECT_LT(random.area.low, random.area.value);
  EXPECT_GT(random.area.high, random.area.value);
  EXPECT_LT(random.area.high - random.area.low, 0.1);
  EXPECT_NEAR(random.spearman, 0, 0.03);
}

TEST(Capture, ThreadsChangeNoFigure) {
  std::vector<double> damage(3000);
  for (size_t i = 0; i < damage.size(); ++i) damage[i] = std::cos(static_cast<double>(i));
  std::vector<std::vector<uint32_t>> orders = {shuffled(3000, 4), shuffled(3000, 5)};
  std::vector<Capture> one = captured(orders, rising(3000), damage),
                       three = captured(orders, rising(3000), damage, 3);
  for (size_t order = 0; order < 2; ++order) {
    EXPECT_EQ(one[order].area.low, three[order].area.low);
    EXPECT_EQ(one[order].area.high, three[order].area.high);
    EXPECT_EQ(one[order].recall.low, three[order].recall.low);
  }
}

TEST(Capture, WithoutDamageThereIsNothingToJudgeBy) {
  EXPECT_TRUE(captured({rising(3)}, rising(3), {0, -1, 0}).empty());
  EXPECT_TRUE(captured({rising(3)}, {}, {}).empty());
}

}  // namespace
}  // namespace netsurf
