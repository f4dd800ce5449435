// Faults in what networks made by others hold: zero points, bipolar bits, thresholds, constants, units.
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

std::unique_ptr<Session> open(const Model& model, const EvaluationSet& set, int threads = 2,
                              uint64_t max_batch = 1000, BitSpace::Pruned pruned = BitSpace::Pruned::absent) {
  return make_cpu_backend()->open(model, set, BitSpace(model, pruned), {threads, max_batch});
}

/// Zero points, bipolar bits, thresholds and constants in one network.
testing::Parts foreign_parts() {
  testing::Random random(21);
  Format nibble{4, 4, false};
  testing::Parts parts = {
      {testing::input_layer({6}, Format{6, 1, true}), testing::dense_layer("d", 0, 0, 1),
       testing::affine_layer("a", 1, 2), testing::threshold_layer("t", 2, 3, Format{3, 3, false}, 0, 7),
       testing::dense_layer("e", 3, 4)},
      {testing::random_parameter("k", {5, 6}, nibble, random),
       testing::random_parameter("b", {5}, nibble, random),
       testing::random_parameter("scale", {5}, Format{4, 2, true}, random),
       testing::random_parameter("rows", {5, 7}, Format{9, 3, true}, random),
       testing::random_parameter("bits", {3, 5}, Format{1, 1, false}, random)}};
  parts.parameters[0].zero_point = 8;
  parts.parameters[1].zero_point = -3;
  parts.parameters[2].constant = true;
  parts.parameters[4].bipolar = true;
  return parts;
}

TEST(Session, FlipsOfForeignParametersAreThoseOfTheirCodes) {
  testing::Parts parts = foreign_parts();
  Model model = parts.build();
  EvaluationSet set = random_set(model, 33, 14);
  auto session = open(model, set);
  ASSERT_EQ(session->bit_space().size(), 30u * 4 + 5 * 4 + 35 * 9 + 15);
  int changes = 0;
  for (BitId id = 0; id < session->bit_space().size(); ++id) {
    BitAddress at = session->bit_space().address(id);
    ASSERT_NE(model.parameters()[static_cast<size_t>(at.parameter)].name, "scale");
    std::vector<Parameter> parameters = model.parameters();
    Parameter& parameter = parameters[static_cast<size_t>(at.parameter)];
    int32_t& code = parameter.codes[static_cast<size_t>(at.element)];
    int32_t weight = 1 << at.bit;
    bool is_set = (code & weight) != 0,
         is_sign = parameter.format.is_signed && at.bit == parameter.format.bits - 1;
    code += is_set != is_sign ? -weight : weight;
    Model faulty = Model::build("faulty", model.layers(), parameters);
    TrialOutcome expected = open(faulty, set, 1)->clean(), found = session->run(list_plan({{id}}))[0];
    ASSERT_EQ(found.correct, expected.correct) << id;
    ASSERT_EQ(found.loss, expected.loss) << id;
    changes += found.distance > 0 ? 1 : 0;
  }
  EXPECT_GT(changes, 50);
}

TEST(Session, ConstantsNeverFlip) {
  testing::Parts parts = foreign_parts();
  Model model = parts.build();
  EvaluationSet set = random_set(model, 33, 15);
  for (Parameter& parameter : parts.parameters) {
    if (parameter.constant) continue;
    for (int32_t& code : parameter.codes)
      code = parameter.format.is_signed ? ~code : static_cast<int32_t>(parameter.format.max_code()) - code;
  }
  Model other = parts.build();
  TrialOutcome expected = open(other, set)->clean(), found = open(model, set)->run(plan_of("1", 0, 1))[0];
  EXPECT_EQ(found.flips, model.num_bits());
  EXPECT_EQ(found.correct, expected.correct);
  EXPECT_EQ(found.loss, expected.loss);
}

TEST(Session, TheUnitOfTheOutputScalesTheLoss) {
  testing::Parts parts = testing::mlp_parts();
  EvaluationSet set = random_set(parts.build(), 40, 16);
  testing::Parts finer = parts;  // two more fraction bits in the last layer: codes of a quarter of the size
  for (size_t p : {2u, 3u}) finer.parameters[p].format.integer_bits -= 2;
  parts.layers[3].unit = 0.25f;
  Model model = parts.build(), same = finer.build();
  EXPECT_EQ(open(model, set)->clean(), open(same, set)->clean());
  parts.layers[3].unit = 1;
  Model other = parts.build();
  EXPECT_NE(open(model, set)->clean().loss, open(other, set)->clean().loss);
  parts.layers.push_back(testing::plain_layer(LayerKind::softmax, "s", {3}));
  parts.layers[4].unit = 0.25f;
  Model with_softmax = parts.build();
  EXPECT_EQ(open(with_softmax, set)->clean(), open(same, set)->clean());
}

TEST(Session, AUnitThatIsNoPowerOfTwoIsMultipliedInFloat32) {
  Layer input = testing::input_layer({1}, Format{6, 5, true});
  input.unit = 0.1f;
  Model model = Model::build("unit", {input}, {});
  EvaluationSet set = random_set(model, 1, 17, Task::regression);
  set.codes = {3};
  set.targets = {0.25f};
  float error = 3.0f * 0.1f - 0.25f;
  EXPECT_EQ(open(model, set)->clean().loss, static_cast<int64_t>(error * error * 1048576.0f + 0.5f));
}

/// The bias is finer than the products by 39 bits, more than the sums have: only zeros can be shifted so far.
TEST(ForeignSession, AShiftBeyondTheSumsMeetsZerosAlone) {
  Parameter kernel = testing::filled_parameter("kernel", {2, 3}, Format{4, 3, true}, 0);
  kernel.constant = true;
  Model model = Model::build(
      "zeros", {testing::input_layer({3}, Format{4, 3, true}), testing::dense_layer("dense", 0, 0, 1)},
      {kernel, testing::given_parameter("bias", {2}, Format{8, -32, true}, {3, 1})});
  ASSERT_FALSE(model.type(1).needs_64_bits());
  EvaluationSet set = testing::random_set(model, 40, 3);
  for (Path path : kAllPaths) {
    auto session = make_cpu_backend()->open(model, set, BitSpace(model), {.num_threads = 1, .path = path});
    std::vector<TrialOutcome> outcomes = session->run(list_plan({{1}, {2}}));  // 3 -> 1, 3 -> 7
    EXPECT_EQ(outcomes[0].distance, 40 * 4) << name_of(path);
    EXPECT_EQ(outcomes[1].distance, 40 * 16) << name_of(path);
  }
}

}  // namespace
}  // namespace netsurf
