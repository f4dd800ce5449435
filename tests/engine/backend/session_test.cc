#include <gtest/gtest.h>

#include <algorithm>

#include "engine/backend/backend.h"
#include "engine/base/error.h"
#include "engine/faults/fault_table.h"
#include "engine/faults/sampler.h"
#include "tests/models/expect_error.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

using testing::random_set;
using testing::tiny_mlp;

TrialPlan plan_of(const char* rate, uint64_t begin, uint64_t end, FaultModel model = FaultModel::bernoulli) {
  TrialPlan plan;
  plan.faults = {model, Design::independent, UnitDecimal::parse(rate, "rate"), 5, nullptr};
  plan.begin = begin;
  plan.end = end;
  return plan;
}

TrialPlan list_plan(std::vector<std::vector<BitId>> lists) {
  TrialPlan plan = plan_of("0", 0, lists.size(), FaultModel::list);
  plan.faults.table = std::make_shared<FaultTable>(make_fault_table(std::move(lists)));
  return plan;
}

Protection in_order(const char* fraction, uint64_t bits) {
  std::vector<uint32_t> rank(bits);
  for (uint32_t i = 0; i < bits; ++i) rank[i] = i;
  return {UnitDecimal::parse(fraction, "protection"),
          std::make_shared<const std::vector<uint32_t>>(std::move(rank))};
}

std::unique_ptr<Session> open(const Model& model, const EvaluationSet& set, int threads = 2,
                              uint64_t max_batch = 1000, BitSpace::Pruned pruned = BitSpace::Pruned::absent) {
  return make_cpu_backend()->open(model, set, BitSpace(model, pruned), {threads, max_batch});
}

/// The same network with every stored bit of every parameter inverted.
Model inverted(const Model& model) {
  std::vector<Parameter> parameters = model.parameters();
  for (Parameter& parameter : parameters) {
    for (int32_t& code : parameter.codes)
      code = parameter.format.is_signed ? ~code : static_cast<int32_t>(parameter.format.max_code()) - code;
  }
  return Model::build("inverted", model.layers(), parameters);
}

TEST(Session, OutcomesDoNotDependOnThreadsOrBatches) {
  Model model = testing::branched(1).build();
  EvaluationSet set = random_set(model, 100, 1);
  TrialPlan plan = plan_of("0.01", 3, 40);
  std::vector<TrialOutcome> expected = open(model, set, 1)->run(plan);
  ASSERT_EQ(expected.size(), 37u);
  for (int threads : {1, 2, 3, 7}) {
    for (uint64_t batch : {1u, 3u, 1000u})
      ASSERT_EQ(open(model, set, threads, batch)->run(plan), expected) << threads << " " << batch;
  }
  EXPECT_EQ(open(model, set, 0, 0)->run(plan), expected);  // all cores; a batch of at least one
}

TEST(Session, OutcomesDoNotDependOnHowTheRangeIsSplit) {
  Model model = tiny_mlp();
  EvaluationSet set = random_set(model, 50, 2);
  for (FaultModel kind : {FaultModel::bernoulli, FaultModel::exact, FaultModel::coverage}) {
    auto session = open(model, set);
    std::vector<TrialOutcome> expected = session->run(plan_of("0.03", 0, 60, kind));
    testing::Random random(4);
    for (int i = 0; i < 5; ++i) {
      std::vector<TrialOutcome> found;
      for (uint64_t begin = 0; begin < 60;) {
        uint64_t end = std::min<uint64_t>(60, begin + static_cast<uint64_t>(random.pick(1, 25)));
        std::vector<TrialOutcome> part = session->run(plan_of("0.03", begin, end, kind));
        found.insert(found.end(), part.begin(), part.end());
        begin = end;
      }
      ASSERT_EQ(found, expected);
    }
    for (uint64_t trial = 0; trial < 60; ++trial) ASSERT_EQ(expected[trial].trial, trial);
  }
}

TEST(Session, SampleCountsThatDoNotFillTilesAddUp) {
  Model model = tiny_mlp();
  EvaluationSet all = random_set(model, 100, 3);
  TrialPlan plan = plan_of("0.05", 0, 8);
  // Each prefix of the samples, against the sum of its samples one by one.
  std::vector<TrialOutcome> sums(8);
  for (int64_t i = 0, next = 0; int64_t count : {1, 31, 32, 33, 64, 65, 100}) {
    for (; i < count; ++i, ++next) {
      EvaluationSet one = all;
      one.count = 1;
      one.codes.assign(all.codes.begin() + i * 6, all.codes.begin() + (i + 1) * 6);
      one.labels = {all.labels[static_cast<size_t>(i)]};
      std::vector<TrialOutcome> part = open(model, one, 1)->run(plan);
      for (size_t t = 0; t < 8; ++t) {
        if (next == 0) {
          sums[t] = part[t];
          continue;
        }
        ASSERT_EQ(part[t].flips, sums[t].flips);
        sums[t].correct += part[t].correct;
        sums[t].changed += part[t].changed;
        sums[t].distance += part[t].distance;
        sums[t].loss += part[t].loss;
      }
    }
    EvaluationSet prefix = all;
    prefix.count = count;
    prefix.codes.resize(static_cast<size_t>(count) * 6);
    prefix.labels.resize(static_cast<size_t>(count));
    auto session = open(model, prefix);
    EXPECT_EQ(session->num_samples(), count);
    ASSERT_EQ(session->run(plan), sums) << count;
  }
}

