#include "engine/sweep/regret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/base/error.h"
#include "engine/faults/sampler.h"
#include "engine/stats/student_t.h"
#include "tests/engine/sweep/fake_session.h"

namespace netsurf {
namespace {

using testing::decimals;
using testing::FakeSession;
using ::testing::HasSubstr;

constexpr size_t kBits = 480;

/// Every flipped bit costs what its id says, in loss, right answers and distance.
class CostSession : public FakeSession {
 public:
  static int64_t cost(BitId bit) { return int64_t{bit} * bit % 97; }

  bool has_answers = true;
  uint64_t trials_run = 0;

  void forget_answers() {
    has_answers = false;
    clean_.correct = clean_.loss = kNoCount;
  }

 protected:
  std::vector<TrialOutcome> do_run(const TrialPlan& plan) override {
    if (on_run) on_run(plan);
    FaultBatch batch = FaultSampler(bit_space(), plan.faults, plan.protection).sample(plan.begin, plan.end);
    std::vector<TrialOutcome> outcomes;
    for (uint64_t trial = plan.begin; trial < plan.end; ++trial) {
      TrialOutcome outcome;
      outcome.trial = trial;
      for (BitId bit : batch.flips(trial)) outcome.distance += cost(bit);
      if (has_answers) {
        outcome.loss = clean_.loss + (outcome.distance << 20);
        outcome.correct = clean_.correct - outcome.distance % 900;
      }
      outcomes.push_back(outcome);
    }
    trials_run += outcomes.size();
    return outcomes;
  }
};

SharedPlaces places_by(const std::function<int64_t(BitId)>& key) {
  std::vector<BitId> order(kBits);
  std::iota(order.begin(), order.end(), BitId{0});
  std::stable_sort(order.begin(), order.end(), [&](BitId a, BitId b) { return key(a) < key(b); });
  auto places = std::make_shared<std::vector<uint32_t>>(kBits);
  for (size_t place = 0; place < kBits; ++place) (*places)[order[place]] = static_cast<uint32_t>(place);
  return places;
}
SharedPlaces by_id() {
  return places_by([](BitId bit) { return bit; });
}
SharedPlaces by_cost() {
  return places_by([](BitId bit) { return -CostSession::cost(bit); });
}

RegretOptions some_options() {
  RegretOptions options;
  options.faults.seed = 9;
  options.protections = decimals({"0.1", "0.4"});
  options.bit_error_rates = decimals({"0.01", "0.05"});
  options.trials = 60;
  return options;
}

RegretResult run(Session& session, const std::vector<SharedPlaces>& rankings, const RegretOptions& options,
                 const RegretCallback& progress = nullptr) {
  static const std::atomic<bool> never{false};
  return run_regret(session, rankings, options, progress, never);
}

TEST(Regret, FiguresAreThoseOfTheSessionsOutcomes) {
  CostSession session;
  RegretOptions options = some_options();
  std::vector<SharedPlaces> rankings = {by_id(), by_cost()};
  RegretResult result = run(session, rankings, options);
  EXPECT_FALSE(result.by_distance);
  EXPECT_FALSE(result.stopped);
  ASSERT_EQ(result.cells.size(), 4u);
  size_t c = 0;
  for (const UnitDecimal& rate : options.bit_error_rates) {
    for (const UnitDecimal& protection : options.protections) {
      const RegretCell& cell = result.cells[c++];
      EXPECT_EQ(cell.bit_error_rate, rate);
      EXPECT_EQ(cell.protection, protection);
      std::vector<std::vector<double>> loss(2), accuracy(2);
      for (size_t r = 0; r < 2; ++r) {
        TrialPlan plan;
        plan.faults = options.faults;
        plan.faults.bit_error_rate = rate;
        plan.protection = {protection, rankings[r]};
        plan.end = 60;
        for (const TrialOutcome& outcome : session.run(plan)) {
          loss[r].push_back(static_cast<double>(outcome.loss) * kLossUnit / 1000);
          accuracy[r].push_back(static_cast<double>(outcome.correct) / 1000);
        }
        EXPECT_NEAR(cell.mean_harm(r), std::accumulate(loss[r].begin(), loss[r].end(), 0.0) / 60, 1e-12);
        EXPECT_NEAR(*cell.mean_accuracy(r), std::accumulate(accuracy[r].begin(), accuracy[r].end(), 0.0) / 60,
                    1e-12);
      }
      double mean = 0, squares = 0;
      for (size_t t = 0; t < 60; ++t) mean += (loss[0][t] - loss[1][t]) / 60;
      for (size_t t = 0; t < 60; ++t) squares += std::pow(loss[0][t] - loss[1][t] - mean, 2);
      double half = student_t_quantile(0.975, 59) * std::sqrt(squares / 59 / 60);
      PairedDifference regret = cell.harm_difference(0, 1);
      EXPECT_EQ(regret.basis, IntervalBasis::trials);
      EXPECT_NEAR(regret.mean, mean, 1e-12);
      ASSERT_TRUE(regret.interval);
      EXPECT_NEAR(regret.interval->low, mean - half, 1e-12);
      EXPECT_NEAR(regret.interval->high, mean + half, 1e-12);
      EXPECT_EQ(cell.least_harm(), 1u);
      EXPECT_EQ(cell.highest_accuracy(), *cell.mean_accuracy(1) > *cell.mean_accuracy(0) ? 1u : 0u);
      EXPECT_NEAR(cell.accuracy_difference(0, 1).mean, *cell.mean_accuracy(0) - *cell.mean_accuracy(1),
                  1e-12);
    }
  }
}

TEST(Regret, RankingsThatProtectTheSameBitsRunOnceAndDifferByNothing) {
  CostSession session;
  // The same first tenth in another order, so the same bits at 0.1 and not at 0.4.
  SharedPlaces first = by_cost();
  SharedPlaces turned = places_by(
      [&](BitId bit) { return (*first)[bit] < 48 ? 47 - int64_t{(*first)[bit]} : int64_t{bit} + 48; });
  RegretOptions options = some_options();
  options.bit_error_rates = decimals({"0.05"});
  RegretResult result = run(session, {first, turned, first}, options);
  EXPECT_EQ(session.trials_run, (1u + 2u) * 60u);
  for (auto [a, b] : {std::pair<size_t, size_t>{0, 1}, {0, 2}}) {
    PairedDifference same = result.cells[0].harm_difference(a, b);
    EXPECT_EQ(same.basis, IntervalBasis::exact);
    EXPECT_EQ(same.mean, 0);
    ASSERT_TRUE(same.interval);
    EXPECT_EQ(same.interval->low, 0);
    EXPECT_EQ(same.interval->high, 0);
  }
  EXPECT_EQ(result.cells[0].least_harm(), 0u);
  EXPECT_EQ(result.cells[1].harm_difference(0, 2).basis, IntervalBasis::exact);
  EXPECT_GT(result.cells[1].harm_difference(1, 0).mean, 0);
}

TEST(Regret, BatchesChangeNoFigure) {
  for (Design design : {Design::independent, Design::rotation}) {
    RegretOptions options = some_options();
    options.faults.design = design;
    options.trials = 170;
    std::vector<RegretResult> results;
    for (uint64_t batch : {0, 1, 7, 1000}) {
      CostSession session;
      options.batch = batch;
      results.push_back(run(session, {by_id(), by_cost()}, options));
    }
    for (const RegretResult& other : results) {
      for (size_t c = 0; c < other.cells.size(); ++c) {
        PairedDifference one = results[0].cells[c].harm_difference(0, 1),
                         same = other.cells[c].harm_difference(0, 1);
        EXPECT_EQ(one.mean, same.mean);
        EXPECT_EQ(one.interval->low, same.interval->low);
        EXPECT_EQ(results[0].cells[c].mean_harm(1), other.cells[c].mean_harm(1));
      }
    }
  }
}

TEST(Regret, RotationRunsWholeEpochsWhereEightFitAndSaysSoWhereNot) {
  CostSession session;
  RegretOptions options = some_options();
  options.faults.design = Design::rotation;
  options.bit_error_rates = decimals({"0.01", "0.0625"});
  options.trials = 170;  // an epoch of 100, and ten of 16
  RegretResult result = run(session, {by_id(), by_cost()}, options);
  EXPECT_EQ(result.cells[0].design, Design::independent);
  EXPECT_EQ(result.cells[0].trials, 170u);
  EXPECT_EQ(result.cells[0].harm_difference(0, 1).basis, IntervalBasis::trials);
  EXPECT_EQ(result.cells[2].design, Design::rotation);
  EXPECT_EQ(result.cells[2].trials, 160u);
  EXPECT_EQ(result.cells[2].accuracy_difference(0, 1).basis, IntervalBasis::epochs);
  // Costs add up in this session and every bit flips once an epoch: the mean has no noise but the harm
  // itself.
  double protected_cost = 0, total = 0;
  for (BitId bit = 0; bit < kBits; ++bit) {
    total += static_cast<double>(CostSession::cost(bit));
    if ((*by_id())[bit] < 48) protected_cost += static_cast<double>(CostSession::cost(bit));
  }
  EXPECT_NEAR(result.cells[2].mean_harm(0),
              (1 << 20) * kLossUnit / 1000 + (total - protected_cost) / 16 / 1000, 1e-9);
}

TEST(Regret, WithoutALossTheDistanceDecides) {
  CostSession session;
  session.forget_answers();
  RegretResult result = run(session, {by_id(), by_cost()}, some_options());
  EXPECT_TRUE(result.by_distance);
  EXPECT_EQ(result.cells[0].least_harm(), 1u);
  EXPECT_FALSE(result.cells[0].mean_accuracy(0));
  EXPECT_GT(result.cells[0].harm_difference(0, 1).mean, 0);
}

TEST(Regret, ProgressCountsEveryTrialAndAStopEndsIt) {
  CostSession session;
  RegretOptions options = some_options();
  options.batch = 10;
  std::atomic<bool> stop{false};
  uint64_t last = 0, total = 0;
  RegretResult all = run(session, {by_id(), by_cost()}, options, [&](const RegretProgress& now) {
    EXPECT_EQ(now.trials_done, last + 10);
    last = now.trials_done;
    total = now.trials_total;
    EXPECT_GE(now.seconds_left, 0);
  });
  EXPECT_EQ(last, total);
  EXPECT_EQ(total, 2u * 4u * 60u);
  std::vector<SharedPlaces> rankings = {by_id(), by_cost()};
  RegretResult part = run_regret(
      session, rankings, options, [&](const RegretProgress& now) { stop = now.trials_done >= 130; }, stop);
  EXPECT_TRUE(part.stopped);
  ASSERT_EQ(part.cells.size(), 1u);  // the second was not complete
  EXPECT_EQ(part.cells[0].mean_harm(0), all.cells[0].mean_harm(0));
}

TEST(Regret, WrongRequestsAreRefusedBeforeATrialRuns) {
  CostSession session;
  auto message = [&](const std::vector<SharedPlaces>& rankings, const RegretOptions& options) {
    try {
      run(session, rankings, options);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("no InputError");
  };
  RegretOptions options = some_options();
  auto shorter = std::make_shared<std::vector<uint32_t>>(479);
  EXPECT_THAT(message({by_id(), shorter}, options), HasSubstr("479 bits, the model has 480"));
  EXPECT_THAT(message({}, options), HasSubstr("nothing to compare"));
  options.trials = 0;
  EXPECT_THAT(message({by_id()}, options), HasSubstr("no trials"));
  options = some_options();
  options.faults.model = FaultModel::exact;
  EXPECT_THAT(message({by_id()}, options), HasSubstr("exact"));
  options = some_options();
  options.faults.design = Design::rotation;
  options.bit_error_rates = decimals({"0.01", "0.2"});
  EXPECT_THAT(message({by_id()}, options), HasSubstr("0.1"));
  EXPECT_EQ(session.trials_run, 0u);
}

}  // namespace
}  // namespace netsurf
