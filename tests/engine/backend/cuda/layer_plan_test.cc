// The layer path without a device: its descriptors, memory plan and parameter images, with the bodies of all
// layers looped on the host, against the plain path.
#include "engine/backend/cuda/layer_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/cuda/error.h"
#include "kernels/cuda/layer_host.h"
#include "tests/engine/backend/cuda/layer_lanes.h"
#include "tests/support/every.h"
#include "tests/support/models.h"
#include "tests/support/random_model.h"

namespace netsurf {
namespace {

using testing::LaneFlips;
using testing::LanePatches;
using testing::Random;
using testing::ScoreVectors;

/// A layer path on the host: what LayerRunner is on a device.
struct HostRunner {
  HostRunner(const PlainNetwork& network, const EvaluationSet& set, const LaneFlips& lanes,
             const BitSpace& space)
      : plan(network),
        input(side_by_side(set)),
        words(static_cast<int64_t>(plan.clean_image().size())),
        images(plan.clean_image().size() * lanes.size()) {
    LanePatches patches(testing::on_host(plan.segments(space), space), lanes);
    cuda::PatchLists lists{patches.offset.data(), patches.patches.data(), static_cast<int>(lanes.size())};
    cuda::make_images_on_host(plan.clean_image().data(), words, lists, plan.coded_words(), images.data());
  }

  /// The memory of a chunk, filled with nonsense: nothing may be read before it is written.
  ChunkMemory memory_of(const cuda::LaneChunk& chunk, int64_t first_sample, int64_t num_samples) {
    arena.assign(
        plan.live_bytes() * static_cast<uint64_t>(chunk.num_lanes) * static_cast<uint64_t>(chunk.num_samples),
        std::byte{0x5A});
    return {arena.data(), input.data() + first_sample, num_samples};
  }