TEST(Session, NoFlipsGiveExactlyTheCleanOutcome) {
  Model model = tiny_mlp();
  EvaluationSet set = random_set(model, 77, 4);
  auto session = open(model, set);
  TrialOutcome clean = session->clean();
  EXPECT_EQ(clean.flips, 0);
  EXPECT_EQ(clean.changed, 0);
  EXPECT_EQ(clean.distance, 0);
  EXPECT_GE(clean.correct, 0);
  EXPECT_GE(clean.loss, 0);
  for (TrialPlan plan :
       {plan_of("0", 5, 9), list_plan({{}, {}}), plan_of("0.0001", 2, 4, FaultModel::exact)}) {
    for (const TrialOutcome& outcome : session->run(plan)) {
      clean.trial = outcome.trial;
      EXPECT_EQ(outcome, clean);
    }
  }
}

TEST(Session, FlipsAreUndone) {
  Model model = testing::branched(2).build();
  EvaluationSet set = random_set(model, 64, 5);
  auto session = open(model, set, 3);
  std::vector<TrialOutcome> before = session->run(plan_of("0", 0, 12));
  std::vector<TrialOutcome> faulty = session->run(plan_of("0.2", 0, 12));
  EXPECT_NE(faulty, before);
  session->run(plan_of("1", 0, 5));
  EXPECT_EQ(session->run(plan_of("0", 0, 12)), before);
  EXPECT_EQ(session->run(plan_of("0.2", 0, 12)), faulty);
}

TEST(Session, WithoutTheLossTheRestIsTheSame) {
  Model model = tiny_mlp();
  EvaluationSet set = random_set(model, 40, 6);
  auto session = open(model, set);
  TrialPlan plan = plan_of("0.05", 0, 10);
  std::vector<TrialOutcome> with = session->run(plan);
  plan.with_loss = false;
  std::vector<TrialOutcome> without = session->run(plan);
  for (size_t i = 0; i < with.size(); ++i) {
    EXPECT_GE(with[i].loss, 0);
    EXPECT_EQ(without[i].loss, kNoCount);
    with[i].loss = kNoCount;
    EXPECT_EQ(without[i], with[i]);
  }
}

TEST(Session, WithoutLabelsThereIsNoCorrectAndAnyCodeCountsAsChange) {
  testing::Parts parts = testing::mlp_parts();
  parts.parameters[3].format =
      Format{8, -1, true};  // the step of the products, so that a bit moves a code by one
  Model model = parts.build();
  for (Task task : {Task::regression, Task::reconstruction}) {
    EvaluationSet set = random_set(model, 40, 7, task);
    auto session = open(model, set);
    EXPECT_EQ(session->clean().correct, kNoCount);
    EXPECT_GT(session->clean().loss, 0);
    // The least bit of an output bias changes one code of every sample by one.
    TrialOutcome outcome = session->run(list_plan({{session->bit_space().id({3, 1, 0})}}))[0];
    EXPECT_EQ(outcome.correct, kNoCount);
    EXPECT_EQ(outcome.changed, 40);
    EXPECT_EQ(outcome.flips, 1);
    EXPECT_EQ(outcome.distance, 40);
    set.labels.assign(40, 0);
    expect_error<InputError>([&] { open(model, set); }, {"40 labels", "expected 0"});
  }
}

TEST(Session, SetsThatDoNotFitTheModelAreRefused) {
  Model model = tiny_mlp();
  EvaluationSet good = random_set(model, 5, 3), set = good;
  set.labels[2] = 1000;
  expect_error<InputError>([&] { open(model, set); }, {"label 1000", "out of range"});
  set = good;
  set.codes[7] = 1 << 20;
  expect_error<InputError>([&] { open(model, set); }, {"1048576", "input format"});
}

