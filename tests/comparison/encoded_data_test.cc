// Data sets turned into input codes: every rounding, range and unit, to the code.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/model/dataset.h"
#include "tests/reference/naive_rounding.h"
#include "tests/support/random.h"
#include "tests/support/random_parts.h"

namespace netsurf::naive {
namespace {

Model draw_identity(testing::Random& random) {
  Layer input, reshape;
  input.shape = reshape.shape = {40};
  input.format = random.chance(80) ? testing::draw_activation_format(random)
                                   : testing::draw_format(random, random.pick(1, 16), -62, 62);
  testing::draw_rounding(random, input);
  testing::draw_range(random, input);
  if (random.chance(60)) input.unit = testing::draw_unit(random);
  reshape.kind = LayerKind::reshape;
  reshape.inputs = {0};
  return Model::build("identity", {input, reshape}, {});
}

/// Numbers near a code, halfway between two, or anywhere.
float draw_value(const Layer& input, testing::Random& random) {
  float step = input.unit * std::ldexp(1.0f, -input.format.frac_bits());
  int style = random.pick(0, 9);
  if (style <= 2) return static_cast<float>(random.between(-40, 40)) * 0.5f * step;
  if (style <= 5)
    return static_cast<float>(random.between(input.low_code() - 4, input.high_code() + 4)) * 0.5f * step;
  if (style == 6) return static_cast<float>(random.pick(-1'000'000, 1'000'000)) / 1234.0f;
  if (style == 7) return std::ldexp(static_cast<float>(random.pick(-9, 9)), random.pick(-149, 120));
  if (style == 8)
    return std::nextafter(static_cast<float>(random.pick(-9, 9)) * 0.5f * step,
                          random.chance(50) ? -1e30f : 1e30f);
  return random.chance(50) ? std::numeric_limits<float>::infinity() : -std::numeric_limits<float>::infinity();
}

/// What a run over many data sets met.
struct Met {
  std::set<core::Rounding> roundings;
  bool has_range = false, has_unit = false, has_coarse_step = false;
};

/// How many of the codes of `rounds` data sets differ from the reference's.
int count_differences(uint64_t seed, int rounds, Plant plant, Met* met = nullptr) {
  testing::Random random(seed);
  int differences = 0;
  for (int round = 0; round < rounds; ++round) {
    Model model = draw_identity(random);
    const Layer& input = model.input();
    if (met != nullptr) {
      met->roundings.insert(input.rounding);
      met->has_range = met->has_range || input.low != 0 || input.high != 0;
      met->has_unit = met->has_unit || input.unit != 1.0f;
      met->has_coarse_step = met->has_coarse_step || input.format.frac_bits() < 0;
    }
    Samples samples;
    samples.shape = {40};
    samples.count = 5;
    samples.num_targets = 40;
    for (int i = 0; i < 200; ++i) samples.values.push_back(draw_value(input, random));
    samples.targets.assign(200, 0.0f);
    EvaluationSet set = encode(model, samples, Task::reconstruction);
    for (size_t i = 0; i < samples.values.size(); ++i)
      differences += set.codes[i] == encoded(samples.values[i], input, plant) ? 0 : 1;
  }
  return differences;
}

TEST(EncodedData, HasTheReferencesCodes) {
  uint64_t seed = testing::test_seed();
  Met met;
  EXPECT_EQ(count_differences(seed, 3000, Plant::none, &met), 0) << "NETSURF_TEST_SEED=" << seed;
  EXPECT_EQ(met.roundings.size(), core::kRoundingNames.size());
  EXPECT_TRUE(met.has_range && met.has_unit && met.has_coarse_step);
}

TEST(EncodedData, ForgottenRoundingsRangesAndUnitsAreNoticed) {
  uint64_t seed = testing::test_seed();
  for (Plant plant : {Plant::always_half_even, Plant::range_ignored, Plant::unit_ignored, Plant::ties_away})
    EXPECT_GT(count_differences(seed, 300, plant), 0)
        << "NETSURF_TEST_SEED=" << seed << " plant " << static_cast<int>(plant);
}

}  // namespace
}  // namespace netsurf::naive
