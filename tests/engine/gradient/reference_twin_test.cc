// The float twin against the naive one of tests/reference, on random networks.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/gradient/float_twin.h"
#include "tests/reference/naive_faults.h"
#include "tests/reference/naive_twin.h"
#include "tests/support/random_model.h"

namespace netsurf {
namespace {

using naive::Displacement;
using naive::Real;
using testing::Random;

/// A random network with data, frozen at its own codes or at faulty ones.
struct Case {
  explicit Case(Random& random)
      : model(testing::random_model(random, refused)),
        set(testing::random_evaluation_set(model, random, random.pick(1, testing::kMaxRandomSamples))),
        stored(random.chance(50)),
        space(model, stored ? BitSpace::Pruned::stored : BitSpace::Pruned::absent) {
    const std::vector<BitAddress> bits = naive::list_bits(model, stored);
    for (const BitAddress& at : bits) {
      if (at.bit == 0) elements.emplace_back(at.parameter, at.element);
    }
    std::vector<BitId> flips;
    if (!bits.empty() && random.chance(50)) {
      for (int i = random.pick(1, 4); i > 0; --i)
        flips.push_back(static_cast<BitId>(random.between(0, static_cast<int64_t>(bits.size()) - 1)));
    }
    codes = naive::faulty_parameters(model, bits, flips);
    twin = make_float_twin(model, space, set, {.num_threads = random.pick(1, 2)});
    ParameterOperands operands = codes;
    for (size_t p = 0; p < operands.size(); ++p) {
      for (int32_t& code : operands[p]) code = model.parameters()[p].operand(code);
    }
    twin->freeze_at(operands);
  }

  /// One step of the parameter's format.
  double step(size_t element) const {
    const auto parameter = static_cast<size_t>(elements[element].first);
    return std::ldexp(1.0, -model.parameters()[parameter].format.frac_bits());
  }

  /// A few steps for most elements, and none for some.
  std::vector<double> draw_displacement(Random& random) const {
    std::vector<double> displacement;
    for (size_t i = 0; i < elements.size(); ++i) {
      const double steps = static_cast<double>(random.between(-3000, 3000)) / 1000;
      displacement.push_back(random.chance(20) ? 0 : steps * step(i));
    }
    return displacement;
  }

  template <typename Number>
  Displacement by_parameter(const std::vector<Number>& displacement) const {
    Displacement moved;
    for (const Parameter& parameter : model.parameters()) moved.emplace_back(parameter.codes.size(), Real{0});
    for (size_t i = 0; i < elements.size(); ++i)
      moved[static_cast<size_t>(elements[i].first)][static_cast<size_t>(elements[i].second)] =
          static_cast<Real>(displacement[i]);
    return moved;
  }

  int64_t refused = 0;
  Model model;
  EvaluationSet set;
  bool stored;
  BitSpace space;
  std::vector<std::pair<int, int64_t>> elements;  // parameter, element
  std::vector<std::vector<int32_t>> codes;
  std::unique_ptr<FloatTwin> twin;
};

// Sums of doubles, in any order, are off by less than this times what they were made from.
constexpr Real kRounding = 8e-15L;

/// Whether the losses at three random displacements agree.
::testing::AssertionResult losses_agree(const Case& each, Random& random, naive::TwinPlant plant) {
  constexpr size_t kLanes = 3;
  const naive::Twin naive(each.model, each.set, each.codes, plant);
  std::vector<double> all;
  std::vector<naive::Sized> expected;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const std::vector<double> displacement = each.draw_displacement(random);
    all.insert(all.end(), displacement.begin(), displacement.end());
    expected.push_back(naive.mean_loss(each.by_parameter(displacement)));
  }
  const std::vector<double> found = each.twin->losses_at(all);
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const Real error = std::fabs(Real{found[lane]} - expected[lane].value);
    if (!(error <= kRounding * expected[lane].size))
      return ::testing::AssertionFailure() << found[lane] << " instead of " << expected[lane].value
                                           << ", made from " << expected[lane].size;
  }
  return ::testing::AssertionSuccess();
}

TEST(ReferenceTwin, LossesOfRandomNetworksAgree) {
  const uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  Random random(seed);
  for (int i = 0; i < 250; ++i) {
    const Case each(random);
    if (each.elements.empty()) continue;
    ASSERT_TRUE(losses_agree(each, random, naive::TwinPlant::none)) << "network " << i;
  }
}

TEST(ReferenceTwin, EveryPlantedMistakeIsNoticed) {
  for (int plant = 1; plant < naive::kNumTwinPlants; ++plant) {
    Random random(1);
    int networks = 0;
    bool agree = true;
    for (; networks < 2000 && agree; ++networks) {
      const Case each(random);
      if (!each.elements.empty()) agree = losses_agree(each, random, static_cast<naive::TwinPlant>(plant));
    }
    EXPECT_FALSE(agree) << "mistake " << plant << " in " << networks << " networks";
  }
}

