// The float twin's loss is what docs/gradients.md says, and its gradient is the gradient of that loss.
#include "engine/gradient/float_twin.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "engine/backend/backend.h"
#include "engine/base/error.h"
#include "engine/faults/fault_table.h"
#include "tests/engine/gradient/twin_models.h"
#include "tests/reference/naive_faults.h"
#include "tests/reference/naive_twin.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

using testing::TwinCase;

using Codes = std::vector<std::vector<int32_t>>;

Codes clean_codes(const Model& model) {
  Codes codes;
  for (const Parameter& parameter : model.parameters()) codes.push_back(parameter.codes);
  return codes;
}

ParameterOperands operands_of(const Model& model, Codes codes) {
  for (size_t p = 0; p < codes.size(); ++p) {
    for (int32_t& code : codes[p]) code = model.parameters()[p].operand(code);
  }
  return codes;
}

/// The mean loss of the naive twin frozen at `codes`, at a displacement over the elements of the space.
double naive_loss(const TwinCase& each, const EvaluationSet& set, const BitSpace& space, const Codes& codes,
                  const double* displacement) {
  const naive::Twin twin(each.model, set, codes);
  naive::Displacement moved = twin.no_displacement();
  for (BitId id = 0; id < space.size(); ++id) {
    const BitAddress at = space.address(id);
    if (at.bit == 0) moved[size_t(at.parameter)][size_t(at.element)] = *displacement++;
  }
  return double(twin.mean_loss(moved).value);
}

/// Central differences of the loss along every element, with Richardson's step.
std::vector<double> differences_of_losses(const FloatTwin& twin, double step) {
  const int64_t size = twin.num_elements();
  std::vector<double> slopes(static_cast<size_t>(size));
  for (int64_t i = 0; i < size; ++i) {
    std::vector<double> displacements(static_cast<size_t>(4 * size), 0);
    const double steps[] = {step, -step, step / 2, -step / 2};
    for (int64_t lane = 0; lane < 4; ++lane)
      displacements[static_cast<size_t>(lane * size + i)] = steps[lane];
    const std::vector<double> loss = twin.losses_at(displacements);
    slopes[static_cast<size_t>(i)] = (4 * (loss[2] - loss[3]) / step - (loss[0] - loss[1]) / (2 * step)) / 3;
  }
  return slopes;
}

TEST(TwinCases, HoldEveryLayerKindAndActivationFunction) {
  std::set<LayerKind> kinds;
  std::set<ActivationFunction> functions;
  for (const TwinCase& each : testing::twin_cases()) {
    for (const Layer& layer : each.model.layers()) {
      kinds.insert(layer.kind);
      if (layer.kind == LayerKind::activation) functions.insert(layer.function);
    }
  }
  EXPECT_EQ(kinds.size(), kLayerKinds.size());
  EXPECT_EQ(functions.size(), kActivationNames.size());
}

TEST(FloatTwin, LossesAreTheDefinitions) {
  for (const TwinCase& each : testing::twin_cases()) {
    SCOPED_TRACE(each.name);
    const BitSpace space(each.model);
    const EvaluationSet set = each.set();
    const auto twin = make_float_twin(each.model, space, set, {});
    const std::vector<double> displacements = testing::random_vectors(3, twin->num_elements(), 5);
    const std::vector<double> losses = twin->losses_at(displacements);
    for (size_t lane = 0; lane < losses.size(); ++lane) {
      const double expected = naive_loss(each, set, space, clean_codes(each.model),
                                         displacements.data() + int64_t(lane) * twin->num_elements());
      EXPECT_NEAR(losses[lane], expected, 1e-11 * (1 + std::abs(expected))) << "lane " << lane;
    }
  }
}

TEST(FloatTwin, GradientIsThatOfTheLoss) {
  for (const TwinCase& each : testing::twin_cases()) {
    SCOPED_TRACE(each.name);
    const BitSpace space(each.model);
    const EvaluationSet set = each.set();
    const auto twin = make_float_twin(each.model, space, set, {});
    const GradientMoments moments = twin->moments({});
    ASSERT_GT(testing::length(moments.gradient), 1e-3);
    EXPECT_LT(testing::relative_error(differences_of_losses(*twin, 2e-3), moments.gradient), 1e-7);
    const std::vector<double> zero(moments.gradient.size(), 0);
    EXPECT_LT(testing::relative_error(twin->gradients_at(zero), moments.gradient), 1e-12);
    EXPECT_NEAR(twin->losses_at(zero)[0], moments.loss, 1e-12 * (1 + moments.loss));
    // Away from the frozen point: along a direction, the loss changes as the gradient there says.
    const std::vector<double> here = testing::random_vectors(1, twin->num_elements(), 9);
    const std::vector<double> along = testing::random_vectors(1, twin->num_elements(), 10);
    const std::vector<double> gradient = twin->gradients_at(here);
    double expected = 0;
    std::vector<double> four;
    for (double step : {1e-3, -1e-3, 5e-4, -5e-4}) {
      for (size_t i = 0; i < here.size(); ++i) four.push_back(here[i] + step * along[i]);
    }
    for (size_t i = 0; i < here.size(); ++i) expected += gradient[i] * along[i];
    const std::vector<double> loss = twin->losses_at(four);
    EXPECT_NEAR((4 * (loss[2] - loss[3]) / 1e-3 - (loss[0] - loss[1]) / 2e-3) / 3, expected,
                1e-7 * (std::abs(expected) + testing::length(gradient)));
  }
}

