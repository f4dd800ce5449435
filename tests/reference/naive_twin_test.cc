// The naive float twin against numbers worked out by hand.
#include "tests/reference/naive_twin.h"

#include <gtest/gtest.h>

namespace netsurf::naive {
namespace {

Layer activation_of(ActivationFunction function) {
  Layer layer;
  layer.kind = LayerKind::activation;
  layer.function = function;
  layer.format = {4, 1, true};  // -2 to 1.75 in steps of a quarter
  return layer;
}

Real slope(const Layer& layer, Real x) { return activation_slope(layer, x, TwinPlant::none); }

TEST(NaiveSlopes, LinearPassesItsRangeAndItsBounds) {
  const Layer linear = activation_of(ActivationFunction::linear);
  EXPECT_EQ(slope(linear, -2), 1);
  EXPECT_EQ(slope(linear, 0), 1);
  EXPECT_EQ(slope(linear, 1.75L), 1);
  EXPECT_EQ(slope(linear, 1.8L), 0);
  EXPECT_EQ(slope(linear, -2.1L), 0);
}

TEST(NaiveSlopes, ReluIsFlatAtZero) {
  const Layer relu = activation_of(ActivationFunction::relu);
  EXPECT_EQ(slope(relu, 0), 0);
  EXPECT_EQ(slope(relu, 0.01L), 1);
  EXPECT_EQ(slope(relu, 2), 0);
}

TEST(NaiveSlopes, LeakyReluSaturatesByItsOwnValue) {
  Layer leaky = activation_of(ActivationFunction::leaky_relu);
  leaky.slope = 1;
  leaky.slope_shift = 2;
  EXPECT_EQ(slope(leaky, 0), 1);
  EXPECT_EQ(slope(leaky, -8), 0.25L);  // a quarter of it is -2
  EXPECT_EQ(slope(leaky, -9), 0);
}

TEST(NaiveSlopes, HardFunctionsHaveBoundsOfTheirOwn) {
  EXPECT_EQ(slope(activation_of(ActivationFunction::hard_tanh), -1), 1);
  EXPECT_EQ(slope(activation_of(ActivationFunction::hard_tanh), 1.25L), 0);
  EXPECT_EQ(slope(activation_of(ActivationFunction::hard_sigmoid), 1), 0.5L);
  EXPECT_EQ(slope(activation_of(ActivationFunction::hard_sigmoid), 1.25L), 0);
}

TEST(NaiveSlopes, WhatWrapsHasNoBounds) {
  Layer wrapping = activation_of(ActivationFunction::linear);
  wrapping.wraps = true;
  EXPECT_EQ(slope(wrapping, 1000), 1);
}

/// Thresholds of one row in steps of a half; one step of the output is 1.
Ramp ramp_at(std::vector<int32_t> codes, Wide code, Wide largest = 10) {
  Parameter parameter;
  parameter.shape = {1, static_cast<int>(codes.size())};
  parameter.format = {8, 6, true};
  Layer layer;
  layer.kind = LayerKind::threshold;
  layer.format = {8, 7, true};
  layer.high = static_cast<int32_t>(codes.size());
  return threshold_ramp(layer, {&codes, &parameter}, 0, code, 1, largest, TwinPlant::none);
}

TEST(NaiveSlopes, ThresholdsWalkARampBetweenTheFirstAndTheLast) {
  const std::vector<int32_t> codes = {9, 1, 5, 5};  // a mean spacing of 8 codes / 3: 4 / 3
  EXPECT_EQ(ramp_at(codes, 0).slope, 0);
  EXPECT_EQ(ramp_at(codes, 10).slope, 0);
  EXPECT_NEAR(static_cast<double>(ramp_at(codes, 1).slope), 0.75, 1e-15);
  EXPECT_EQ(ramp_at(codes, 1).threshold, 1);
  EXPECT_EQ(ramp_at(codes, 9).threshold, 0);
  EXPECT_EQ(ramp_at(codes, 5).threshold, 2);  // the first of equal ones
  EXPECT_EQ(ramp_at(codes, 7).threshold, 2);  // the lower of two equally near
  EXPECT_EQ(ramp_at({4, 4}, 4).slope, 0);
}

TEST(NaiveSlopes, ASingleThresholdReachesAsFarAsItsInput) {
  EXPECT_EQ(ramp_at({3}, -7).slope, 0.1L);  // one step over twice 10 codes of a half
  EXPECT_EQ(ramp_at({3}, 14).slope, 0);
  EXPECT_EQ(ramp_at({3}, 3, 0).slope, 1);  // nothing came in: as if a code of 1 had
}

TEST(NaiveTwin, LossesOfOneNeuronAreThoseOnPaper) {
  Layer input;
  input.shape = {2};
  input.name = "input";
  input.format = {8, 6, true};  // steps of a half
  Layer dense;
  dense.kind = LayerKind::dense;
  dense.name = "dense";
  dense.inputs = {0};
  dense.kernel = 0;
  dense.unit = 2;
  Parameter kernel;
  kernel.name = "kernel";
  kernel.shape = {1, 2};
  kernel.format = {8, 5, true};  // steps of a quarter
  kernel.codes = {4, -2};
  const Model model = Model::build("neuron", {input, dense}, {kernel});
  EvaluationSet set;
  set.task = Task::regression;
  set.count = 2;
  set.sample_size = 2;
  set.num_targets = 1;
  set.codes = {2, 4, 6, 0};
  set.targets = {1, 5};
  const Twin twin(model, set, {kernel.codes});
  Displacement moved = twin.no_displacement();
  // w = (1, -0.5): x = (1, 2) gives 0, x = (3, 0) gives 3; times the unit 0 and 6.
  EXPECT_EQ(twin.outputs(0, moved)[0].value, 0);
  EXPECT_EQ(twin.outputs(1, moved)[0].value, 6);
  EXPECT_EQ(twin.mean_loss(moved).value, 1);
  moved[0] = {0.5L, 0.25L};  // 1 and 4.5
  EXPECT_EQ(twin.loss(0, moved).value, 1);
  EXPECT_EQ(twin.loss(1, moved).value, 16);
}

}  // namespace
}  // namespace netsurf::naive
