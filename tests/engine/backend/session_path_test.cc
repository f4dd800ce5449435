// What a session says of its path, and what it expects of each.
#include <gtest/gtest.h>

#include "engine/backend/backend.h"
#include "engine/base/error.h"
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

}  // namespace
}  // namespace netsurf