TEST(FloatTwin, SinglePrecisionAgrees) {
  for (const TwinCase& each : testing::twin_cases()) {
    SCOPED_TRACE(each.name);
    const BitSpace space(each.model);
    const EvaluationSet set = each.set();
    const MomentsRequest request{.squares = true, .curvature = CurvatureSeeds::exact};
    const GradientMoments wide = make_float_twin(each.model, space, set, {})->moments(request);
    const auto twin = make_float_twin(each.model, space, set, {.precision = Precision::float32});
    const GradientMoments narrow = twin->moments(request);
    EXPECT_NEAR(narrow.loss, wide.loss, 1e-6 * wide.loss);
    EXPECT_LT(testing::relative_error(narrow.gradient, wide.gradient), 3e-6);
    EXPECT_LT(testing::relative_error(narrow.squared_gradient, wide.squared_gradient), 3e-6);
    EXPECT_LT(testing::relative_error(narrow.curvature, wide.curvature), 3e-6);
    EXPECT_LT(testing::relative_error(twin->gradients_at(std::vector<double>(wide.gradient.size(), 0)),
                                      wide.gradient),
              1e-5);
  }
}

TEST(FloatTwin, SquaredGradientIsTheMeanOverSingleSamples) {
  for (const TwinCase& each : testing::twin_cases()) {
    SCOPED_TRACE(each.name);
    const BitSpace space(each.model);
    const EvaluationSet set = each.set();
    const auto twin = make_float_twin(each.model, space, set, {});
    const GradientMoments all = twin->moments({.squares = true});
    std::vector<double> squares(all.gradient.size(), 0), gradient(all.gradient.size(), 0);
    double loss = 0;
    for (int64_t n = 0; n < set.count; ++n) {
      const GradientMoments one = twin->moments({.begin = n, .end = n + 1});
      loss += one.loss / static_cast<double>(set.count);
      for (size_t i = 0; i < squares.size(); ++i) {
        gradient[i] += one.gradient[i] / static_cast<double>(set.count);
        squares[i] += one.gradient[i] * one.gradient[i] / static_cast<double>(set.count);
      }
    }
    EXPECT_NEAR(loss, all.loss, 1e-12 * all.loss);
    EXPECT_LT(testing::relative_error(gradient, all.gradient), 1e-12);
    EXPECT_LT(testing::relative_error(all.squared_gradient, squares), 1e-12);
  }
}

TEST(FloatTwin, RangesOfSamplesAddUp) {
  const TwinCase& each = testing::twin_case("conv2d and max_pool");
  const BitSpace space(each.model);
  const EvaluationSet set = each.set(700);
  const auto twin = make_float_twin(each.model, space, set, {});
  const GradientMoments all = twin->moments({});
  std::vector<double> sum(all.gradient.size(), 0);
  const int64_t cuts[] = {0, 1, 255, 256, 300, 699, 700};
  for (size_t k = 0; k + 1 < std::size(cuts); ++k) {
    const GradientMoments part = twin->moments({.begin = cuts[k], .end = cuts[k + 1]});
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += part.gradient[i] * double(cuts[k + 1] - cuts[k]) / 700;
  }
  EXPECT_LT(testing::relative_error(sum, all.gradient), 1e-12);
}

TEST(FloatTwin, LossIsTheSessions) {
  for (const TwinCase& each : testing::twin_cases()) {
    SCOPED_TRACE(each.name);
    const BitSpace space(each.model);
    const EvaluationSet set = each.set();
    const auto session = make_cpu_backend()->open(each.model, set, space, {});
    const double expected = double(session->clean().loss) * kLossUnit / double(set.count);
    for (Precision precision : {Precision::float32, Precision::float64}) {
      const auto twin = make_float_twin(each.model, space, set, {.precision = precision});
      EXPECT_NEAR(twin->moments({}).loss, expected, 1e-5 * (1 + expected));
    }
  }
}