TEST(Session, FullProtectionGivesTheCleanOutcome) {
  Model model = tiny_mlp();
  EvaluationSet set = random_set(model, 40, 8);
  auto session = open(model, set);
  TrialPlan plan = plan_of("1", 0, 3);
  plan.protection = in_order("1", session->bit_space().size());
  TrialOutcome clean = session->clean();
  for (const TrialOutcome& outcome : session->run(plan)) {
    clean.trial = outcome.trial;
    EXPECT_EQ(outcome, clean);
  }
}

TEST(Session, RateOneInvertsEveryBit) {
  Model model = tiny_mlp();
  EvaluationSet set = random_set(model, 70, 9);
  auto session = open(model, set);
  Model other = inverted(model);
  auto expected = open(other, set)->clean();
  for (const TrialOutcome& outcome : session->run(plan_of("1", 0, 3))) {
    EXPECT_EQ(outcome.flips, model.num_bits());
    EXPECT_EQ(outcome.correct, expected.correct);
    EXPECT_EQ(outcome.loss, expected.loss);
    EXPECT_GT(outcome.distance, 0);
  }
}

TEST(Session, RateOneLeavesPrunedAndProtectedBitsAlone) {
  testing::Parts parts = testing::mlp_parts();
  for (size_t i = 0; i < 30; i += 2) parts.parameters[0].codes[i] = 0;
  parts.parameters[0].pruned.assign(30, 0);
  for (size_t i = 0; i < 30; i += 2) parts.parameters[0].pruned[i] = 1;
  Model model = parts.build();
  EvaluationSet set = random_set(model, 70, 10);
  auto expect_like = [&](TrialOutcome found, const testing::Parts& faulty) {
    Model other = faulty.build();
    TrialOutcome expected = open(other, set)->clean();
    EXPECT_EQ(found.correct, expected.correct);
    EXPECT_EQ(found.loss, expected.loss);
  };
  testing::Parts all = parts;  // every present bit inverted
  for (Parameter& parameter : all.parameters) {
    for (size_t i = 0; i < parameter.codes.size(); ++i) {
      if (parameter.pruned.empty() || parameter.pruned[i] == 0) parameter.codes[i] = ~parameter.codes[i];
    }
  }
  auto session = open(model, set);
  expect_like(session->run(plan_of("1", 0, 1))[0], all);

  testing::Parts shielded = all;  // the first kernel, 15 x 6 of the bits, protected
  shielded.parameters[0] = parts.parameters[0];
  TrialPlan plan = plan_of("1", 0, 1);
  ASSERT_EQ(session->bit_space().size(), 90u + 40 + 90 + 24);
  plan.protection = in_order("0.369", session->bit_space().size());
  ASSERT_EQ(plan.protection.num_protected(244), 90u);
  expect_like(session->run(plan)[0], shielded);

  testing::Parts stored = all;  // the zeros are stored, and flip to minus one
  stored.parameters[0].pruned.clear();
  for (size_t i = 0; i < 30; i += 2) stored.parameters[0].codes[i] = -1;
  expect_like(open(model, set, 2, 1000, BitSpace::Pruned::stored)->run(plan_of("1", 0, 1))[0], stored);
}

TEST(Session, ASingleFlipIsThatOfTheModelWithThatCode) {
  Model model = tiny_mlp();
  EvaluationSet set = random_set(model, 33, 11);
  auto session = open(model, set);
  for (BitId id = 0; id < session->bit_space().size(); id += 13) {
    BitAddress at = session->bit_space().address(id);
    std::vector<Parameter> parameters = model.parameters();
    Parameter& parameter = parameters[static_cast<size_t>(at.parameter)];
    int64_t weight = int64_t{1} << at.bit;
    if (at.bit == parameter.format.bits - 1) weight = -weight;  // two's complement
    int32_t& code = parameter.codes[static_cast<size_t>(at.element)];
    bool is_set = (code >> at.bit & 1) != 0;
    code = static_cast<int32_t>(code + (is_set ? -weight : weight));
    Model faulty = Model::build("faulty", model.layers(), parameters);
    TrialOutcome expected = open(faulty, set)->clean(), found = session->run(list_plan({{id}}))[0];
    ASSERT_EQ(found.correct, expected.correct) << id;
    ASSERT_EQ(found.loss, expected.loss) << id;
  }
}

TEST(Session, TrialsMayStandAtTheEndOfTheNumbers) {
  Model model = tiny_mlp();
  EvaluationSet set = random_set(model, 3, 12);
  uint64_t last = ~uint64_t{0};
  auto outcomes = open(model, set)->run(plan_of("0.1", last - 5, last));
  ASSERT_EQ(outcomes.size(), 5u);
  EXPECT_EQ(outcomes.back().trial, last - 1);
}

