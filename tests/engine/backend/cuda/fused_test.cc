// The fused and delta paths' source on the host, against the CPU backend: random chains, every cut of a
// block.
#include <gtest/gtest.h>

#include "engine/backend/backend.h"
#include "engine/backend/cuda/fused_cuts.h"
#include "engine/backend/cuda/fused_runner.h"
#include "engine/base/error.h"
#include "engine/faults/sampler.h"
#include "kernels/cuda/fused_host.h"
#include "kernels/cuda/patch.h"
#include "tests/comparison/random_paths.h"
#include "tests/support/models.h"
#include "tests/support/random_model.h"

namespace netsurf {
namespace {

using testing::Random;

constexpr int kSharedBytes = 227 * 1024;

/// The lists of a batch as the device would have them.
struct HostPatches {
  FaultBatch batch;
  std::vector<uint32_t> patches;

  HostPatches(FaultBatch drawn, const std::vector<cuda::PatchSegment>& segments) : batch(std::move(drawn)) {
    for (BitId bit : batch.bits)
      patches.push_back(
          cuda::packed_patch(cuda::patch_of(segments.data(), static_cast<int>(segments.size()), bit)));
  }
  cuda::PackedLists lists() const {
    return {batch.offset.data(), patches.data(), static_cast<int>(batch.offset.size()) - 1};
  }
};

/// Clean codes and predictions as ScoreData, on the host.
struct HostScores {
  std::vector<int64_t> codes;
  std::vector<int32_t> predictions;
  cuda::ScoreData data;

  HostScores(const PlainNetwork& network, const EvaluationSet& set) {
    const Model& model = network.model();
    Workspace workspace = network.make_workspace();
    const int num_codes = static_cast<int>(model.type(model.scored_layer()).elements());
    const auto scored = static_cast<size_t>(network.scored_buffer());
    for (int64_t sample = 0; sample < set.count; ++sample) {
      for (int64_t i = 0; i < set.sample_size; ++i)
        workspace.activations.narrow[0][i * cpu::kTile] =
            set.codes[static_cast<size_t>(sample * set.sample_size + i)];
      network.run(network.clean_parameters(), workspace.activations);
      for (int k = 0; k < num_codes; ++k)
        codes.push_back(workspace.activations.narrow[scored][k * cpu::kTile]);
      predictions.push_back(core::argmax(codes.data() + sample * num_codes, num_codes, 1));
    }
    data = {.clean_codes = codes.data(),
            .num_codes = num_codes,
            .step = core::step_of(model.layers().back().unit, model.type(model.scored_layer()).frac_bits),
            .with_loss = set.task != Task::comparison,
            .is_near = model.type(model.scored_layer()).bound < (1 << 20)};
    if (set.task == Task::classification) {
      data.clean_predictions = predictions.data();
      data.labels = set.labels.data();
    } else if (data.with_loss) {
      data.targets = set.targets.data();
    }
  }
};

TrialPlan draw_plan(Random& random, int lanes) {
  TrialPlan plan;
  plan.faults.bit_error_rate =
      UnitDecimal::parse(random.of<const char*>({"0.001", "0.02", "0.3", "1"}), "rate");
  plan.faults.seed = random.bits();
  plan.begin = static_cast<uint64_t>(random.pick(0, 1000));
  plan.end = plan.begin + static_cast<uint64_t>(lanes);
  return plan;
}

/// Two convolutions with 2 x 2 pools, then two dense layers; activations of 8 bits or more behind them,
/// affine layers before those or not, and the pools before or after either.
class PooledChain {
 public:
  PooledChain(Random& random, bool has_affines) : random_(random), has_affines_(has_affines) {}

