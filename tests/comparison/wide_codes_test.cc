// What rounds, on codes of any size and steps of any distance: shifts past 62 places, slopes near their
// limit, thresholds of 64-bit codes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/base/error.h"
#include "tests/reference/naive_score.h"
#include "tests/support/random.h"
#include "tests/support/random_parts.h"

namespace netsurf::naive {
namespace {

constexpr int kSize = 4;

struct Met {
  int networks = 0, refused = 0, wide = 0, far_right = 0, far_left = 0, thresholds = 0, steep = 0;
};

Parameter draw_factor(testing::Random& random, int frac_bits) {
  Parameter parameter;
  parameter.shape = {kSize};
  int bits = random.pick(2, kMaxParameterBits);
  parameter.format = testing::draw_format(random, bits, frac_bits, frac_bits);
  for (int i = 0; i < kSize; ++i) {
    int64_t code = random.between(parameter.format.min_code(), parameter.format.max_code());
    parameter.codes.push_back(static_cast<int32_t>(random.chance(30) ? random.pick(0, 1) : code));
  }
  return parameter;
}

/// An output format with its step at 1, so that a loss shows every code.
void set_output_format(Layer& layer, int frac_bits, testing::Random& random) {
  int bits = random.pick(1, 9);
  layer.format = testing::draw_format(random, bits, frac_bits, frac_bits);
  layer.unit = std::ldexp(1.0f, frac_bits);
}

struct Draft {
  std::vector<Layer> layers;
  std::vector<Parameter> parameters;
};

/// Two affine layers that spread the codes over up to 62 bits.
Draft draw_spread(testing::Random& random) {
  Draft draft;
  draft.layers.resize(4);
  draft.layers[0].shape = {kSize};
  draft.layers[0].format = testing::draw_format(random, random.pick(1, 16), -30, 30);
  int frac_bits = draft.layers[0].format.frac_bits();
  for (int i = 1; i <= 2; ++i) {
    Layer& affine = draft.layers[static_cast<size_t>(i)];
    affine.kind = LayerKind::affine;
    affine.inputs = {i - 1};
    affine.scale = i - 1;
    int factor = random.pick(std::max(-62, -62 - frac_bits), std::min(62, 62 - frac_bits));
    if (random.chance(50)) factor = std::clamp(factor, -5, 5);
    draft.parameters.push_back(draw_factor(random, factor));
    frac_bits += factor;
  }
  return draft;
}

Draft draw_draft(testing::Random& random) {
  Draft draft = draw_spread(random);
  int frac_bits = 0;
  for (const Parameter& each : draft.parameters) frac_bits += each.format.frac_bits();
  frac_bits += draft.layers[0].format.frac_bits();
  Layer& last = draft.layers[3];
  last.inputs = {2};
  if (random.chance(30)) {
    last.kind = LayerKind::threshold;
    last.thresholds = 2;
    int count = random.chance(5) ? random.pick(300, 3000) : random.pick(1, 9);
    Shape shape = {random.chance(50) ? 1 : kSize, count};
    Wide magnitude = Wide{1} << random.pick(0, 40);
    draft.parameters.push_back(testing::draw_thresholds(random, shape, frac_bits, magnitude));
    last.format = {12, 11, true};
    last.low = random.pick(-2000, -1900);
    last.high = last.low + count * random.pick(1, 3000 / count);
    return draft;
  }
  last.kind = LayerKind::activation;
  std::vector<ActivationFunction> functions = {ActivationFunction::linear, ActivationFunction::relu,
                                               ActivationFunction::leaky_relu};
  if (frac_bits >= 0 && frac_bits <= 40) {
    functions.push_back(ActivationFunction::hard_tanh);
    functions.push_back(ActivationFunction::hard_sigmoid);
  }
  last.function = random.of(functions);
  bool is_near = random.chance(50);
  int near = std::clamp(frac_bits - random.pick(-4, 40), -62, 62);
  set_output_format(last, is_near ? near : random.pick(-62, 62), random);
  testing::draw_rounding(random, last);
  last.wraps = random.chance(30);
  if (!last.wraps) testing::draw_range(random, last);
  if (last.function == ActivationFunction::leaky_relu) testing::draw_slope(random, last);
  return draft;
}

EvaluationSet draw_set(const Model& model, testing::Random& random) {
  EvaluationSet set;
  set.task = Task::regression;
  set.count = 6;
  set.sample_size = set.num_targets = kSize;
  const Format& format = model.input().format;
  for (int64_t i = 0; i < set.count * kSize; ++i) {
    int64_t code = random.between(format.min_code(), format.max_code());
    if (random.chance(30))
      code = std::clamp<int64_t>(random.between(-2, 2), format.min_code(), format.max_code());
    set.codes.push_back(static_cast<int32_t>(code));
    set.targets.push_back(0.25f);  // tells a code from its negative
  }
  return set;
}

int count_differences(uint64_t seed, int rounds, Plant plant, Met& met) {
  testing::Random random(seed);
  auto backend = make_cpu_backend();
  int differences = 0;
  for (int round = 0; round < rounds; ++round) {
    Draft draft = draw_draft(random);
    try {
      Model model = Model::build("wide", draft.layers, draft.parameters);
      EvaluationSet set = draw_set(model, random);
      std::vector<std::vector<int32_t>> parameters;
      for (const Parameter& each : model.parameters()) parameters.push_back(each.codes);
      std::vector<Tensor> tensors;
      for (int64_t i = 0; i < set.count; ++i) {
        std::span<const int32_t> sample(set.codes.data() + i * kSize, kSize);
        std::vector<Tensor> all = infer(model, parameters, sample, plant);
        tensors.push_back(scored(all));
      }
      TrialOutcome found = backend->open(model, set, BitSpace(model), {.num_threads = 1})->clean();
      differences += found == score(set, tensors, tensors, true) ? 0 : 1;
      const Layer& last = model.layers().back();
      int right = model.type(2).frac_bits - last.format.frac_bits();
      ++met.networks;
      met.wide += model.type(2).needs_64_bits() ? 1 : 0;
      met.thresholds += last.kind == LayerKind::threshold ? 1 : 0;
      met.far_right += last.kind == LayerKind::activation && right > 62 ? 1 : 0;
      met.far_left += last.kind == LayerKind::activation && right < -62 ? 1 : 0;
      met.steep += last.slope_shift > 20 ? 1 : 0;
    } catch (const InputError&) {
      ++met.refused;  // too wide
    }
  }
  return differences;
}

TEST(WideCodes, RoundAsTheReferencesDo) {
  uint64_t seed = testing::test_seed();
  Met met;
  EXPECT_EQ(count_differences(seed, 6000, Plant::none, met), 0) << "NETSURF_TEST_SEED=" << seed;
  EXPECT_GT(met.networks, 2 * met.refused);
  RecordProperty("met", std::to_string(met.networks) + " " + std::to_string(met.refused) + " " +
                            std::to_string(met.wide) + " " + std::to_string(met.thresholds) + " " +
                            std::to_string(met.far_right) + " " + std::to_string(met.far_left) + " " +
                            std::to_string(met.steep));
  for (int each : {met.wide, met.thresholds, met.far_right, met.far_left, met.steep}) EXPECT_GT(each, 0);
}

TEST(WideCodes, PlantedMistakesAreNoticed) {
  uint64_t seed = testing::test_seed();
  for (Plant plant : {Plant::always_half_even, Plant::saturates, Plant::range_ignored,
                      Plant::slope_cuts_first, Plant::threshold_above, Plant::threshold_stops}) {
    Met met;
    EXPECT_GT(count_differences(seed, 2000, plant, met), 0)
        << "NETSURF_TEST_SEED=" << seed << " plant " << static_cast<int>(plant);
  }
}

}  // namespace
}  // namespace netsurf::naive
