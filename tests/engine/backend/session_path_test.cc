// What a session says of its path, and what it expects of each.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/base/error.h"
#include "engine/faults/fault_table.h"
#include "tests/models/expect_error.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

class SessionPath : public ::testing::Test {
 protected:
  std::unique_ptr<Session> open(const SessionOptions& options) const {
    return make_cpu_backend()->open(model_, set_, BitSpace(model_), options);
  }

  Model model_ = testing::tiny_mlp();
  EvaluationSet set_ = testing::random_set(model_, 100, 12);
};

TEST_F(SessionPath, NamesThePathAndTheInstructionSet) {
  EXPECT_EQ(open({.path = Path::plain})->path(), "cpu/plain");
  EXPECT_EQ(open({.path = Path::delta, .isa = "portable"})->path(), "cpu/delta/portable");
  EXPECT_EQ(open({})->path().substr(0, 9), "cpu/auto/");
  expect_error<InputError>([&] { open({.isa = "avx9"}); }, {"avx9", "this machine has portable"});
}

TEST_F(SessionPath, HasAnEstimateOfEveryPath) {
  TrialPlan plan;
  plan.faults.bit_error_rate = UnitDecimal::parse("0.01", "rate");
  plan.end = 100;
  std::vector<PathEstimate> estimates = open({})->estimate(plan);
  ASSERT_EQ(estimates.size(), kAllPaths.size());
  for (size_t i = 0; i < estimates.size(); ++i) {
    EXPECT_EQ(estimates[i].path, kAllPaths[i]);
    EXPECT_GT(estimates[i].seconds_per_trial, 0) << name_of(estimates[i].path);
  }
}

/// A trial whose faults in the first layer show in the second tile alone, so that in the first one only those
/// of the second layer are written; then one that writes other channels of that layer, then none.
TEST(SessionPathOverTiles, ATrialFindsNothingThatAnotherWrote) {
  testing::Random random(5);
  Format weights{6, 0, true}, biases{8, 1, true};
  Model model =
      Model::build("two",
                   {testing::input_layer({4}, Format{6, 1, true}), testing::dense_layer("first", 0, 0, 1),
                    testing::activation_layer("relu", 1, ActivationFunction::relu, Format{6, 3, false}),
                    testing::dense_layer("second", 2, 2, 3)},
                   {testing::filled_parameter("first/kernel", {4, 4}, weights, 9),
                    testing::filled_parameter("first/bias", {4}, biases, 60),
                    testing::random_parameter("second/kernel", {12, 4}, weights, random),
                    testing::random_parameter("second/bias", {12}, biases, random)});
  EvaluationSet set = testing::random_set(model, 64, 3);
  std::fill_n(set.codes.begin(), 32 * 4, 0);
  BitSpace space(model);
  auto sign = [&](int parameter, int64_t element) { return space.id({parameter, element, 5}); };
  TrialPlan plan;
  plan.faults.model = FaultModel::list;
  std::vector<std::vector<BitId>> lists;
  for (int i = 0; i < 10; ++i) {  // often enough that some run one after the other on the same tiles
    lists.push_back({sign(0, 0), sign(0, 9), sign(2, 0)});
    for (auto& list : {std::vector{sign(2, 8 * 4 + 1)}, {}, {sign(2, 3)}}) lists.push_back(list);
  }
  plan.end = lists.size();
  plan.faults.table = std::make_shared<FaultTable>(make_fault_table(std::move(lists)));
  auto run = [&](Path path) {
    SessionOptions options{.num_threads = 1, .path = path};
    return make_cpu_backend()->open(model, set, space, options)->run(plan);
  };
  std::vector<TrialOutcome> plain = run(Path::plain), delta = run(Path::delta);
  for (size_t t : {0, 1, 3}) EXPECT_GT(plain[t].distance, 0) << t;
  EXPECT_EQ(delta, plain);
}

}  // namespace
}  // namespace netsurf