TEST(FloatTwin, FrozenAtFaultsIsTheFaultyNetworks) {
  for (const TwinCase& each : testing::twin_cases()) {
    SCOPED_TRACE(each.name);
    const BitSpace space(each.model);
    const EvaluationSet set = each.set();
    std::vector<BitId> flips;
    for (BitId id = 3; id < space.size(); id += 11) flips.push_back(id);
    const auto table = std::make_shared<FaultTable>(make_fault_table({flips}));
    TrialPlan plan;
    plan.faults.model = FaultModel::list;
    plan.faults.table = table;
    plan.end = 1;
    const auto session = make_cpu_backend()->open(each.model, set, space, {});
    const double expected = double(session->run(plan)[0].loss) * kLossUnit / double(set.count);

    const Codes codes = naive::faulty_parameters(each.model, naive::list_bits(each.model, false), flips);
    const auto twin = make_float_twin(each.model, space, set, {});
    const GradientMoments clean = twin->moments({});
    twin->freeze_at(operands_of(each.model, codes));
    EXPECT_NEAR(twin->moments({}).loss, expected, 1e-5 * (1 + expected));
    const std::vector<double> displacement = testing::random_vectors(1, twin->num_elements(), 3);
    const double naive = naive_loss(each, set, space, codes, displacement.data());
    EXPECT_NEAR(twin->losses_at(displacement)[0], naive, 1e-11 * (1 + naive));
    twin->freeze_at(PlainNetwork(each.model).clean_parameters());
    EXPECT_EQ(twin->moments({}).gradient, clean.gradient);
  }
}

TEST(FloatTwin, ComparisonIsFlatAtTheCleanPointAndCurved) {
  const TwinCase each{"comparison", testing::tiny_mlp(), Task::comparison};
  const BitSpace space(each.model);
  const EvaluationSet set = each.set(50);
  const auto twin = make_float_twin(each.model, space, set, {});
  const GradientMoments moments = twin->moments({.curvature = CurvatureSeeds::exact});
  EXPECT_EQ(moments.loss, 0);
  EXPECT_EQ(testing::length(moments.gradient), 0);
  EXPECT_GT(testing::length(moments.curvature), 0.1);
  // Compared with the clean outputs, wherever it is frozen.
  Codes codes = clean_codes(each.model);
  codes[0][0] = flipped_code(each.model.parameters()[0], codes[0][0], 4);
  twin->freeze_at(operands_of(each.model, codes));
  const std::vector<double> zero(moments.gradient.size(), 0);
  const double expected = naive_loss(each, set, space, codes, zero.data());
  ASSERT_GT(expected, 0);
  EXPECT_NEAR(twin->moments({}).loss, expected, 1e-12);
}

TEST(FloatTwin, PrunedElementsThatAreStoredAreVariables) {
  const TwinCase& each = testing::twin_case("conv2d and max_pool");
  const EvaluationSet set = each.set();
  const BitSpace absent(each.model), stored(each.model, BitSpace::Pruned::stored);
  const auto few = make_float_twin(each.model, absent, set, {}),
             all = make_float_twin(each.model, stored, set, {});
  ASSERT_LT(few->num_elements(), all->num_elements());
  const std::vector<double> part = few->moments({}).gradient, whole = all->moments({}).gradient;
  size_t place = 0, element = 0;
  for (BitId id = 0; id < stored.size(); ++id) {
    const BitAddress at = stored.address(id);
    if (at.bit != 0) continue;
    const std::vector<uint8_t>& pruned = each.model.parameters()[size_t(at.parameter)].pruned;
    if (pruned.empty() || pruned[size_t(at.element)] == 0) {
      EXPECT_EQ(part[place++], whole[element]);
    }
    ++element;
  }
  EXPECT_EQ(place, part.size());
  EXPECT_EQ(element, whole.size());
}

TEST(FloatTwin, BitsDoNotDependOnThreadsOrMemory) {
  for (const char* name : {"conv2d and max_pool", "threshold"}) {
    const TwinCase& each = testing::twin_case(name);
    const BitSpace space(each.model);
    const EvaluationSet set = each.set(1300);  // three tiles
    for (Precision precision : {Precision::float32, Precision::float64}) {
      const auto results = [&](int threads, uint64_t memory) {
        const auto twin = make_float_twin(each.model, space, set, {precision, threads, memory});
        const GradientMoments moments =
            twin->moments({.squares = true, .curvature = CurvatureSeeds::exact, .begin = 17});
        std::vector<double> all = moments.gradient;
        const auto append = [&](const std::vector<double>& more) {
          all.insert(all.end(), more.begin(), more.end());
        };
        append({moments.loss});
        append(moments.squared_gradient);
        append(moments.curvature);
        append(twin->moments({.curvature = CurvatureSeeds::sampled, .seed = 5}).curvature);
        const std::vector<double> vectors = testing::random_vectors(19, twin->num_elements(), 2);
        append(twin->losses_at(vectors));
        append(twin->gradients_at(vectors));
        append(twin->hessian_products(vectors));
        append(twin->difference_products(vectors, {.step = 1e-2}));
        return all;
      };
      const std::vector<double> expected = results(1, uint64_t{512} << 20);
      for (double number : expected) ASSERT_TRUE(std::isfinite(number));
      EXPECT_EQ(results(2, uint64_t{512} << 20), expected) << name;
      EXPECT_EQ(results(3, uint64_t{1} << 20), expected) << name;
      EXPECT_EQ(results(2, 1), expected) << name;
    }
  }
}

}  // namespace
}  // namespace netsurf
