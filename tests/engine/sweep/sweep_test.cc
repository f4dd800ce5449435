#include "engine/sweep/sweep.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "engine/base/error.h"
#include "engine/sweep/batch_size.h"
#include "tests/engine/sweep/fake_session.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using testing::decimals;
using testing::example_grid;
using testing::example_options;
using testing::exports_of;
using testing::FakeSession;
using testing::study_of;
using testing::sweep_into;

class SweepTest : public ::testing::Test {
 protected:
  std::unique_ptr<SqliteStore> open(const SweepOptions& options, const std::string& name = "results.sqlite") {
    return SqliteStore::open_or_create(folder_.path() / name, study_of(options));
  }

  TempDir folder_;
};

TEST_F(SweepTest, RunsEveryCellToItsNumberOfTrials) {
  SweepOptions options = example_options();
  auto store = open(options);
  SweepResult result = sweep_into(*store, example_grid(), options);
  EXPECT_EQ(result.cells_done, 8u);
  EXPECT_EQ(result.cells_total, 8u);
  EXPECT_FALSE(result.stopped);
  auto cells = store->cells();
  ASSERT_EQ(cells.size(), 8u);
  for (const auto& cell : cells) {
    EXPECT_EQ(store->outcomes(cell.id).size(), 300u);
    EXPECT_EQ(cell.record.num_protected, cell.record.identity.protection.floor_of(480));
    EXPECT_EQ(cell.record.clean.correct, 970);
  }
}

TEST_F(SweepTest, UnprotectedCellsOfSeveralRankingsAreComputedOnce) {
  SweepOptions options = example_options();
  auto store = open(options);
  SweepResult result = sweep_into(*store, example_grid(), options);
  EXPECT_EQ(result.trials_run, 6u * 300) << "two of eight cells are another ranking's";
  auto cells = store->cells();
  for (const auto& a : cells) {
    for (const auto& b : cells) {
      bool same_chips = a.record.num_protected == 0 && b.record.num_protected == 0 &&
                        a.record.identity.bit_error_rate == b.record.identity.bit_error_rate;
      if (same_chips) {
        EXPECT_EQ(store->outcomes(a.id), store->outcomes(b.id));
      }
    }
  }
}

TEST_F(SweepTest, NothingIsRunTwice) {
  SweepOptions options = example_options();
  auto store = open(options);
  sweep_into(*store, example_grid(), options);
  std::string before = exports_of(*store);
  EXPECT_EQ(sweep_into(*store, example_grid(), options).trials_run, 0u);
  EXPECT_EQ(exports_of(*store), before);
}

TEST_F(SweepTest, MoreTrialsOrCellsExtendAStore) {
  SweepOptions options = example_options(100);
  auto grown = open(options, "grown.sqlite");
  Grid small = example_grid();
  small.bit_error_rates = decimals({"0.1"});
  sweep_into(*grown, small, options);
  EXPECT_EQ(sweep_into(*grown, example_grid(), example_options(300)).trials_run, 6u * 300 - 3u * 100);
  auto whole = open(options, "whole.sqlite");
  sweep_into(*whole, example_grid(), example_options(300));
  EXPECT_EQ(exports_of(*grown), exports_of(*whole));
}

TEST_F(SweepTest, BatchesChangeNothing) {
  SweepOptions options = example_options();
  std::string expected;
  for (uint64_t batch : {uint64_t{0}, uint64_t{1}, uint64_t{7}, uint64_t{1000}}) {
    options.batch = batch;
    auto store = open(options, "batch" + std::to_string(batch));
    sweep_into(*store, example_grid(), options);
    if (expected.empty()) expected = exports_of(*store);
    EXPECT_EQ(exports_of(*store), expected) << "batches of " << batch;
  }
}

TEST_F(SweepTest, BatchesChangeNothingAboutWhereAHalfWidthStops) {
  SweepOptions options = example_options();
  options.stop_rule = StopRule::until_half_width(0.0025, 2000);
  std::string expected;
  for (uint64_t batch : {uint64_t{13}, uint64_t{1000}}) {
    options.batch = batch;
    auto store = open(options, "until" + std::to_string(batch));
    sweep_into(*store, example_grid(), options);
    if (expected.empty()) expected = exports_of(*store);
    EXPECT_EQ(exports_of(*store), expected);
    for (const auto& cell : store->cells()) {
      auto trials = store->outcomes(cell.id);
      EXPECT_GE(trials.size(), 216u);
      EXPECT_LE(trials.size(), 729u);
      EXPECT_LE(summarize(trials, cell.record.facts(store->study())).accuracy.interval->half_width(), 0.0025);
    }
  }
}

