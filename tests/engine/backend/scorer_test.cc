#include "engine/backend/scorer.h"

#include <gtest/gtest.h>

#include "kernels/core/score.h"
#include "kernels/cpu/tile.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

using cpu::kTile;

/// One row of codes per sample.
using Codes = std::vector<std::vector<int64_t>>;

/// One input and a dense layer to num_codes outputs, whose codes lie within largest input x largest weight.
Model model_of(int num_codes, Format input, Format weights) {
  return Model::build("scored", {testing::input_layer({1}, input), testing::dense_layer("dense", 0, 0)},
                      {testing::filled_parameter("kernel", {num_codes, 1}, weights, 1)});
}
Model small_model(int num_codes) { return model_of(num_codes, Format{8, 3, false}, Format{6, 1, true}); }

EvaluationSet set_of(const Model& model, int64_t count, Task task) {
  EvaluationSet set = testing::random_set(model, count, 7, task);
  if (task == Task::comparison) set.targets.clear();
  return set;
}

Codes random_codes(testing::Random& random, const Model& model, int64_t count) {
  const TensorType& type = model.type(model.scored_layer());
  Codes codes(static_cast<size_t>(count), std::vector<int64_t>(static_cast<size_t>(type.elements())));
  int shift = random.pick(0, 12);
  for (std::vector<int64_t>& row : codes) {
    for (int64_t& code : row) code = random.between(type.low, type.high) >> shift;
  }
  return codes;
}

/// Some samples as they were, some with one other code, some with all of them new.
Codes faulty_codes(testing::Random& random, const Model& model, const Codes& clean) {
  Codes codes = random_codes(random, model, static_cast<int64_t>(clean.size()));
  const int percent_changed = random.of<int>({3, 20, 70});
  for (size_t i = 0; i < codes.size(); ++i) {
    if (random.chance(percent_changed / 2)) continue;
    int64_t code = codes[i][0];
    codes[i] = clean[i];
    if (random.chance(percent_changed)) codes[i][static_cast<size_t>(random.bits() % codes[i].size())] = code;
  }
  return codes;
}

/// Samples [begin, begin + count) side by side; garbage beyond them.
template <typename Int>
std::vector<Int> tile_of(const Codes& codes, int64_t begin, int count) {
  std::vector<Int> tile;
  for (size_t k = 0; k < codes[0].size(); ++k) {
    for (int s = 0; s < kTile; ++s) {
      tile.push_back(s < count ? static_cast<Int>(codes[static_cast<size_t>(begin + s)][k])
                               : static_cast<Int>(s % 2 == 0 ? INT32_MIN : INT32_MAX));
    }
  }
  return tile;
}

/// Calls use(tile, begin, count) for every tile, in the integers that the model's scored layer has.
template <typename Use>
void each_tile(const Model& model, const Codes& codes, Use use) {
  for (int64_t begin = 0; begin < static_cast<int64_t>(codes.size()); begin += kTile) {
    auto count = static_cast<int>(std::min<int64_t>(kTile, static_cast<int64_t>(codes.size()) - begin));
    if (model.type(model.scored_layer()).needs_64_bits()) {
      use(tile_of<int64_t>(codes, begin, count).data(), begin, count);
    } else {
      use(tile_of<int32_t>(codes, begin, count).data(), begin, count);
    }
  }
}

/// The core functions, sample by sample, on 64-bit codes.
TrialOutcome expected_outcome(const Model& model, const EvaluationSet& set, const Codes& clean,
                              const Codes& codes, bool with_loss) {
  float step = core::step_of(model.layers().back().unit, model.type(model.scored_layer()).frac_bits);
  auto num_codes = static_cast<int>(codes[0].size());
  TrialOutcome outcome;
  bool classifies = set.task == Task::classification;
  if (classifies) outcome.correct = 0;
  if (with_loss && set.task != Task::comparison) outcome.loss = 0;
  for (size_t i = 0; i < codes.size(); ++i) {
    const int64_t* row = codes[i].data();
    for (size_t k = 0; k < codes[i].size(); ++k)
      outcome.distance = core::held_sum(outcome.distance, core::squared_difference(row[k], clean[i][k]));
    if (classifies) {
      int prediction = core::argmax(row, num_codes, 1);
      outcome.correct += prediction == set.labels[i] ? 1 : 0;
      outcome.changed += prediction != core::argmax(clean[i].data(), num_codes, 1) ? 1 : 0;
      if (with_loss) outcome.loss += core::cross_entropy(row, num_codes, 1, step, set.labels[i]);
    } else {
      outcome.changed += codes[i] != clean[i] ? 1 : 0;
      if (with_loss && set.task != Task::comparison)
        outcome.loss +=
            core::squared_error(row, num_codes, 1, step, set.targets.data() + i * codes[i].size());
    }
  }
  return outcome;
}

TrialOutcome outcome_of(const Scorer& scorer, const Model& model, const Codes& codes, bool with_loss) {
  TrialOutcome outcome = scorer.empty_outcome(0, with_loss);
  each_tile(model, codes, [&](const auto* tile, int64_t begin, int count) {
    scorer.add(tile, begin, count, with_loss, outcome);
  });
  return outcome;
}

