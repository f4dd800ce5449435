// Optimizer, pruning schedule, validation watch and random numbers, each by itself.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

#include "engine/train/optimizer.h"
#include "engine/train/pruning.h"
#include "engine/train/random.h"
#include "engine/train/schedule.h"

namespace netsurf {
namespace {

Tensor tensor_of(std::vector<float> value, std::vector<float> gradient) {
  Tensor tensor;
  tensor.shape = {static_cast<int>(value.size())};
  tensor.value = std::move(value);
  tensor.gradient = std::move(gradient);
  tensor.bottom = -1;
  tensor.top = 1;
  return tensor;
}

UnitDecimal fraction(const char* text) { return UnitDecimal::parse(text, "prune"); }

uint64_t zeros(const Tensor& tensor) {
  return std::accumulate(tensor.pruned.begin(), tensor.pruned.end(), uint64_t{0});
}

TEST(Optimizer, SgdAddsMomentum) {
  std::vector<Tensor> tensors = {tensor_of({0.5f}, {0.1f})};
  Optimizer optimizer(OptimizerKind::sgd, 0.5);
  optimizer.step(tensors, 1.0);
  EXPECT_FLOAT_EQ(tensors[0].value[0], 0.4f);
  optimizer.step(tensors, 1.0);  // velocity 0.5 x 0.1 + 0.1
  EXPECT_FLOAT_EQ(tensors[0].value[0], 0.25f);
}

TEST(Optimizer, AdamsFirstStepHasTheLearningRatesSize) {
  std::vector<Tensor> tensors = {tensor_of({0, 0, 0}, {0.3f, -40, 0})};
  tensors[0].rate = 2;
  Optimizer optimizer(OptimizerKind::adam, 0);
  optimizer.step(tensors, 0.01);
  EXPECT_NEAR(tensors[0].value[0], -0.02f, 1e-6f);
  EXPECT_NEAR(tensors[0].value[1], 0.02f, 1e-6f);
  EXPECT_EQ(tensors[0].value[2], 0);
}

TEST(Optimizer, ClipsToTheRangeHoldsPrunedAndAddsL1AndL2) {
  std::vector<Tensor> tensors = {tensor_of({0.9f, 0.5f, -0.5f, 0}, {-1, 0, 0, 0})};
  tensors[0].pruned = {0, 0, 0, 1};
  tensors[0].l1 = 0.1;
  tensors[0].l2 = 0.2;
  EXPECT_NEAR(regularization(tensors), 0.1 * 1.9 + 0.2 * (0.81 + 0.5), 1e-6);
  Optimizer(OptimizerKind::sgd, 0).step(tensors, 1.0);
  EXPECT_EQ(tensors[0].value[0], 1);
  EXPECT_FLOAT_EQ(tensors[0].value[1], 0.5f - (0.1f + 0.4f * 0.5f));
  EXPECT_FLOAT_EQ(tensors[0].value[2], -0.5f + (0.1f + 0.4f * 0.5f));
  EXPECT_EQ(tensors[0].value[3], 0);
}

TEST(Pruning, ReachesTheTargetExactlyForAnyNumberOfEpochs) {
  for (const char* target : {"0.125", "0.29", "0.5", "1"}) {
    for (int epochs = 1; epochs <= 30; ++epochs) {
      PruningSchedule schedule(fraction(target), 2, 10, 3, epochs);
      Tensor kernel = tensor_of(std::vector<float>(100), {});
      for (size_t i = 0; i < 100; ++i) kernel.value[i] = 0.01f * static_cast<float>((i * 37) % 101) - 0.5f;
      uint64_t before = 0;
      int last = -1;
      for (int epoch = 0; epoch < epochs; ++epoch) {
        if (!schedule.prunes_at(epoch)) continue;
        prune_smallest(kernel, schedule.zeros_at(epoch, 100));
        EXPECT_GE(zeros(kernel), before);
        before = zeros(kernel);
        last = epoch;
      }
      EXPECT_EQ(zeros(kernel), fraction(target).floor_of(100)) << target << " in " << epochs;
      EXPECT_EQ(last, schedule.last_step());
      EXPECT_LT(last, epochs);
    }
  }
}

TEST(Pruning, TakesTheSmallestFirstInOrderAndKeepsThePruned) {
  Tensor kernel = tensor_of({0.5f, -0.1f, 0.1f, 0, 0.3f}, {});
  prune_smallest(kernel, 2);
  EXPECT_EQ(kernel.pruned, (std::vector<uint8_t>{0, 1, 0, 1, 0}));
  kernel.value[2] = 0;
  prune_smallest(kernel, 2);
  EXPECT_EQ(kernel.pruned, (std::vector<uint8_t>{0, 1, 0, 1, 0}));
  EXPECT_EQ(kernel.value[1], 0);
}

TEST(Pruning, ZeroTargetDoesNothing) {
  PruningSchedule schedule(UnitDecimal{}, 0, 5, 1, 10);
  for (int epoch = 0; epoch < 10; ++epoch) EXPECT_FALSE(schedule.prunes_at(epoch));
  EXPECT_EQ(schedule.last_step(), 0);
}

TEST(ValidationWatch, StopsAfterPatienceAndSlowsDownOnAPlateau) {
  Benchmark benchmark;
  benchmark.early_stopping = 3;
  benchmark.plateau_patience = 2;
  benchmark.plateau_factor = 0.5;
  ValidationWatch watch(benchmark, 1);
  EXPECT_FALSE(watch.judge(0, 0.1, 0).is_best) << "still pruning";
  EXPECT_TRUE(watch.judge(1, 1.0, 0).is_best);
  EXPECT_TRUE(watch.judge(2, 0.9, 0).is_best);
  EXPECT_EQ(watch.judge(3, 0.9, 0).rate_factor, 1);
  EXPECT_EQ(watch.judge(4, 1.2, 0).rate_factor, 0.5);
  EXPECT_TRUE(watch.judge(5, 0.95, 0).stop);
  EXPECT_EQ(watch.best_epoch(), 2);
}

TEST(ValidationWatch, CanWatchAccuracy) {
  Benchmark benchmark;
  benchmark.monitor = Monitor::accuracy;
  ValidationWatch watch(benchmark, 0);
  EXPECT_TRUE(watch.judge(0, 1.0, 0.5).is_best);
  EXPECT_FALSE(watch.judge(1, 0.5, 0.5).is_best);
  EXPECT_TRUE(watch.judge(2, 2.0, 0.6).is_best);
}

TEST(TrainRandom, PermutationsHoldEveryIndexOnceAndDifferByStepUseAndSeed) {
  const std::vector<int64_t> first = TrainRandom(1, RandomUse::shuffle, 0).permutation(1000);
  EXPECT_EQ(std::set<int64_t>(first.begin(), first.end()).size(), 1000u);
  EXPECT_EQ(first, TrainRandom(1, RandomUse::shuffle, 0).permutation(1000));
  EXPECT_NE(first, TrainRandom(1, RandomUse::shuffle, 1).permutation(1000));
  EXPECT_NE(first, TrainRandom(2, RandomUse::shuffle, 0).permutation(1000));
  EXPECT_NE(first, TrainRandom(1, RandomUse::subset, 0).permutation(1000));
}

}  // namespace
}  // namespace netsurf