TEST_F(SweepTest, OnePassOfCoverageIsEverySlice) {
  SweepOptions options = example_options();
  options.faults.model = FaultModel::coverage;
  options.stop_rule = StopRule::one_pass();
  auto store = open(options);
  sweep_into(*store, example_grid(), options);
  for (const auto& cell : store->cells()) {
    uint64_t unprotected = cell.record.num_bits - cell.record.num_protected;
    uint64_t slice = cell.record.identity.bit_error_rate.round_of(unprotected);
    EXPECT_EQ(store->outcomes(cell.id).size(), (unprotected + slice - 1) / slice);
    EXPECT_EQ(cell.record.epoch_size, (unprotected + slice - 1) / slice);
  }
}

TEST_F(SweepTest, StopsAfterTheBatchInFlightAndGoesOnLater) {
  SweepOptions options = example_options();
  auto store = open(options);
  std::atomic<bool> stop{false};
  int batches = 0;
  auto progress = [&](const SweepProgress&) { stop = ++batches == 7; };
  auto open_session = [](size_t) { return std::make_unique<FakeSession>(); };
  SweepResult result = run_sweep(example_grid(), open_session, *store, options, progress, stop);
  EXPECT_TRUE(result.stopped);
  EXPECT_LT(result.cells_done, 8u);
  EXPECT_GT(result.trials_run, 0u);
  SweepResult rest = sweep_into(*store, example_grid(), options);
  EXPECT_FALSE(rest.stopped);
  EXPECT_EQ(result.trials_run + rest.trials_run, 6u * 300);
  auto whole = open(options, "whole");
  sweep_into(*whole, example_grid(), options);
  EXPECT_EQ(exports_of(*store), exports_of(*whole));
}

TEST_F(SweepTest, ProgressCountsUpToTheTotal) {
  SweepOptions options = example_options();
  auto store = open(options);
  uint64_t last = 0;
  SweepProgress final;
  sweep_into(*store, example_grid(), options, nullptr, [&](const SweepProgress& now) {
    EXPECT_GE(now.trials_done, last);
    EXPECT_EQ(now.trials_total, 2400u);
    EXPECT_NE(now.cell, nullptr);
    last = now.trials_done;
    final = now;
  });
  EXPECT_EQ(final.trials_done, 2400u);
  EXPECT_EQ(final.cells_done, 8u);
  EXPECT_EQ(final.seconds_left, 0);
}

TEST_F(SweepTest, ASessionIsOpenedOncePerModelAndOneAtATime) {
  SweepOptions options = example_options(10);
  Grid grid = example_grid();
  grid.models.push_back(grid.models[0]);
  grid.models[1].name = "second";
  auto store = open(options);
  std::vector<size_t> opened;
  auto open_session = [&](size_t model) {
    opened.push_back(model);
    return std::make_unique<FakeSession>();
  };
  std::atomic<bool> stop{false};
  run_sweep(grid, open_session, *store, options, nullptr, stop);
  EXPECT_EQ(opened, (std::vector<size_t>{0, 1}));
  EXPECT_EQ(store->cells().size(), 16u);
}

TEST_F(SweepTest, ABackendThatDisagreesWithTheStoreIsAnError) {
  SweepOptions options = example_options(100);
  auto store = open(options);
  sweep_into(*store, example_grid(), options);
  std::string before = exports_of(*store);
  auto overlapping = FakeSession();
  overlapping.defect = 1;
  TrialPlan plan;
  plan.faults.bit_error_rate = UnitDecimal::parse("0.01", "BER");
  plan.end = 5;
  EXPECT_THROW(store->record(0, store->cells()[0].id, overlapping.run(plan), 0), RunError);
  EXPECT_EQ(exports_of(*store), before);
}

TEST_F(SweepTest, ACellThatCannotBeDrawnIsFoundBeforeAnyTrialRuns) {
  SweepOptions options = example_options(100);
  options.faults.design = Design::rotation;
  Grid grid = example_grid();
  grid.bit_error_rates = decimals({"0.01", "0.5"});
  auto store = open(options);
  auto forbid = [](FakeSession& session) {
    session.on_run = [](const TrialPlan&) { ADD_FAILURE() << "ran"; };
  };
  EXPECT_THROW(sweep_into(*store, grid, options, forbid), InputError) << "rotation above BER 0.1";
  EXPECT_TRUE(store->cells().empty());
}

TEST_F(SweepTest, SettingsThatAreNotTheStoresAreRefused) {
  SweepOptions options = example_options(10);
  auto store = open(options);
  options.faults.seed = 8;
  EXPECT_THROW(sweep_into(*store, example_grid(), options), InputError);
  options = example_options(10);
  options.with_loss = false;
  EXPECT_THROW(sweep_into(*store, example_grid(), options), InputError);
}