/// All ways to score random codes of the model, against the core functions.
void check(const Model& model, Task task, int64_t count, uint64_t seed) {
  testing::Random random(seed);
  EvaluationSet set = set_of(model, count, task);
  Scorer scorer(model, set);
  Codes clean = random_codes(random, model, count);
  each_tile(model, clean,
            [&](const auto* tile, int64_t begin, int n) { scorer.record_clean(tile, begin, n); });
  for (bool with_loss : {false, true}) {
    TrialOutcome clean_outcome = expected_outcome(model, set, clean, clean, with_loss);
    ASSERT_EQ(outcome_of(scorer, model, clean, with_loss), clean_outcome);
    TrialOutcome added = scorer.empty_outcome(0, with_loss), at_once = added;
    each_tile(model, clean,
              [&](const auto*, int64_t begin, int n) { scorer.add_clean(begin, n, with_loss, added); });
    scorer.add_clean(0, static_cast<int>(count), with_loss, at_once);
    ASSERT_EQ(added, clean_outcome);
    ASSERT_EQ(at_once, clean_outcome);
    for (int i = 0; i < 3; ++i) {
      Codes codes = faulty_codes(random, model, clean);
      ASSERT_EQ(outcome_of(scorer, model, codes, with_loss),
                expected_outcome(model, set, clean, codes, with_loss));
    }
  }
}

constexpr Task kTasks[] = {Task::classification, Task::regression, Task::reconstruction, Task::comparison};

TEST(Scorer, EqualsTheCoreFunctionsForAnyNumberOfCodes) {
  for (int num_codes : {1, 2, 5, 10, 100, 1000}) {
    for (Task task : kTasks) {
      for (int64_t count : {1, 32, 45, 100})
        ASSERT_NO_FATAL_FAILURE(check(small_model(num_codes), task, count, 1)) << num_codes << " " << count;
    }
  }
}

TEST(Scorer, EqualsTheCoreFunctionsForAnyNumberOfSamples) {
  Model model = small_model(10);
  for (Task task : kTasks) {
    for (int64_t count = 1; count <= 2 * kTile; ++count)
      ASSERT_NO_FATAL_FAILURE(check(model, task, count, static_cast<uint64_t>(count))) << count;
  }
}

TEST(Scorer, EqualsTheCoreFunctionsForAnyRangeOfCodes) {
  // Sums that may have to be held, differences of two codes that 32 bits do not hold, codes of 64 bits.
  Model holding = model_of(10, Format{16, 16, false}, Format{15, 0, true});
  Model far_apart = model_of(10, Format{16, 16, false}, Format{16, 0, true});
  Model wide = model_of(10, Format{16, 16, false}, Format{24, 0, true});
  ASSERT_LT(holding.type(1).high, int64_t{1} << 30);
  ASSERT_GT(far_apart.type(1).high, int64_t{1} << 30);
  ASSERT_FALSE(far_apart.type(1).needs_64_bits());
  ASSERT_TRUE(wide.type(1).needs_64_bits());
  Model narrow = model_of(10, Format{1, 0, true}, Format{2, 0, true});
  for (const Model* model : {&holding, &far_apart, &wide, &narrow}) {
    for (Task task : kTasks) {
      for (int64_t count : {1, 31, 32, 33, 64, 70})
        ASSERT_NO_FATAL_FAILURE(check(*model, task, count, 3)) << model->type(1).high << " " << count;
    }
  }
}

TEST(Scorer, DistancesAreHeld) {
  Model model = model_of(10, Format{16, 16, false}, Format{15, 0, true});
  EvaluationSet set = set_of(model, 40, Task::classification);
  Scorer scorer(model, set);
  Codes clean(40, std::vector<int64_t>(10, model.type(1).low)), codes = clean;
  each_tile(model, clean,
            [&](const auto* tile, int64_t begin, int n) { scorer.record_clean(tile, begin, n); });
  for (std::vector<int64_t>& row : codes) row[3] = model.type(1).high;
  TrialOutcome outcome = outcome_of(scorer, model, codes, true);
  EXPECT_EQ(outcome.distance, INT64_MAX);
  EXPECT_EQ(outcome, expected_outcome(model, set, clean, codes, true));
}

TEST(Scorer, AFittingDistanceIsHeldOverTiles) {
  Model model = small_model(10);
  EvaluationSet set = set_of(model, 32, Task::comparison);
  Scorer scorer(model, set);
  Codes clean(32, std::vector<int64_t>(10, 0)), codes(32, std::vector<int64_t>(10, 1));
  each_tile(model, clean,
            [&](const auto* tile, int64_t begin, int n) { scorer.record_clean(tile, begin, n); });
  TrialOutcome outcome = scorer.empty_outcome(0, false);
  outcome.distance = INT64_MAX - 320;
  std::vector<int32_t> tile = tile_of<int32_t>(codes, 0, 32);
  scorer.add(tile.data(), 0, 32, false, outcome);
  EXPECT_EQ(outcome.distance, INT64_MAX);
  scorer.add(tile.data(), 0, 32, false, outcome);
  EXPECT_EQ(outcome.distance, INT64_MAX);
}

TEST(Scorer, MergedPartsAddUpAndKeepTheirNulls) {
  TrialOutcome whole{.trial = 4, .flips = 9, .correct = 3, .changed = 2, .distance = 10, .loss = 7};
  TrialOutcome part{.trial = 0, .flips = 0, .correct = 1, .changed = 4, .distance = 5, .loss = 6};
  Scorer::merge(part, whole);
  EXPECT_EQ(whole,
            (TrialOutcome{.trial = 4, .flips = 9, .correct = 4, .changed = 6, .distance = 15, .loss = 13}));
  part.distance = INT64_MAX - 3;
  TrialOutcome nulls{.distance = 10};
  Scorer::merge(part, nulls);
  EXPECT_EQ(nulls, (TrialOutcome{.changed = 4, .distance = INT64_MAX}));
}

}  // namespace
}  // namespace netsurf
