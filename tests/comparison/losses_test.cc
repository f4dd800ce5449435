// Losses to the bit: networks that only hand their input on, so that any codes with any step can be scored.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/backend/backend.h"
#include "tests/reference/naive_score.h"
#include "tests/support/random.h"
#include "tests/support/random_parts.h"

namespace netsurf::naive {
namespace {

Model identity(int outputs, int frac_bits, float unit) {
  Layer input, reshape;
  input.shape = reshape.shape = {outputs};
  input.format = {16, 15 - frac_bits, true};
  reshape.kind = LayerKind::reshape;
  reshape.inputs = {0};
  reshape.unit = unit;
  return Model::build("identity", {input, reshape}, {});
}

EvaluationSet draw_set(int outputs, bool labelled, testing::Random& random) {
  EvaluationSet set;
  set.task = labelled ? Task::classification : Task::reconstruction;
  set.count = random.pick(1, 10);
  set.sample_size = outputs;
  set.num_targets = labelled ? 0 : outputs;
  int largest = 1 << random.pick(0, 15);
  for (int64_t i = 0; i < set.count; ++i) {
    for (int k = 0; k < outputs; ++k) set.codes.push_back(random.pick(-largest, largest - 1));
    if (labelled) set.labels.push_back(random.pick(0, outputs - 1));
  }
  for (int64_t i = 0; i < set.count * set.num_targets; ++i) {
    set.targets.push_back(static_cast<float>(random.pick(-1'000'000, 1'000'000)) /
                          static_cast<float>(random.pick(1, 99'999)));
  }
  return set;
}

/// How many of `rounds` clean outcomes differ from the reference's.
int count_differences(uint64_t seed, int rounds, Plant plant) {
  testing::Random random(seed);
  auto backend = make_cpu_backend();
  int differences = 0;
  for (int round = 0; round < rounds; ++round) {
    int outputs = random.pick(1, 12);
    int frac_bits = random.chance(50) ? random.pick(8, 16) : random.pick(-62, 62);
    Model model = identity(outputs, frac_bits, random.chance(50) ? 1.0f : testing::draw_unit(random));
    EvaluationSet set = draw_set(outputs, random.chance(70), random);
    std::vector<Tensor> tensors;
    for (int64_t i = 0; i < set.count; ++i) {
      std::span<const int32_t> sample(set.codes.data() + i * outputs, static_cast<size_t>(outputs));
      tensors.push_back(scored(infer(model, {}, sample)));
    }
    TrialOutcome found = backend->open(model, set, BitSpace(model), {.num_threads = 1})->clean();
    differences += found == score(set, tensors, tensors, true, plant) ? 0 : 1;
  }
  return differences;
}

TEST(Losses, AreTheReferencesToTheBit) {
  uint64_t seed = testing::test_seed();
  EXPECT_EQ(count_differences(seed, 5000, Plant::none), 0) << "NETSURF_TEST_SEED=" << seed;
}

TEST(Losses, AShorterPolynomialIsNoticed) {
  uint64_t seed = testing::test_seed();
  EXPECT_GT(count_differences(seed, 5000, Plant::short_exp), 0) << "NETSURF_TEST_SEED=" << seed;
}

TEST(Losses, AForgottenUnitIsNoticed) {
  uint64_t seed = testing::test_seed();
  EXPECT_GT(count_differences(seed, 100, Plant::unit_ignored), 0) << "NETSURF_TEST_SEED=" << seed;
}

}  // namespace
}  // namespace netsurf::naive