  Model build() {
    int height = random_.pick(11, 15), width = random_.pick(8, 13);
    int channels = random_.of<int>({1, 2, 16, 19});
    layers_ = {testing::input_layer({height, width, channels}, Format{8, 1, random_.chance(50)})};
    for (int pad : {1, 0}) {
      const int filters = random_.of<int>({3, 5, 16, 20, 33, 64}), rows = pad == 1 ? random_.pick(3, 5) : 3;
      Window window{
          .height = rows, .width = 3, .pad_top = pad, .pad_left = pad, .pad_bottom = pad, .pad_right = pad};
      add(testing::conv_layer("", last(), kernel({filters, rows, 3, channels}), bias(filters), window));
      channels = filters;
      end_stage(channels, true);
      height = window.out_height(height) / 2;
      width = window.out_width(width) / 2;
    }
    add(testing::plain_layer(LayerKind::flatten, "", {last()}));
    const int flat = height * width * channels;
    const int units = random_.of<int>({24, 64});
    add(testing::dense_layer("", last(), kernel({units, flat}), bias(units)));
    end_stage(units, false);
    add(testing::dense_layer("", last(), kernel({10, units}), bias(10)));
    return Model::build("pooled", layers_, parameters_);
  }

 private:
  int last() const { return static_cast<int>(layers_.size()) - 1; }
  void add(Layer layer) { layers_.push_back(std::move(layer)); }
  int parameter(Shape shape, Format format) {
    parameters_.push_back(testing::random_parameter("p" + std::to_string(parameters_.size()),
                                                    std::move(shape), format, random_));
    return static_cast<int>(parameters_.size()) - 1;
  }
  int kernel(Shape shape) { return parameter(std::move(shape), Format{6, 0, true}); }
  int bias(int channels) { return parameter({channels}, Format{8, 2, true}); }

  void end_stage(int channels, bool pools) {
    const int pool_at = pools ? random_.pick(0, 2) : -1;
    auto pool_if = [&](int at) {
      if (pool_at == at)
        add(testing::window_layer(LayerKind::max_pool, "", last(),
                                  {.height = 2, .width = 2, .stride_y = 2, .stride_x = 2}));
    };
    pool_if(0);
    if (has_affines_) {
      // Few bits or many, of either sign.
      const Format scales{random_.pick(2, 16), random_.pick(0, 1), true},
          shifts{random_.pick(2, 16), 1, true};
      add(testing::affine_layer("", last(), parameter({channels}, scales),
                                random_.chance(80) ? parameter({channels}, shifts) : -1));
    }
    pool_if(1);
    const bool is_signed = random_.chance(20);
    add(testing::activation_layer("", last(),
                                  is_signed ? ActivationFunction::linear : ActivationFunction::relu,
                                  Format{random_.chance(30) ? random_.pick(9, 12) : 8, 3, is_signed}));
    pool_if(2);
  }

