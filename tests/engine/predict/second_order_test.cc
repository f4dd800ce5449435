#include "engine/predict/second_order.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/predict/flip_rates.h"
#include "tests/engine/predict/all_masks.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

using testing::dense_layer;
using testing::given_parameter;
using testing::input_layer;
using testing::random_set;

/// The mean squared error of a linear network is a quadratic function of its weights.
Model line() {
  return Model::build("line", {input_layer({2}, Format{5, 1, true}), dense_layer("dense", 0, 0, 1)},
                      {given_parameter("kernel", {2, 2}, Format{3, 0, true}, {-4, 3, 1, -2}),
                       given_parameter("bias", {2}, Format{2, 1, true}, {1, -1})});
}

double mean_loss_of_all_masks(const Model& model, const EvaluationSet& set, const BitSpace& space,
                              const std::vector<double>& rates) {
  double sum = 0;
  testing::for_all_masks(model, space, rates, [&](double chance, const auto& codes) {
    for (int64_t s = 0; s < set.count; ++s) {
      const std::vector<double> scores =
          testing::scores_of(model, codes, std::span(set.codes).subspan(static_cast<size_t>(2 * s), 2));
      for (size_t k = 0; k < 2; ++k) {
        const double off = scores[k] - static_cast<double>(set.targets[static_cast<size_t>(2 * s) + k]);
        sum += chance * off * off / static_cast<double>(2 * set.count);
      }
    }
  });
  return sum;
}

TEST(SecondOrder, IsExactForAQuadraticLossAtEveryRateAndProtection) {
  const Model model = line();
  const BitSpace space(model);
  const EvaluationSet set = random_set(model, 3, 3, Task::regression);
  const std::unique_ptr<FloatTwin> twin = make_float_twin(model, space, set, {});
  std::vector<uint32_t> rank;
  for (uint32_t i = 0; i < space.size(); ++i) rank.push_back((i * 7) % static_cast<uint32_t>(space.size()));
  const auto ranks = std::make_shared<const std::vector<uint32_t>>(rank);
  const std::vector<Protection> protections = {{UnitDecimal(), nullptr},
                                               {UnitDecimal::parse("0.3", "p"), ranks},
                                               {UnitDecimal::parse("1", "p"), ranks}};
  const SecondOrderModel second_order(*twin, model, space, protections);
  for (size_t i = 0; i < protections.size(); ++i) {
    for (double rate : {0.01, 0.3}) {
      const double expected =
          mean_loss_of_all_masks(model, set, space, flip_rates(space, rate, protections[i]));
      EXPECT_NEAR(second_order.predict(rate, i).loss, expected, 1e-9) << i << " " << rate;
    }
  }
  EXPECT_EQ(second_order.terms()[2].slope, 0);
  EXPECT_EQ(second_order.terms()[2].energy, 0);
}

TEST(SecondOrder, SaysUpToWhereItIsValid) {
  const Model model = line();
  const BitSpace space(model);
  const EvaluationSet set = random_set(model, 6, 3, Task::regression);
  const std::unique_ptr<FloatTwin> twin = make_float_twin(model, space, set, {});
  const SecondOrderModel second_order(*twin, model, space, std::vector<Protection>{Protection{}});
  // Sum of d^2 over the half range squared: (4^m - 1) / 3 / 4^(m - 1) for m bits.
  EXPECT_NEAR(second_order.terms()[0].energy, (4 * 21.0 / 16 + 2 * 5.0 / 4) / 6, 1e-12);
  EXPECT_TRUE(second_order.predict(1e-3, 0).is_valid);
  EXPECT_FALSE(second_order.predict(3e-3, 0).is_valid);
}

TEST(SecondOrder, HasTheSlopeOfSingleFlipsOnAClassifier) {
  // As the rate goes to zero: the sum over the bits of g d + h d^2 / 2.
  const Model model = testing::tiny_mlp(3);
  const BitSpace space(model);
  const EvaluationSet set = random_set(model, 40, 5);
  const std::unique_ptr<FloatTwin> twin = make_float_twin(model, space, set, {});
  const GradientMoments moments = twin->moments({.curvature = CurvatureSeeds::exact});
  const SecondOrderModel second_order(*twin, model, space, std::vector<Protection>{Protection{}});
  double slope = 0;
  size_t element = 0;
  for (BitId id = 0; id < space.size(); ++id) {
    const BitAddress at = space.address(id);
    if (at.bit == 0 && id > 0) ++element;
    const Parameter& parameter = model.parameters()[static_cast<size_t>(at.parameter)];
    const int32_t code = parameter.codes[static_cast<size_t>(at.element)];
    const double step = std::ldexp(static_cast<double>(flipped_code(parameter, code, at.bit) - code),
                                   -parameter.format.frac_bits());
    slope += moments.gradient[element] * step + moments.curvature[element] * step * step / 2;
  }
  const double rate = 1e-6;
  const double found = (second_order.predict(rate, 0).loss - second_order.clean_loss()) / rate;
  EXPECT_LT(std::abs(found - slope), 1e-4 * std::abs(slope) + 1e-3);
  EXPECT_NEAR(second_order.clean_loss(), moments.loss, 1e-12);
}

}  // namespace
}  // namespace netsurf
