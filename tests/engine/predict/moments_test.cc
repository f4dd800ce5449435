#include "engine/predict/moments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/backend/backend.h"
#include "engine/base/error.h"
#include "engine/predict/flip_rates.h"
#include "tests/engine/predict/all_masks.h"
#include "tests/support/models.h"
#include "tests/support/random_model.h"

namespace netsurf {
namespace {

using testing::activation_layer;
using testing::affine_layer;
using testing::dense_layer;
using testing::given_parameter;
using ::testing::HasSubstr;
using testing::input_layer;
using testing::Random;
using testing::random_parameter;
using testing::random_set;
using ::testing::ThrowsMessage;

std::vector<double> even_rates(const BitSpace& space, double rate) {
  return std::vector<double>(space.size(), rate);
}

std::span<const int32_t> sample_of(const EvaluationSet& set, int64_t i) {
  return std::span(set.codes).subspan(static_cast<size_t>(i * set.sample_size),
                                      static_cast<size_t>(set.sample_size));
}

/// Calls visit(chance of the mask, sample, scores) for every mask of faults and sample.
template <typename Visit>
void for_all_outputs(const Model& model, const BitSpace& space, std::span<const double> rates,
                     const EvaluationSet& set, Visit visit) {
  testing::for_all_masks(model, space, rates, [&](double chance, const auto& codes) {
    for (int64_t i = 0; i < set.count; ++i)
      visit(chance, static_cast<size_t>(i), testing::scores_of(model, codes, sample_of(set, i)));
  });
}

/// Labels that the model itself gives, but for a few: what a trained network is like.
void label_by_model(const Model& model, EvaluationSet& set, Random& random) {
  std::vector<std::vector<int32_t>> codes;
  for (const Parameter& parameter : model.parameters()) codes.push_back(parameter.codes);
  for (int64_t i = 0; i < set.count; ++i) {
    const std::vector<double> scores = testing::scores_of(model, codes, sample_of(set, i));
    if (random.chance(90)) {
      set.labels[static_cast<size_t>(i)] =
          static_cast<int32_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
    }
  }
}

struct Measured {
  double accuracy = 0, loss = 0;
};

Measured measure(const Model& model, const EvaluationSet& set, const BitSpace& space, const char* rate,
                 uint64_t trials) {
  TrialPlan plan;
  plan.faults.bit_error_rate = UnitDecimal::parse(rate, "rate");
  plan.faults.seed = 7;
  plan.end = trials;
  Measured sum;
  for (const TrialOutcome& outcome : make_cpu_backend()->open(model, set, space, {})->run(plan)) {
    sum.accuracy += static_cast<double>(outcome.correct);
    sum.loss += static_cast<double>(outcome.loss) * kLossUnit;
  }
  const double count = static_cast<double>(trials) * static_cast<double>(set.count);
  return {sum.accuracy / count, sum.loss / count};
}

TEST(Moments, WithoutFlipsAreTheCleanOutcomeOfEveryKindOfLayer) {
  const uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  Random random(seed);
  int64_t refused = 0;
  for (int graph = 0; graph < 60; ++graph) {
    const Model model = testing::random_model(random, refused);
    const EvaluationSet set = testing::random_evaluation_set(model, random, 5);
    const BitSpace space(model);
    const Prediction found = MomentPredictor(model, space, set).predict(even_rates(space, 0));
    const TrialOutcome clean = make_cpu_backend()->open(model, set, space, {})->clean();
    if (set.task == Task::classification) {
      EXPECT_EQ(found.accuracy, static_cast<double>(clean.correct) / 5) << graph;
    } else {
      EXPECT_TRUE(std::isnan(found.accuracy)) << graph;
    }
    if (set.task == Task::comparison) {
      EXPECT_EQ(found.loss, 0) << graph;
      continue;
    }
    const double loss = static_cast<double>(clean.loss) * kLossUnit / 5;
    if (loss > 1e5) continue;  // a sample's loss is held there
    EXPECT_LT(std::abs(found.loss - loss), 1e-5 * std::max(1.0, loss)) << graph;
  }
}

TEST(Moments, OfOneLayerHaveTheMeanSquaredErrorOfAllMasks) {
  const Model model =
      Model::build("line", {input_layer({2}, Format{5, 1, true}), dense_layer("dense", 0, 0, 1)},
                   {given_parameter("kernel", {2, 2}, Format{3, 0, true}, {-4, 3, 1, -2}),
                    given_parameter("bias", {2}, Format{2, 1, true}, {1, -1})});
  const BitSpace space(model);
  ASSERT_EQ(space.size(), 16u);
  const EvaluationSet set = random_set(model, 6, 3, Task::regression);
  std::vector<double> rates;
  for (uint64_t i = 0; i < space.size(); ++i) rates.push_back(0.03 * static_cast<double>(i % 5));
  double expected = 0;
  for_all_outputs(model, space, rates, set, [&](double chance, size_t s, const auto& scores) {
    for (size_t k = 0; k < 2; ++k) {
      const double off = scores[k] - static_cast<double>(set.targets[2 * s + k]);
      expected += chance * off * off / 12;
    }
  });
  EXPECT_NEAR(MomentPredictor(model, space, set).predict(rates).loss, expected, 1e-12);
  EvaluationSet nothing = set;
  nothing.task = Task::comparison;
  nothing.targets.clear();
  EXPECT_GT(MomentPredictor(model, space, nothing).predict(rates).loss, 0);
  EXPECT_EQ(MomentPredictor(model, space, nothing).predict(even_rates(space, 0)).loss, 0);
}

TEST(Moments, OfTwoLinearLayersHaveTheMeanSquaredErrorOfAllMasks) {
  // The activation is wide enough never to saturate and fine enough never to round.
  const Model model =
      Model::build("chain",
                   {input_layer({2}, Format{3, 2, true}), dense_layer("first", 0, 0),
                    activation_layer("same", 1, ActivationFunction::linear, Format{12, 8, true}),
                    dense_layer("second", 2, 1)},
                   {given_parameter("first", {2, 2}, Format{2, 0, true}, {-2, 1, 1, -1}),
                    given_parameter("second", {1, 2}, Format{2, 0, true}, {1, -2})});
  const BitSpace space(model);
  const EvaluationSet set = random_set(model, 4, 5, Task::regression);
  const std::vector<double> rates = even_rates(space, 0.2);
  double expected = 0;
  for_all_outputs(model, space, rates, set, [&](double chance, size_t s, const auto& scores) {
    expected += chance * std::pow(scores[0] - static_cast<double>(set.targets[s]), 2) / 4;
  });
  EXPECT_NEAR(MomentPredictor(model, space, set).predict(rates).loss, expected, 1e-9);
}

TEST(Moments, OfADrawnEndAreThoseOfAllMasks) {
  // Nothing is random before the end, so only its draws stand between the two.
  Parameter wired = given_parameter("wired", {2, 2}, Format{2, 1, true}, {1, 0, 0, 1});
  wired.constant = true;
  const Model model = Model::build(
      "end",
      {input_layer({2}, Format{4, 1, true}), dense_layer("same", 0, 0), affine_layer("affine", 1, 1, 2),
       activation_layer("relu", 2, ActivationFunction::relu, Format{4, 1, false}),
       dense_layer("dense", 3, 3)},
      {wired, given_parameter("scale", {2}, Format{2, 1, true}, {1, 1}),
       given_parameter("shift", {2}, Format{2, 1, true}, {0, 1}),
       given_parameter("kernel", {2, 2}, Format{2, 0, true}, {1, -1, -2, 1})});
  const BitSpace space(model);
  ASSERT_EQ(space.size(), 16u);
  const EvaluationSet set = random_set(model, 20, 9);
  const std::vector<double> rates = even_rates(space, 0.1);
  Measured expected;
  for_all_outputs(model, space, rates, set, [&](double chance, size_t s, const auto& scores) {
    const auto label = static_cast<size_t>(set.labels[s]);
    const size_t found = scores[1] > scores[0] ? 1 : 0;
    expected.accuracy += chance / 20 * (found == label ? 1 : 0);
    expected.loss += chance / 20 * std::log(1 + std::exp(scores[1 - label] - scores[label]));
  });
  const Prediction found = MomentPredictor(model, space, set).predict(rates);
  EXPECT_LT(std::abs(found.accuracy - expected.accuracy), 0.01);
  EXPECT_LT(std::abs(found.loss - expected.loss), 0.01);
}

/// 30 -> dense 40 -> [affine] -> relu -> dense 6.
Model wide_mlp(uint64_t seed) {
  Random random(seed);
  return Model::build(
      "wide",
      {input_layer({30}, Format{6, 0, false}), dense_layer("first", 0, 0), affine_layer("alpha", 1, 1, 2),
       activation_layer("relu", 2, ActivationFunction::relu, Format{6, 1, false}),
       dense_layer("second", 3, 3, 4)},
      {random_parameter("first", {40, 30}, Format{6, 0, true}, random),
       testing::filled_parameter("scale", {40}, Format{10, 1, true}, 128),
       testing::filled_parameter("shift", {40}, Format{8, 0, true}, 20),
       random_parameter("second", {6, 40}, Format{6, 0, true}, random),
       random_parameter("bias", {6}, Format{6, 1, true}, random)});
}

TEST(Moments, AgreeWithInjectedFaults) {
  const Model model = wide_mlp(4);
  const BitSpace space(model);
  Random random(5);
  EvaluationSet set = random_set(model, 300, 6);
  label_by_model(model, set, random);
  const MomentPredictor predictor(model, space, set);
  for (const auto& [text, rate] : {std::pair{"0.0003", 0.0003}, {"0.003", 0.003}, {"0.02", 0.02}}) {
    const Measured measured = measure(model, set, space, text, 400);
    const Prediction found = predictor.predict(even_rates(space, rate));
    const double clean = predictor.predict(even_rates(space, 0)).loss;
    EXPECT_LT(std::abs(found.accuracy - measured.accuracy), 0.015) << text;
    EXPECT_LT(std::abs(found.loss - measured.loss), 0.15 * (measured.loss - clean) + 0.005) << text;
  }
}

/// Predicted and injected at these rates, each as text and as a number.
void expect_accuracy(const Model& model, const BitSpace& space, const EvaluationSet& set,
                     std::initializer_list<std::pair<const char*, double>> rates, double within) {
  const MomentPredictor predictor(model, space, set);
  for (const auto& [text, rate] : rates) {
    const Measured measured = measure(model, set, space, text, 400);
    EXPECT_LT(std::abs(predictor.predict(even_rates(space, rate)).accuracy - measured.accuracy), within)
        << text;
  }
}

TEST(Moments, AgreeWithInjectedFaultsOnThreeLayers) {
  Random random(14);
  const Format weight{6, 0, true};
  const Model model =
      Model::build("deep",
                   {input_layer({30}, Format{6, 0, false}), dense_layer("first", 0, 0),
                    activation_layer("relu1", 1, ActivationFunction::relu, Format{6, 3, false}),
                    dense_layer("second", 2, 1),
                    activation_layer("relu2", 3, ActivationFunction::relu, Format{6, 4, false}),
                    dense_layer("third", 4, 2)},
                   {random_parameter("first", {40, 30}, weight, random),
                    random_parameter("second", {40, 40}, weight, random),
                    random_parameter("third", {6, 40}, weight, random)});
  const BitSpace space(model);
  EvaluationSet set = random_set(model, 300, 6);
  label_by_model(model, set, random);
  expect_accuracy(model, space, set, {{"0.001", 0.001}, {"0.01", 0.01}}, 0.03);
}

TEST(Moments, AgreeWithInjectedFaultsOnConvolutions) {
  Random random(21);
  const Format weight{6, 0, true}, byte{6, 0, false};
  const Window three{.height = 3, .width = 3}, two{.height = 2, .width = 2, .stride_y = 2, .stride_x = 2};
  const Model model =
      Model::build("convolutions",
                   {input_layer({12, 12, 1}, byte), testing::conv_layer("first", 0, 0, -1, three),
                    activation_layer("relu1", 1, ActivationFunction::relu, Format{6, 2, false}),
                    testing::window_layer(LayerKind::max_pool, "pool", 2, two),
                    testing::conv_layer("second", 3, 1, -1, three),
                    activation_layer("relu2", 4, ActivationFunction::relu, Format{6, 4, false}),
                    testing::window_layer(LayerKind::average_pool, "mean", 5, {.height = 3, .width = 3}),
                    testing::plain_layer(LayerKind::flatten, "flat", {6}), dense_layer("last", 7, 2)},
                   {random_parameter("first", {8, 3, 3, 1}, weight, random),
                    random_parameter("second", {12, 3, 3, 8}, weight, random),
                    random_parameter("last", {5, 12}, weight, random)});
  const BitSpace space(model);
  EvaluationSet set = random_set(model, 200, 6);
  label_by_model(model, set, random);
  expect_accuracy(model, space, set, {{"0.0003", 0.0003}, {"0.002", 0.002}}, 0.05);
}

TEST(Moments, FallWithTheRateAndRiseWithProtection) {
  const Model model = wide_mlp(4);
  const BitSpace space(model);
  Random random(5);
  EvaluationSet set = random_set(model, 100, 6);
  label_by_model(model, set, random);
  const MomentPredictor predictor(model, space, set);
  double before = predictor.predict(even_rates(space, 0)).accuracy;
  EXPECT_LT(std::abs(predictor.predict(even_rates(space, 1e-9)).accuracy - before), 1e-5);
  for (double rate : {1e-4, 1e-3, 1e-2, 1e-1}) {
    const double now = predictor.predict(even_rates(space, rate)).accuracy;
    EXPECT_LT(now, before + 1e-3) << rate;
    before = now;
  }
  std::vector<double> kernels_only = even_rates(space, 0.02);
  for (const BitSpace::Segment& segment : space.segments()) {
    if (model.parameters()[static_cast<size_t>(segment.parameter)].shape.size() > 1) continue;
    for (BitId id = segment.begin; id < segment.end; ++id) kernels_only[id] = 0;
  }
  EXPECT_GT(predictor.predict(kernels_only).accuracy, predictor.predict(even_rates(space, 0.02)).accuracy);
}

TEST(Moments, AreTheSameBitsTwiceAndForAnyNumberOfThreads) {
  const Model model = wide_mlp(4);
  const BitSpace space(model);
  const EvaluationSet set = random_set(model, 100, 6);
  const std::vector<double> rates = even_rates(space, 0.01);
  const Prediction one = MomentPredictor(model, space, set, 1).predict(rates);
  for (int threads : {1, 2, 3}) {
    const Prediction other = MomentPredictor(model, space, set, threads).predict(rates);
    EXPECT_EQ(one.accuracy, other.accuracy);
    EXPECT_EQ(one.loss, other.loss);
  }
}

TEST(Moments, TellHowFarTheyAreAndStopWhenAsked) {
  const Model model = wide_mlp(4);
  const BitSpace space(model);
  const EvaluationSet set = random_set(model, 100, 6);
  double done = 0;
  MomentPredictor(model, space, set, 1).predict(even_rates(space, 0.01), {[&](double now) { done = now; }});
  EXPECT_EQ(done, 1);
  const std::atomic<bool> stop = true;
  PredictWatch watch;
  watch.stop = &stop;
  EXPECT_THAT([&] { MomentPredictor(model, space, set).predict(even_rates(space, 0.01), watch); },
              ThrowsMessage<RunError>(HasSubstr("stopped")));
}

TEST(Moments, BadRequestsAreRefused) {
  const Model model = testing::tiny_mlp();
  const BitSpace space(model);
  const EvaluationSet set = random_set(model, 3, 1);
  const MomentPredictor predictor(model, space, set);
  const auto ask = [&](std::vector<double> rates) { return [&, rates] { predictor.predict(rates); }; };
  EXPECT_THAT(ask({0.1}), ThrowsMessage<InputError>(HasSubstr("one for each")));
  EXPECT_THAT(ask(even_rates(space, -0.1)), ThrowsMessage<InputError>(HasSubstr("no probability")));
  EXPECT_THAT(ask(even_rates(space, 1.5)), ThrowsMessage<InputError>(HasSubstr("no probability")));
  EXPECT_THAT(ask(even_rates(space, std::nan(""))), ThrowsMessage<InputError>(HasSubstr("no probability")));
  const auto open = [&](const EvaluationSet& some) {
    return [&, some] { MomentPredictor refused(model, space, some); };
  };
  EvaluationSet empty = set;
  empty.count = 0;
  EXPECT_THAT(open(empty), ThrowsMessage<InputError>(HasSubstr("no samples")));
  EvaluationSet strange = set;
  strange.labels[1] = 3;
  EXPECT_THAT(open(strange), ThrowsMessage<InputError>(HasSubstr("label 3 is out of range")));
  EvaluationSet unlabelled = set;
  unlabelled.labels.clear();
  EXPECT_THAT(open(unlabelled), ThrowsMessage<InputError>(HasSubstr("0 labels, expected 3")));
}

}  // namespace
}  // namespace netsurf