  Random& random_;
  bool has_affines_;
  std::vector<Layer> layers_;
  std::vector<Parameter> parameters_;
};

/// Sums of a lane's parts.
std::vector<cuda::LaneCounts> sums_of(const std::vector<cuda::LaneCounts>& parts, size_t num_lanes) {
  std::vector<cuda::LaneCounts> counts(num_lanes);
  for (size_t i = 0; i < parts.size(); ++i) {
    cuda::LaneCounts& sum = counts[i / (parts.size() / num_lanes)];
    sum.correct += parts[i].correct;
    sum.changed += parts[i].changed;
    sum.loss += parts[i].loss;
    sum.distance = core::held_sum(sum.distance, parts[i].distance);
  }
  return counts;
}

/// What lanes of a plan, fused or delta, count on the host must be the plain path's outcomes.
void compare_plan(const PlainNetwork& network, const BitSpace& space, const EvaluationSet& set,
                  const FusedPlan& plan, Random& random, int lanes) {
  auto where = [](const auto& values) { return values.data(); };
  cuda::FusedNetwork fused = pointed_network(plan, where);
  std::vector<uint8_t> samples = byte_codes(set);
  fused.samples = samples.data();
  fused.num_samples = set.count;

  TrialPlan trials = draw_plan(random, lanes);
  HostPatches patches(FaultSampler(space, trials.faults, {}).sample(trials.begin, trials.end),
                      pointed_segments(plan, space, where));
  HostScores scores(network, set);
  cuda::FusedGrid grid{static_cast<int>((set.count + fused.tile_samples - 1) / fused.tile_samples),
                       random.pick(1, 3)};
  std::vector<cuda::LaneCounts> parts(static_cast<size_t>(lanes * grid.num_tiles * fused.num_warps));
  cuda::FusedBatch batch{patches.lists(), scores.data, parts.data()};
  if (plan.delta.num_inputs > 0) {
    cuda::DeltaNetwork delta = pointed_delta(plan, fused);
    std::vector<int32_t> products(
        static_cast<size_t>(grid.num_tiles * fused.stages[0].num_channels * cuda::kDeltaSamples));
    cuda::make_products_on_host(delta, grid.num_tiles, products.data());
    delta.clean_products = products.data();
    cuda::run_delta_on_host(delta, grid, batch);
  } else {
    cuda::run_fused_on_host(fused, grid, batch);
  }
  std::vector<cuda::LaneCounts> counts = sums_of(parts, static_cast<size_t>(lanes));
  std::vector<TrialOutcome> expected =
      make_cpu_backend()
          ->open(network.model(), set, space, {.num_threads = 1, .path = Path::plain})
          ->run(trials);
  for (size_t i = 0; i < counts.size(); ++i) {
    EXPECT_EQ(counts[i].changed, expected[i].changed) << text_of(expected[i]);
    EXPECT_EQ(counts[i].distance, expected[i].distance) << text_of(expected[i]);
    if (expected[i].correct != kNoCount) {
      EXPECT_EQ(counts[i].correct, expected[i].correct);
    }
    if (expected[i].loss != kNoCount) {
      EXPECT_EQ(counts[i].loss, expected[i].loss);
    }
  }
}

/// Whether the chain fits a block cut so; if it does, it is compared.
bool compare(const Model& model, const EvaluationSet& set, Random& random, const FusedCut& cut, int lanes) {
  BitSpace space(model);
  PlainNetwork network(model);
  FusedChain chain = find_fused_chain(network, space);
  auto plan = make_fused_plan(network, space, chain, cut, kSharedBytes);
  if (plan) compare_plan(network, space, set, *plan, random, lanes);
  return plan.has_value();
}

/// Whether the chain has a delta plan; if it has, it is compared.
bool compare_delta(const Model& model, const EvaluationSet& set, Random& random, int lanes) {
  BitSpace space(model);
  PlainNetwork network(model);
  FusedChain chain = find_fused_chain(network, space);
  auto plan = make_delta_plan(network, space, chain, random.pick(1, 3), kSharedBytes);
  if (plan) compare_plan(network, space, set, *plan, random, lanes);
  return plan.has_value();
}

TEST(Fused, HasTheCpuBackendsOutcomesOnRandomChains) {
  uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  Random random(seed);
  int fused = 0, convolved = 0, ragged = 0, corrected = 0, scaled = 0;
  for (int i = 0; i < 800 && !::testing::Test::HasFailure(); ++i) {
    std::optional<Model> model;
    try {
      model =
          testing::random_chain(random, random.chance(50) ? testing::Affines::some : testing::Affines::none);
    } catch (const InputError&) {
      continue;  // too wide
    }
    FusedChain chain = find_fused_chain(PlainNetwork(*model), BitSpace(*model));
    if (!chain.refusal.empty()) continue;
    for (const ChainStage& stage : chain.stages) {
      convolved += stage.out_image[0] * stage.out_image[1] > 1 ? 1 : 0;
      ragged += stage.in_image[2] % 16 != 0 ? 1 : 0;
      scaled += stage.affine >= 0 ? 1 : 0;
    }
    int count = random.of<int>({1, 7, 8, 15, 16, 17, 31, 32, 33, 70});
    EvaluationSet set = testing::random_set(*model, count, seed + static_cast<uint64_t>(i));
    FusedCut cut{random.of<int>({8, 16, 32, 64}), random.pick(1, 3), random.of<int>({1, 2, 3, 4})};
    const int lanes = random.of<int>({1, 2, 15, 16, 17});
    fused += compare(*model, set, random, cut, lanes) ? 1 : 0;
    if (random.chance(30))
      set = testing::random_set(*model, random.of<int>({127, 128, 129, 300}), random.bits());
    corrected += compare_delta(*model, set, random, lanes) ? 1 : 0;
  }
  EXPECT_GT(fused, 20);
  EXPECT_GT(corrected, 5);
  EXPECT_GT(convolved, 0);
  EXPECT_GT(ragged, 0);
  EXPECT_GT(scaled, 0);
}

TEST(Fused, HasTheCpuBackendsOutcomesWhereImagesArePooled) {
  uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  Random random(seed);
  int turning = 0, in_strips = 0, in_windows = 0, in_planes = 0;
  for (int i = 0; i < 30 && !::testing::Test::HasFailure(); ++i) {
    const bool has_affines = i % 2 == 1;
    Model model = PooledChain(random, has_affines).build();
    FusedChain chain = find_fused_chain(PlainNetwork(model), BitSpace(model));
    ASSERT_EQ(chain.refusal, "");
    ASSERT_EQ(chain.stages.size(), 4u);
    EXPECT_TRUE(chain.stages[0].pools && chain.stages[1].pools);
    EXPECT_EQ(chain.stages[2].affine >= 0, has_affines);
    turning += chain.stages[0].pools_scaled ? 1 : 0;
    in_planes += chain.has_planes() ? 1 : 0;
    in_strips += chain.stages[0].in_image[2] == 1 ? 1 : 0;
    in_windows += chain.stages[0].in_image[2] == 2 ? 1 : 0;
    EvaluationSet set = testing::random_set(model, random.of<int>({1, 7, 9, 17}), random.bits());
    const int warps = random.pick(1, 4);
    EXPECT_TRUE((random.chance(50) && compare(model, set, random, {16, 1, warps}, 3)) ||
                compare(model, set, random, {8, 1, warps}, 3));
  }
  EXPECT_GT(turning, 2);
  EXPECT_GT(in_strips, 0);
  EXPECT_GT(in_windows, 0);
  EXPECT_GT(in_planes, 5);
}

/// Units of eight, four and two column tiles, which the kernels of many and of few threads share out.
TEST(Fused, HasTheCpuBackendsOutcomesForUnitsOfEveryWidth) {
  uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  Random random(seed);
  for (int outputs : {10, 32, 64, 128}) {
    Model model = Model::build(
        "wide",
        {testing::input_layer({50}, Format{8, 1, random.chance(50)}), testing::dense_layer("", 0, 0, 1),
         testing::activation_layer("", 1, ActivationFunction::relu, Format{8, 3, false}),
         testing::dense_layer("", 2, 2, 3)},
        {testing::random_parameter("k1", {outputs, 50}, Format{6, 0, true}, random),
         testing::random_parameter("b1", {outputs}, Format{8, 2, true}, random),
         testing::random_parameter("k2", {10, outputs}, Format{6, 0, true}, random),
         testing::random_parameter("b2", {10}, Format{8, 2, true}, random)});
    EvaluationSet set = testing::random_set(model, 100, random.bits());
    for (FusedCut cut : {FusedCut{64, 1, 2}, FusedCut{64, 2, 8}}) {
      BitSpace space(model);
      PlainNetwork network(model);
      auto plan = make_fused_plan(network, space, find_fused_chain(network, space), cut, kSharedBytes);
      ASSERT_TRUE(plan);
      const int tiles = plan->network.stages[0].num_column_tiles;
      const bool is_wide = outputs >= 64 && cut.num_teams == 1;
      EXPECT_EQ(tiles == cuda::kWideTiles, is_wide) << tiles;
      compare_plan(network, space, set, *plan, random, 5);
    }
  }
}

/// A reshape between sums and an affine layer: the affine layer's channels are pixels of the sums'.
TEST(Fused, LeavesAffineLayersOfOtherChannelsAlone) {
  Random random(1);
  Model model =
      Model::build("reshaped",
                   {testing::input_layer({6, 6, 1}, Format{8, 1, false}),
                    testing::conv_layer("", 0, 0, 1, {.height = 3, .width = 3}),
                    testing::plain_layer(LayerKind::flatten, "", {1}), testing::affine_layer("", 2, 2, 3),
                    testing::activation_layer("", 3, ActivationFunction::relu, Format{8, 3, false}),
                    testing::dense_layer("", 4, 4, 5)},
                   {testing::random_parameter("k1", {3, 3, 3, 1}, Format{6, 0, true}, random),
                    testing::random_parameter("b1", {3}, Format{8, 2, true}, random),
                    testing::random_parameter("a", {48}, Format{6, 0, true}, random),
                    testing::random_parameter("t", {48}, Format{6, 0, true}, random),
                    testing::random_parameter("k2", {10, 48}, Format{6, 0, true}, random),
                    testing::random_parameter("b2", {10}, Format{8, 2, true}, random)});
  FusedChain chain = find_fused_chain(PlainNetwork(model), BitSpace(model));
  EXPECT_EQ(chain.refusal, "layer \"\" is followed by something else than one plain activation");
}

/// Far more than a block holds is refused before any table is made, and before any int is too small.
TEST(Fused, NetworksTooLargeForABlockHaveNoPlan) {
  Random random(1);
  const auto input = [](Shape shape) { return testing::input_layer(std::move(shape), Format{8, 1, false}); };
  const Model wide =
      Model::build("wide",
                   {input({600}), testing::dense_layer("", 0, 0),
                    testing::activation_layer("", 1, ActivationFunction::relu, Format{8, 3, false}),
                    testing::dense_layer("", 2, 1)},
                   {testing::random_parameter("k1", {3000, 600}, Format{6, 0, true}, random),
                    testing::random_parameter("k2", {10, 3000}, Format{6, 0, true}, random)});
  const Model image =
      Model::build("image",
                   {input({600, 600, 1}), testing::conv_layer("", 0, 0, -1, {.height = 3, .width = 3}),
                    testing::activation_layer("", 1, ActivationFunction::relu, Format{8, 3, false}),
                    testing::conv_layer("", 2, 1, -1, {.height = 3, .width = 3})},
                   {testing::random_parameter("k1", {64, 3, 3, 1}, Format{6, 0, true}, random),
                    testing::random_parameter("k2", {3, 3, 3, 64}, Format{6, 0, true}, random)});
  for (const Model* model : {&wide, &image}) {
    PlainNetwork network(*model);
    BitSpace space(*model);
    FusedChain chain = find_fused_chain(network, space);
    ASSERT_EQ(chain.refusal, "");
    EXPECT_TRUE(likely_plans(network, space, chain, kSharedBytes).empty());
    EXPECT_FALSE(make_delta_plan(network, space, chain, 1, kSharedBytes));
  }
}

/// More flips than a team has room to note, several of one operand among them, and a bias of every format.
TEST(Delta, HasTheCpuBackendsOutcomesForManyFlips) {
  uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  Random random(seed);
  Format weights{6, 0, true}, codes{8, 3, false};
  for (int i = 0; i < 6; ++i) {
    Format biases{random.pick(2, 16), 2, random.chance(50)};
    Model model = Model::build(
        "wide",
        {testing::input_layer({150}, Format{8, 1, random.chance(50)}), testing::dense_layer("", 0, 0, 1),
         testing::activation_layer("", 1, ActivationFunction::relu, codes),
         testing::dense_layer("", 2, 2, 3)},
        {testing::random_parameter("k1", {37, 150}, weights, random),
         testing::random_parameter("b1", {37}, biases, random),
         testing::random_parameter("k2", {10, 37}, weights, random),
         testing::random_parameter("b2", {10}, biases, random)});
    EvaluationSet set = testing::random_set(model, 140, random.bits());
    EXPECT_TRUE(compare_delta(model, set, random, 7));
  }
}

}  // namespace
}  // namespace netsurf