/// How much the outputs move along a displacement, at most.
Real largest_move(const naive::Twin& naive, const Case& each, const Displacement& from,
                  const Displacement& to) {
  Real largest = 0;
  for (int64_t sample = 0; sample < each.set.count; ++sample) {
    const std::vector<naive::Sized> before = naive.outputs(sample, from), after = naive.outputs(sample, to);
    for (size_t k = 0; k < before.size(); ++k)
      largest = std::max(largest, std::fabs(after[k].value - before[k].value));
  }
  return largest;
}

constexpr Real kDifferenceRounding = 64 * std::numeric_limits<Real>::epsilon();
constexpr Real kNothing = 1e-16L;  // a slope that may as well be zero: values cancel on the way to the loss

/// The naive loss at -2, -1, 0, 1 and 2 steps along a line.
class Line {
 public:
  /// The step is small against `along` and moves no output by more than 0.01.
  Line(const naive::Twin& naive, const Case& each, const Displacement& from, const Displacement& along) {
    const auto at = [&](Real steps) {
      Displacement moved = from;
      for (size_t p = 0; p < moved.size(); ++p) {
        for (size_t i = 0; i < moved[p].size(); ++i) moved[p][i] += steps * along[p][i];
      }
      return moved;
    };
    step_ = std::min<Real>(1e-3L, 0.01L / largest_move(naive, each, from, at(1)));
    for (int i = -2; i <= 2; ++i) losses_[static_cast<size_t>(i + 2)] = naive.mean_loss(at(i * step_));
  }

  Real slope() const { return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step_); }
  Real curvature() const {
    return (16 * (at(1) + at(-1)) - (at(2) + at(-2)) - 30 * at(0)) / (12 * step_ * step_);
  }
  /// How far off the two may be.
  Real slope_error() const { return kDifferenceRounding * losses_[2].size / step_ + kNothing; }
  Real curvature_error() const { return 4 * kDifferenceRounding * losses_[2].size / (step_ * step_); }

 private:
  Real at(int steps) const { return losses_[static_cast<size_t>(steps + 2)].value; }

  Real step_;
  std::array<naive::Sized, 5> losses_;
};

TEST(ReferenceTwin, GradientsAreTheSlopesOfTheNaiveLoss) {
  const uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  Random random(seed);
  int sharp = 0;  // comparisons that the differences' own rounding leaves sharp
  for (int i = 0; i < 80; ++i) {
    const Case each(random);
    if (each.elements.empty()) continue;
    const naive::Twin naive(each.model, each.set, each.codes);
    const std::vector<double> here = each.draw_displacement(random);
    const std::vector<double> found = each.twin->gradients_at(here);
    for (int k = 0; k < 4; ++k) {
      const auto element = static_cast<size_t>(random.pick(0, static_cast<int>(each.elements.size()) - 1));
      std::vector<Real> along(here.size(), 0);
      along[element] = each.step(element);
      const Line line(naive, each, each.by_parameter(here), each.by_parameter(along));
      const Real slope = Real{found[element]} * each.step(element);
      const Real own = 1e-7L * std::fabs(line.slope());
      ASSERT_TRUE(std::fabs(slope - line.slope()) <= own + line.slope_error())
          << "network " << i << " element " << element << ": " << slope << " instead of " << line.slope();
      sharp += line.slope_error() < own ? 1 : 0;
    }
  }
  EXPECT_GT(sharp, 10);
}

TEST(ReferenceTwin, HessianProductsAreTheCurvatureOfTheNaiveLoss) {
  const uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  Random random(seed);
  int sharp = 0;
  for (int i = 0; i < 120; ++i) {
    const Case each(random);
    if (each.elements.empty()) continue;
    const naive::Twin naive(each.model, each.set, each.codes);
    const std::vector<double> along = each.draw_displacement(random);
    const std::vector<double> found = each.twin->hessian_products(along);
    Real product = 0, size = 0;
    for (size_t e = 0; e < along.size(); ++e) {
      product += Real{along[e]} * found[e];
      size += std::fabs(Real{along[e]} * found[e]);
    }
    const Line line(naive, each, naive.no_displacement(), each.by_parameter(along));
    const Real own = 1e-7L * size;
    ASSERT_TRUE(std::fabs(product - line.curvature()) <= own + line.curvature_error())
        << "network " << i << ": " << product << " instead of " << line.curvature();
    sharp += line.curvature_error() < own ? 1 : 0;
  }
  EXPECT_GT(sharp, 5);
}

}  // namespace
}  // namespace netsurf
