// The layer path on the device against the plain path of the CPU.
#include "engine/backend/cuda/layer_runner.h"

#include <gtest/gtest.h>

#include "engine/backend/cuda/layer_plan.h"
#include "kernels/cuda/error.h"
#include "kernels/cuda/memory.h"
#include "tests/engine/backend/cuda/layer_lanes.h"
#include "tests/support/every.h"
#include "tests/support/gpu.h"
#include "tests/support/models.h"
#include "tests/support/random_model.h"

namespace netsurf {
namespace {

using testing::LaneFlips;
using testing::LanePatches;
using testing::Random;
using testing::ScoreVectors;

/// What the runner's lanes count. The patches are made on the host.
std::vector<cuda::LaneCounts> run(LaneRunner& runner, const PlainNetwork& network, const EvaluationSet& set,
                                  const BitSpace& space, const LaneFlips& lanes, bool with_loss,
                                  const cuda::Stream& stream) {
  LanePatches patches(testing::on_host(runner.segments(), space), lanes);
  auto offset = cuda::upload(patches.offset, stream);
  auto list = cuda::upload(patches.patches, stream);
  ScoreVectors vectors(network, set);
  cuda::ScoreData data = vectors.data(network, set, with_loss);
  auto clean_codes = cuda::upload(vectors.clean_codes, stream);
  auto predictions = cuda::upload(vectors.clean_predictions, stream);
  auto labels = cuda::upload(set.labels, stream);
  auto targets = cuda::upload(set.targets, stream);
  data.clean_codes = clean_codes.data();
  if (data.labels != nullptr) {
    data.clean_predictions = predictions.data();
    data.labels = labels.data();
  }
  if (data.targets != nullptr) data.targets = targets.data();
  cuda::DeviceMemory<cuda::LaneCounts> counts(lanes.size());
  runner.run({offset.data(), list.data(), static_cast<int>(lanes.size())}, data, counts.data(), stream);
  return cuda::download(counts.data(), lanes.size(), stream);
}

TEST(LayerRunner, RandomNetworksHaveThePlainPathsOutcomesInChunksOfAnySize) {
  NETSURF_NEEDS_GPU();
  uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  Random random(seed);
  testing::EveryKind kinds;
  int64_t refused = 0, changed = 0;
  cuda::Stream stream;
  const std::vector<int> sizes = {1, 15, 16, 17, 31, 33};
  for (int i = 0; i < 200; ++i) {
    Model model = testing::random_model(random, refused);
    kinds.see(model);
    int num_samples = random.chance(40) ? random.pick(120, 700) : random.of(sizes);
    int num_lanes = random.of(sizes);
    if (num_samples > 100) num_lanes = 1 + num_lanes % 3;
    EvaluationSet set = testing::random_evaluation_set(model, random, num_samples);
    BitSpace space(model, random.chance(25) ? BitSpace::Pruned::stored : BitSpace::Pruned::absent);
    PlainNetwork network(model);
    uint64_t live_bytes = LayerPlan(network).live_bytes();
    // From one sample of one lane at a time to all at once.
    for (int fitting : {1, 40, 700, 1 << 20}) {
      if (fitting == 1 && num_samples * num_lanes > 100) continue;  // only slow
      auto runner =
          make_layer_runner(network, space, set, live_bytes * static_cast<uint64_t>(fitting), stream);
      runner->reserve(num_lanes);
      // A second batch of fewer lanes in the same memory.
      for (int count : {num_lanes, (num_lanes + 1) / 2}) {
        LaneFlips lanes = testing::random_flips(random, space.size(), count);
        bool with_loss = random.chance(80);
        std::vector<TrialOutcome> expected = testing::plain_outcomes(model, set, space, lanes, with_loss);
        for (const TrialOutcome& each : expected) changed += each.changed;
        ASSERT_EQ(testing::difference(expected, run(*runner, network, set, space, lanes, with_loss, stream)),
                  "")
            << "network " << i << ", " << fitting << " samples of a lane fit";
      }
    }
  }
  EXPECT_EQ(kinds.missing(), "");
  EXPECT_GT(changed, 0);
}

TEST(LayerRunner, DistancesOfManyBlocksAreHeldAtTheirLargest) {
  NETSURF_NEEDS_GPU();
  // Differences near 2^31: a few samples pass 2^63.
  Parameter scale = testing::filled_parameter("scale", {1}, Format{32, 31, true}, 1);
  Model model = Model::build(
      "held", {testing::input_layer({1}, Format{16, 15, true}), testing::affine_layer("a", 0, 0)}, {scale});
  Random random(1);
  EvaluationSet set = testing::random_evaluation_set(model, random, 5000);
  BitSpace space(model);
  PlainNetwork network(model);
  cuda::Stream stream;
  auto runner = make_layer_runner(network, space, set, 1 << 20, stream);
  LaneFlips lanes = {{}, {31}, {0}, {30, 31}};
  runner->reserve(4);
  std::vector<TrialOutcome> expected = testing::plain_outcomes(model, set, space, lanes, true);
  EXPECT_EQ(expected[1].distance, INT64_MAX);
  EXPECT_EQ(testing::difference(expected, run(*runner, network, set, space, lanes, true, stream)), "");
}

TEST(LayerRunner, ABudgetBelowOneSampleIsOutOfMemory) {
  NETSURF_NEEDS_GPU();
  Model model = testing::tiny_mlp();
  Random random(1);
  EvaluationSet set = testing::random_evaluation_set(model, random, 3);
  PlainNetwork network(model);
  cuda::Stream stream;
  EXPECT_THROW(make_layer_runner(network, BitSpace(model), set, 3, stream), cuda::OutOfMemory);
}

}  // namespace
}  // namespace netsurf