  LayerPlan plan;
  std::vector<int32_t> input;
  int64_t words;
  std::vector<int32_t> images;
  std::vector<std::byte> arena;
};

std::vector<cuda::LaneCounts> run(const PlainNetwork& network, const EvaluationSet& set,
                                  const BitSpace& space, const LaneFlips& lanes, ChunkSizes sizes,
                                  bool with_loss) {
  HostRunner runner(network, set, lanes, space);
  ScoreVectors vectors(network, set);
  cuda::ScoreData data = vectors.data(network, set, with_loss);
  auto num_lanes = static_cast<int>(lanes.size());
  std::vector<cuda::LaneCounts> counts(lanes.size());
  for (int lane = 0; lane < num_lanes; lane += sizes.num_lanes) {
    for (int64_t sample = 0; sample < set.count; sample += sizes.num_samples) {
      cuda::LaneChunk chunk{runner.images.data() + lane * runner.words, runner.words,
                            std::min(sizes.num_lanes, num_lanes - lane),
                            static_cast<int>(std::min<int64_t>(sizes.num_samples, set.count - sample))};
      ChunkMemory memory = runner.memory_of(chunk, sample, set.count);
      for (const cuda::LayerOp& op : runner.plan.ops(chunk, memory)) cuda::run_layer_on_host(op, chunk);
      cuda::add_scores_on_host(runner.plan.codes(network.scored_buffer(), chunk, memory), chunk, sample, data,
                               counts.data() + lane);
    }
  }
  return counts;
}

const std::vector<int> kRaggedSizes = {1, 15, 16, 17, 31, 33};

TEST(LayerPlan, RandomNetworksHaveThePlainPathsOutcomes) {
  uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  Random random(seed);
  testing::EveryKind kinds;
  int64_t refused = 0, changed = 0, wide = 0;
  for (int i = 0; i < 250; ++i) {
    Model model = testing::random_model(random, refused);
    kinds.see(model);
    // Often enough samples for the bodies of several samples, whole columns and broken ones.
    int num_samples = random.chance(30) ? random.pick(120, 300) : random.of(kRaggedSizes);
    int num_lanes = random.of(kRaggedSizes);
    if (num_samples > 100) num_lanes = 1 + num_lanes % 3;
    EvaluationSet set = testing::random_evaluation_set(model, random, num_samples);
    BitSpace space(model, random.chance(25) ? BitSpace::Pruned::stored : BitSpace::Pruned::absent);
    LaneFlips lanes = testing::random_flips(random, space.size(), num_lanes);
    bool with_loss = random.chance(80);
    PlainNetwork network(model);
    for (int layer = 0; layer <= model.output(); ++layer) wide += network.is_wide(layer) ? 1 : 0;
    ChunkSizes sizes{random.pick(1, num_lanes), random.pick(1, num_samples)};
    if (random.chance(50)) sizes = {num_lanes, num_samples};
    std::vector<TrialOutcome> expected = testing::plain_outcomes(model, set, space, lanes, with_loss);
    for (const TrialOutcome& each : expected) changed += each.changed;
    ASSERT_EQ(testing::difference(expected, run(network, set, space, lanes, sizes, with_loss)), "")
        << "network " << i << ", chunks of " << sizes.num_lanes << " lanes and " << sizes.num_samples
        << " samples";
  }
  EXPECT_EQ(kinds.missing(), "");
  EXPECT_GT(changed, 0);
  EXPECT_GT(wide, 0);
}

/// The plain path's operands with a lane's flips.
ParameterOperands faulty_operands(const PlainNetwork& network, const BitSpace& space,
                                  const std::vector<BitId>& flips) {
  ParameterOperands operands = network.clean_parameters();
  for (BitId id : flips) {
    BitAddress at = space.address(id);
    int32_t& operand = operands[static_cast<size_t>(at.parameter)][static_cast<size_t>(at.element)];
    operand = core::flip_operand(operand, at.bit,
                                 network.model().parameters()[static_cast<size_t>(at.parameter)].storage());
  }
  return operands;
}

TEST(LayerPlan, EveryLayerOfFaultyRandomNetworksHasThePlainPathsCodes) {
  uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  Random random(seed);
  int64_t refused = 0;
  for (int i = 0; i < 200; ++i) {
    Model model = testing::random_model(random, refused);
    EvaluationSet set = testing::random_evaluation_set(model, random, random.pick(1, cpu::kTile));
    BitSpace space(model, BitSpace::Pruned::stored);
    LaneFlips lanes = testing::random_flips(random, space.size(), 3);
    PlainNetwork network(model);
    HostRunner runner(network, set, lanes, space);
    cuda::LaneChunk chunk{runner.images.data(), runner.words, 3, static_cast<int>(set.count)};
    ChunkMemory memory = runner.memory_of(chunk, 0, set.count);
    std::vector<cuda::LayerOp> ops = runner.plan.ops(chunk, memory);
    std::vector<Workspace> expected;
    for (const std::vector<BitId>& flips : lanes) {
      expected.push_back(network.make_workspace());
      load_tile(set, sample_tile(set, 0), expected.back().activations.narrow[0]);
      network.run(faulty_operands(network, space, flips), expected.back().activations);
    }
    for (size_t step = 0; step < ops.size(); ++step) {
      cuda::run_layer_on_host(ops[step], chunk);
      int layer = runner.plan.target(step);
      if (step + 1 < ops.size() && runner.plan.target(step + 1) == layer) continue;  // half joined
      cuda::Codes codes = runner.plan.codes(layer, chunk, memory);
      for (int lane = 0; lane < 3; ++lane) {
        const Workspace& plain = expected[static_cast<size_t>(lane)];
        for (int64_t element = 0; element < model.type(layer).elements(); ++element) {
          for (int sample = 0; sample < chunk.num_samples; ++sample) {
            auto place = static_cast<size_t>(element * cpu::kTile + sample);
            auto buffer = static_cast<size_t>(layer);
            if (network.is_wide(layer)) {
              ASSERT_EQ(cuda::codes_at<int64_t>(codes, lane, element)[sample], plain.wide[buffer][place])
                  << "network " << i << ", layer " << layer;
            } else {
              ASSERT_EQ(cuda::codes_at<int32_t>(codes, lane, element)[sample], plain.narrow[buffer][place])
                  << "network " << i << ", layer " << layer;
            }
          }
        }
      }
    }
  }
}

TEST(LayerPlan, AFlipInvertsTheCodesBitWithItsSign) {
  Format format{5, 0, true};
  Parameter kernel = testing::given_parameter("k", {1, 4}, format, {-16, 15, 0, 3});
  kernel.pruned = {0, 0, 1, 0};
  Model model = Model::build(
      "m", {testing::input_layer({4}, Format{8, 0, true}), testing::dense_layer("d", 0, 0)}, {kernel});
  PlainNetwork network(model);
  LayerPlan plan(network);
  ASSERT_EQ(plan.clean_image(), (std::vector<int32_t>{-16, 15, 0, 3, 0, 0, 0, 0}));
  BitSpace space(model);
  std::vector<cuda::PatchSegment> segments = testing::on_host(plan.segments(space), space);
  auto patch = [&](BitId bit) { return cuda::patch_of(segments.data(), 1, bit); };
  EXPECT_EQ(patch(4).word, 0u);
  EXPECT_EQ(patch(4).mask, 0xFFFFFFF0u);  // -16 becomes 0
  EXPECT_EQ(patch(5).word, 1u);
  EXPECT_EQ(patch(5).mask, 1u);
  EXPECT_EQ(patch(10).word, 3u);  // the pruned element has no bits
  BitSpace stored(model, BitSpace::Pruned::stored);
  segments = testing::on_host(plan.segments(stored), stored);
  EXPECT_EQ(patch(10).word, 2u);
}

TEST(LayerPlan, ABufferIsUsedAgainOnceNobodyReadsIt) {
  Format format{8, 0, true};
  std::vector<Layer> layers = {testing::input_layer({16}, format)};
  for (int i = 0; i < 6; ++i)
    layers.push_back(
        testing::activation_layer("a" + std::to_string(i), i, ActivationFunction::linear, format));
  Model chain = Model::build("chain", layers, {});
  EXPECT_EQ(LayerPlan(PlainNetwork(chain)).live_bytes(), 2u * 16 * 4);
  layers.push_back(testing::plain_layer(LayerKind::add, "sum", {1, 6}));  // holds the first to the end
  Model skip = Model::build("skip", layers, {});
  EXPECT_EQ(LayerPlan(PlainNetwork(skip)).live_bytes(), 3u * 16 * 4);
}

TEST(LayerPlan, SumsTakeTheirOnlyReadersActivationAtOnce) {
  using testing::activation_layer;
  Format format{8, 0, true};
  Parameter kernel = testing::filled_parameter("k", {3, 4}, format, 1);
  std::vector<Layer> layers = {testing::input_layer({4}, format), testing::dense_layer("d", 0, 0),
                               activation_layer("a", 1, ActivationFunction::relu, format),
                               activation_layer("b", 2, ActivationFunction::linear, Format{4, 0, true})};
  auto targets = [&] {
    Model model = Model::build("m", layers, {kernel});
    PlainNetwork network(model);
    LayerPlan plan(network);
    std::vector<int> found;
    for (size_t i = 0; i < plan.ops({nullptr, 0, 1, 1}, {}).size(); ++i) found.push_back(plan.target(i));
    return found;
  };
  EXPECT_EQ(targets(), (std::vector<int>{2, 3}));  // the second activation has none to join
  layers[2].rounding = core::Rounding::floor;
  EXPECT_EQ(targets(), (std::vector<int>{1, 2, 3}));
  layers[2].rounding = core::Rounding::half_even;
  layers.push_back(testing::plain_layer(LayerKind::concatenate, "c", {1, 3}));
  EXPECT_EQ(targets(), (std::vector<int>{1, 2, 3, 4, 4}));  // a second reader of the sums
}

TEST(ChunkSizes, AllLanesComeBeforeAllSamples) {
  auto sizes = [](int lanes, int64_t samples, uint64_t live, uint64_t budget) {
    ChunkSizes found = chunk_sizes(lanes, samples, live, budget);
    return std::vector<int64_t>{found.num_lanes, found.num_samples};
  };
  using Sizes = std::vector<int64_t>;
  EXPECT_EQ(sizes(100, 1000, 10, 1 << 30), (Sizes{100, 1000}));
  EXPECT_EQ(sizes(100, 1000, 10, 1'000 * 10), (Sizes{7, 128}));     // columns of 128 samples
  EXPECT_EQ(sizes(100, 1000, 10, 50'000 * 10), (Sizes{100, 384}));  // 500, but whole columns
  EXPECT_EQ(sizes(100, 50, 10, 1'000 * 10), (Sizes{20, 50}));
  EXPECT_EQ(sizes(100, 1000, 10, 10), (Sizes{1, 1}));
  EXPECT_EQ(sizes(3, 5, 0, 0), (Sizes{3, 5}));  // a network of reshapes alone
  EXPECT_THROW(sizes(100, 1000, 11, 10), cuda::OutOfMemory);
}

}  // namespace
}  // namespace netsurf
