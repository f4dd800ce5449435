#include "engine/predict/parameter_law.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/predict/affine_law.h"
#include "engine/predict/exposure.h"
#include "engine/predict/flip_rates.h"
#include "tests/engine/predict/all_masks.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

using testing::dense_layer;
using testing::given_parameter;
using testing::input_layer;

/// input 2 -> dense 1, with this kernel.
Model model_of(Parameter kernel) {
  return Model::build("law", {input_layer({2}, Format{6, 1, true}), dense_layer("dense", 0, 0)},
                      {std::move(kernel)});
}

std::vector<double> uneven_rates(const BitSpace& space) {
  std::vector<double> rates;
  for (uint64_t i = 0; i < space.size(); ++i)
    rates.push_back(i % 3 == 2 ? 0 : 0.05 * static_cast<double>(i + 1));
  return rates;
}

void expect_law(const Model& model) {
  const BitSpace space(model);
  const std::vector<double> rates = uneven_rates(space);
  const ParameterLaw law(model, space, rates);
  const Parameter& parameter = model.parameters()[0];
  for (size_t element = 0; element < parameter.codes.size(); ++element) {
    double total = 0, mean = 0, square = 0;
    testing::for_all_masks(model, space, rates, [&](double chance, const auto& codes) {
      const double value = std::ldexp(static_cast<double>(parameter.operand(codes[0][element])),
                                      -parameter.format.frac_bits());
      total += chance;
      mean += chance * value;
      square += chance * value * value;
    });
    ASSERT_NEAR(total, 1, 1e-12);
    EXPECT_NEAR(law.tensor(0).mean[element], mean, 1e-12);
    EXPECT_NEAR(law.tensor(0).variance[element], square - mean * mean, 1e-12);
    double from_steps = law.clean(0, static_cast<int64_t>(element));
    for (const BitStep& bit : law.steps(0, static_cast<int64_t>(element))) {
      EXPECT_EQ(bit.rate, rates[bit.id]);
      from_steps += bit.rate * bit.step;
    }
    EXPECT_NEAR(from_steps, mean, 1e-12);
  }
}

TEST(ParameterLaw, IsThatOfAllMasksOfTwosComplement) {
  expect_law(model_of(given_parameter("kernel", {1, 2}, Format{5, 1, true}, {-11, 6})));
}

TEST(ParameterLaw, IsThatOfAllMasksOfUnsignedCodesWithAZeroPoint) {
  Parameter kernel = given_parameter("kernel", {1, 2}, Format{4, 2, false}, {13, 0});
  kernel.zero_point = 5;
  expect_law(model_of(kernel));
}

TEST(ParameterLaw, IsThatOfAllMasksOfBipolarBits) {
  Parameter kernel = given_parameter("kernel", {1, 2}, Format{1, 0, false}, {1, 0});
  kernel.bipolar = true;
  expect_law(model_of(kernel));
}

TEST(ParameterLaw, PrunedElementsStayAtZero) {
  Parameter kernel = given_parameter("kernel", {1, 2}, Format{5, 1, true}, {7, 0});
  kernel.pruned = {0, 1};
  const Model model = model_of(kernel);
  expect_law(model);
  const BitSpace space(model);
  const ParameterLaw law(model, space, std::vector<double>(space.size(), 0.25));
  EXPECT_EQ(law.tensor(0).mean[1], 0);
  EXPECT_EQ(law.tensor(0).variance[1], 0);
  EXPECT_TRUE(law.steps(0, 1).empty());
}

TEST(ParameterLaw, ConstantsHaveNoVariance) {
  Parameter kernel = given_parameter("kernel", {1, 2}, Format{5, 1, true}, {7, 3});
  kernel.constant = true;
  const Model model = model_of(kernel);
  const BitSpace space(model);
  const ParameterLaw law(model, space, {});
  EXPECT_EQ(law.tensor(0).mean[1], 3.0 / 8);
  EXPECT_EQ(law.tensor(0).variance[1], 0);
  EXPECT_EQ(law.log_clean(0), 0);
}

TEST(ParameterLaw, KnowsHowLikelyNothingFlips) {
  const Model model = model_of(given_parameter("kernel", {1, 2}, Format{2, 1, true}, {1, 1}));
  const BitSpace space(model);
  EXPECT_NEAR(ParameterLaw(model, space, std::vector<double>{0.1, 0, 0.5, 0.2}).log_clean(0),
              std::log(0.9 * 0.5 * 0.8), 1e-12);
  EXPECT_EQ(ParameterLaw(model, space, std::vector<double>{0.1, 1, 0, 0}).log_clean(0),
            -std::numeric_limits<double>::infinity());
}