TEST(Session, AnEmptyRangeGivesNothingAndABackwardOneIsRefused) {
  Model model = tiny_mlp();
  EvaluationSet set = random_set(model, 3, 12);
  auto session = open(model, set);
  EXPECT_TRUE(session->run(plan_of("0.1", 4, 4)).empty());
  expect_error<InputError>([&] { session->run(plan_of("0.1", 4, 3)); }, {"[4, 3)", "backwards"});
  expect_error<InputError>([&] { session->run(list_plan({{9999}})); }, {"bit 9999"});
  TrialPlan beyond = list_plan({{1}, {2}});
  beyond.end = 3;
  expect_error<InputError>([&] { session->run(beyond); }, {"trial 2", "2 fault lists"});
}

TEST(Session, ASetThatDoesNotFitTheModelIsRefused) {
  Model model = tiny_mlp();
  auto refused = [&](const EvaluationSet& set) { EXPECT_THROW(open(model, set), InputError); };
  EvaluationSet good = random_set(model, 5, 13), set = good;
  set.count = 0;
  refused(set);
  set = good;
  set.sample_size = 5;
  refused(set);
  set = good;
  set.codes.pop_back();
  refused(set);
  set = good;
  set.labels.pop_back();
  refused(set);
  set = good;
  set.task = Task::regression;
  refused(set);
  set = random_set(model, 5, 13, Task::regression);
  set.targets.pop_back();
  refused(set);
}

TEST(Session, DistancesAreHeldWhereTheyWouldPass63Bits) {
  Format sixteen{16, 0, true}, wide{32, 31, true};
  Model model = Model::build("wide",
                             {testing::input_layer({1}, sixteen), testing::affine_layer("a", 0, 0),
                              testing::affine_layer("b", 1, 1)},
                             {testing::filled_parameter("s", {1}, wide, 1),
                              testing::filled_parameter("t", {1}, Format{17, 16, true}, 1)});
  EvaluationSet set = random_set(model, 40, 1, Task::regression);
  for (int32_t& code : set.codes) code = -32768;
  TrialPlan plan;
  plan.faults.model = FaultModel::list;
  // Alone either sign bit moves an output by 2^46 or 2^31; the second squared and summed over 40 samples
  // passes 2^63 too.
  plan.faults.table = std::make_shared<FaultTable>(make_fault_table({{31}, {0, 1}, {}}));
  plan.end = 3;
  std::vector<TrialOutcome> outcomes = open(model, set)->run(plan);
  EXPECT_EQ(outcomes[0].distance, INT64_MAX);
  EXPECT_GT(outcomes[1].distance, 0);
  EXPECT_LT(outcomes[1].distance, INT64_MAX);
  EXPECT_EQ(outcomes[2].distance, 0);
}

TEST(Session, WideScoresAreCountedIn64Bits) {
  // Against the definition in 128-bit arithmetic: two scores of two factors each, bits of one factor flipped.
  using testing::affine_layer;
  using testing::filled_parameter;
  Model model = Model::build(
      "wide",
      {testing::input_layer({2}, Format{16, 0, true}), affine_layer("a", 0, 0), affine_layer("b", 1, 1)},
      {filled_parameter("s", {2}, Format{32, 31, true}, 1),
       filled_parameter("t", {2}, Format{17, 16, true}, -65536)});
  ASSERT_EQ(model.type(2).bound, int64_t{1} << 62);
  EvaluationSet set = random_set(model, 40, 1);
  for (int threads : {1, 3}) {
    auto session = open(model, set, threads);
    for (int bit : {0, 3, 12, 31}) {
      TrialOutcome outcome = session->run(list_plan({{session->bit_space().id({0, 0, bit})}}))[0];
      int64_t weight = bit == 31 ? -(int64_t{1} << 31) : int64_t{1} << bit;
      int64_t factor = bit == 0 ? 0 : 1 + weight;
      __int128 distance = 0, most = INT64_MAX;
      int64_t changed = 0, correct = 0;
      for (size_t i = 0; i < 40; ++i) {
        int64_t x = set.codes[2 * i], other = set.codes[2 * i + 1] * int64_t{-65536};
        int64_t clean = x * -65536, faulty = x * factor * -65536;
        __int128 difference = faulty - clean;
        distance = std::min(most, distance + difference * difference);
        changed += (other > faulty) != (other > clean) ? 1 : 0;
        correct += (other > faulty ? 1 : 0) == set.labels[i] ? 1 : 0;
      }
      EXPECT_EQ(outcome.distance, static_cast<int64_t>(distance)) << bit;
      EXPECT_EQ(outcome.changed, changed) << bit;
      EXPECT_EQ(outcome.correct, correct) << bit;
      EXPECT_GE(outcome.loss, 0) << bit;
    }
  }
}

}  // namespace
}  // namespace netsurf
