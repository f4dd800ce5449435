// Sessions that share their trials have the outcomes of one.
#include "engine/backend/shared_session.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

class SharedSessionTest : public ::testing::Test {
 protected:
  std::unique_ptr<Session> open(const Model& model) const {
    return make_cpu_backend()->open(model, set_, BitSpace(model), {.num_threads = 1});
  }
  std::unique_ptr<Session> share(int sessions) const {
    std::vector<std::unique_ptr<Session>> all;
    for (int i = 0; i < sessions; ++i) all.push_back(open(model_));
    return make_shared_session(std::move(all));
  }

  Model model_ = testing::tiny_mlp();
  EvaluationSet set_ = testing::random_set(model_, 40, 12);
};

TEST_F(SharedSessionTest, HasTheOutcomesOfOneForAnyNumberOfTrials) {
  TrialPlan plan;
  plan.faults.bit_error_rate = UnitDecimal::parse("0.05", "rate");
  plan.begin = 3;
  for (int sessions : {1, 2, 3}) {
    auto shared = share(sessions);
    EXPECT_EQ(shared->clean(), open(model_)->clean());
    for (uint64_t trials : {0, 1, 2, 7, 64}) {
      plan.end = plan.begin + trials;
      EXPECT_EQ(shared->run(plan), open(model_)->run(plan))
          << sessions << " sessions, " << trials << " trials";
    }
  }
}

TEST_F(SharedSessionTest, PassesOnWhatOneOfThemThrows) {
  TrialPlan plan;
  plan.faults.model = FaultModel::list;
  plan.faults.table = std::make_shared<FaultTable>();  // no list for any trial
  plan.end = 4;
  EXPECT_ANY_THROW(share(2)->run(plan));
}

TEST_F(SharedSessionTest, RefusesSessionsThatDifferWithoutFaults) {
  Model other = testing::tiny_mlp(2);
  std::vector<std::unique_ptr<Session>> two;
  two.push_back(open(model_));
  two.push_back(open(other));
  expect_error<RunError>([&] { make_shared_session(std::move(two)); }, {"differ without faults"});
}

}  // namespace
}  // namespace netsurf