TEST(FlipRates, AreZeroForTheFirstBitsOfTheRanking) {
  const Model model = testing::model_of_bits(10);
  const BitSpace space(model);
  std::vector<uint32_t> rank;
  for (uint32_t i = 0; i < 10; ++i) rank.push_back(9 - i);
  const Protection protection{UnitDecimal::parse("0.35", "p"),
                              std::make_shared<const std::vector<uint32_t>>(rank)};
  const std::vector<double> rates = flip_rates(space, 0.02, protection);
  for (size_t i = 0; i < 10; ++i) EXPECT_EQ(rates[i], i >= 7 ? 0 : 0.02) << i;
  EXPECT_EQ(flip_rates(space, 0.02, {})[9], 0.02);
}

TEST(AffineLaw, EnumeratesBitsThatMatterAndKeepsTheMoments) {
  const std::vector<BitStep> scale_bits = {{0.1, 1.0, 0}, {0.1, -0.5, 1}, {0.1, 1e-3, 2}};
  const std::vector<BitStep> shift_bits = {{0.2, 0.75, 3}, {0.2, 1e-4, 4}};
  const AffineLaw law = affine_law(0.25, scale_bits, -0.5, shift_bits, 1);
  ASSERT_EQ(law.cases.size(), 8u);
  double total = 0, scale = 0, scale_square = 0, shift = 0;
  for (const AffineCase& each : law.cases) {
    total += each.chance;
    scale += each.chance * each.scale;
    scale_square += each.chance * each.scale * each.scale;
    shift += each.chance * each.shift;
  }
  EXPECT_NEAR(total, 1, 1e-12);
  EXPECT_NEAR(scale, 0.25 + 0.1 * (1 - 0.5 + 1e-3), 1e-12);
  EXPECT_NEAR(scale_square - scale * scale + law.scale_variance, 0.09 * (1 + 0.25 + 1e-6), 1e-12);
  EXPECT_NEAR(shift, -0.5 + 0.2 * (0.75 + 1e-4), 1e-12);
  EXPECT_NEAR(law.shift_variance, 0.16 * 1e-8, 1e-12);
  EXPECT_NEAR(law.rest_clean, 0.9 * 0.8, 1e-12);
  EXPECT_NEAR(law.cases.front().chance, 0.9 * 0.9 * 0.8, 1e-12);
  EXPECT_NEAR(law.cases.front().scale, 0.25 + 1e-4, 1e-12);
}

TEST(AffineLaw, OfRareFlipsLeavesOutDoubleOnes) {
  const std::vector<BitStep> bits = {{1e-6, 1.0, 0}, {1e-6, 0.5, 1}};
  const AffineLaw law = affine_law(0.5, bits, 0, {}, 1);
  EXPECT_EQ(law.cases.size(), 3u);
  EXPECT_EQ(identity_law().cases.size(), 1u);
}

TEST(CleanChances, AreProductsOverWhatALayerDependsOn) {
  const Model model = testing::tiny_mlp();
  const BitSpace space(model);
  const double rate = 0.001;
  const CleanChances chances =
      clean_chances(model, ParameterLaw(model, space, std::vector<double>(space.size(), rate)));
  const auto none_of = [&](double bits) { return std::pow(1 - rate, bits); };
  const double first = 5 * 6 * 6 + 5 * 8, second = 3 * 5 * 6 + 3 * 8;
  EXPECT_NEAR(chances.whole[0], 1, 1e-12);
  EXPECT_NEAR(chances.whole[1], none_of(first), 1e-12);
  EXPECT_NEAR(chances.whole[3], none_of(first + second), 1e-12);
  EXPECT_NEAR(chances.element[1], none_of(first / 5), 1e-12);
  EXPECT_NEAR(chances.element[2], none_of(first / 5), 1e-12);
  EXPECT_NEAR(chances.element[3], none_of(first + second / 3), 1e-12);
}

TEST(CleanChances, TheOtherCasesHaveTheMomentsThatAreLeft) {
  // 0.3 of 2, and 0.7 of a law with mean 5 and variance 4.
  const double mean = 0.3 * 2 + 0.7 * 5, square = 0.3 * 4 + 0.7 * 29;
  const OtherCases other = without_clean(mean, square - mean * mean, 2, 0.3);
  EXPECT_NEAR(other.mean, 5, 1e-12);
  EXPECT_NEAR(other.variance, 4, 1e-12);
}

}  // namespace
}  // namespace netsurf