TEST_F(SweepTest, WithoutLossNoneIsKept) {
  SweepOptions options = example_options(10);
  options.with_loss = false;
  auto store = open(options);
  sweep_into(*store, example_grid(), options);
  for (const auto& cell : store->cells()) {
    for (const TrialOutcome& outcome : store->outcomes(cell.id)) EXPECT_EQ(outcome.loss, kNoCount);
  }
}

class Plan : public ::testing::Test {
 protected:
  std::vector<PlannedCell> plan(const SweepOptions& options, const Grid& grid = example_grid(),
                                bool has_labels = true) const {
    return plan_sweep(grid, spaces_, options, has_labels);
  }

  std::vector<BitSpace> spaces_ = {BitSpace(testing::tiny_model())};
};

TEST_F(Plan, CountsTheTrialsThatTheSweepThenRuns) {
  SweepOptions options = example_options(300);
  for (const PlannedCell& cell : plan(options)) EXPECT_EQ(cell.trials, 300u);
  EXPECT_EQ(plan(options).size(), 8u);
  options.faults.model = FaultModel::coverage;
  options.stop_rule = StopRule::one_pass();
  std::map<std::string, uint64_t> trials;
  for (const PlannedCell& planned : plan(options))
    trials[planned.cell.protection.text() + " " + planned.cell.bit_error_rate.text()] = *planned.trials;
  // 480 bits in slices of 5 and 48; with a fifth of them protected, 384 in slices of 4 and 38.
  EXPECT_EQ(trials, (std::map<std::string, uint64_t>{
                        {"0 0.01", 96}, {"0 0.1", 10}, {"0.2 0.01", 96}, {"0.2 0.1", 11}}));
}

TEST_F(Plan, DoesNotGuessWhatTheOutcomesDecide) {
  SweepOptions options = example_options();
  options.stop_rule = StopRule::until_half_width(0.01, 1000);
  Grid grid = example_grid();
  grid.bit_error_rates = decimals({"0", "0.1"});
  for (const PlannedCell& planned : plan(options, grid))
    EXPECT_EQ(planned.trials,
              planned.cell.bit_error_rate.is_zero() ? std::optional<uint64_t>(1) : std::nullopt);
}

TEST_F(Plan, RefusesWhatTheSweepWouldRefuse) {
  SweepOptions options = example_options();
  options.faults.model = FaultModel::list;
  EXPECT_THROW(plan(options), InputError) << "no lists";
  options.faults.table = std::make_shared<const FaultTable>(FaultTable{{{480}}, "a bit too many"});
  EXPECT_THROW(plan(options), InputError);
  options = example_options();
  options.faults.design = Design::rotation;
  Grid grid = example_grid();
  EXPECT_NO_THROW(plan(options, grid));
  grid.bit_error_rates = decimals({"0.1", "0.2"});
  EXPECT_THROW(plan(options, grid), InputError);
  options = example_options();
  options.stop_rule = StopRule::until_half_width(0.01, 1000);
  EXPECT_THROW(plan(options, example_grid(), false), InputError) << "no labels, no accuracy to stop by";
}

TEST(BatchSize, GrowsTowardsASecondAndShrinksFromIt) {
  BatchSize chosen(0);
  uint64_t first = chosen.size();
  for (int i = 0; i < 20; ++i) chosen.took(chosen.size(), static_cast<double>(chosen.size()) / 500);
  EXPECT_GT(chosen.size(), first);
  EXPECT_EQ(chosen.size(), 500u);
  for (int i = 0; i < 20; ++i) chosen.took(chosen.size(), static_cast<double>(chosen.size()) * 10);
  EXPECT_EQ(chosen.size(), 1u);
  BatchSize fixed(7);
  fixed.took(7, 1e-9);
  EXPECT_EQ(fixed.size(), 7u);
}

TEST(BatchSize, GrowsWhereACallCostsMuchByItself) {
  auto settled = [](double overhead, double each) {
    BatchSize chosen(0);
    for (int i = 0; i < 20; ++i)
      chosen.took(chosen.size(), overhead + each * static_cast<double>(chosen.size()));
    double size = static_cast<double>(chosen.size());
    return std::pair(size, overhead / (overhead + each * size));
  };
  auto [size, share] = settled(2, 0.1);
  EXPECT_NEAR(share, 0.1, 0.01) << size;
  EXPECT_NEAR(settled(10, 0.02).first, 1000, 1) << "half a minute at most";
  EXPECT_NEAR(settled(0.01, 0.001).first, 990, 1) << "a second's worth where the call costs little";
  EXPECT_NEAR(settled(100, 1).second, 0.5, 0.01) << "where one call takes minutes, half of it";
}

}  // namespace
}  // namespace netsurf
