#include "engine/store/sqlite_store.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/engine/store/example_store.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using testing::csv_of;
using testing::example_cell;
using testing::example_outcome;
using testing::example_outcomes;
using testing::example_study;
using testing::message_of;
using ::testing::Test;

class SqliteStoreTest : public Test {
 protected:
  std::unique_ptr<SqliteStore> open() { return SqliteStore::open_or_create(path_, example_study()); }

  TempDir folder_;
  std::filesystem::path path_ = folder_.path() / "study" / "results.sqlite";
};

TEST_F(SqliteStoreTest, OutcomesComeBackAfterReopening) {
  {
    auto store = open();
    CellId cell = store->add_cell(example_cell());
    store->record(store->begin_run({}), cell, example_outcomes(0, 1000), 1.5);
  }
  auto store = SqliteStore::open_existing(path_);
  EXPECT_EQ(store->study().text(), example_study().text());
  auto cells = store->cells();
  ASSERT_EQ(cells.size(), 1u);
  EXPECT_EQ(cells[0].record.identity, example_cell().identity);
  EXPECT_EQ(cells[0].record.clean.correct, 97);
  EXPECT_EQ(store->outcomes(cells[0].id), example_outcomes(0, 1000));
  EXPECT_EQ(store->outcomes(cells[0].id, 250, 520), example_outcomes(250, 520));
}

TEST_F(SqliteStoreTest, MissingTrialsAreTheGapsBetweenRecordedOnes) {
  auto store = open();
  CellId cell = store->add_cell(example_cell());
  RunId run = store->begin_run({});
  EXPECT_EQ(store->missing(cell, 3, 900), (std::vector<TrialRange>{{3, 900}}));
  EXPECT_TRUE(store->missing(cell, 5, 5).empty());
  store->record(run, cell, example_outcomes(10, 20), 0);
  store->record(run, cell, example_outcomes(250, 600), 0);
  store->record(run, cell, example_outcomes(1'000'000, 1'000'001), 0);
  EXPECT_EQ(store->missing(cell, 0, 700), (std::vector<TrialRange>{{0, 10}, {20, 250}, {600, 700}}));
  EXPECT_EQ(store->missing(cell, 15, 260), (std::vector<TrialRange>{{20, 250}}));
  EXPECT_TRUE(store->missing(cell, 300, 600).empty());
  EXPECT_EQ(store->missing(cell, 599, 1'000'002),
            (std::vector<TrialRange>{{600, 1'000'000}, {1'000'001, 1'000'002}}));
}

TEST_F(SqliteStoreTest, MissingIsRightForEveryRange) {
  auto store = open();
  CellId cell = store->add_cell(example_cell());
  std::vector<bool> there(600);
  for (uint64_t trial = 0; trial < there.size(); ++trial) {
    there[trial] = trial % 7 < 3 || (trial > 200 && trial < 300);
    if (there[trial]) store->record(0, cell, example_outcomes(trial, trial + 1), 0);
  }
  for (uint64_t begin = 0; begin < 600; begin += 37) {
    for (uint64_t end = begin; end <= 600; end += 11) {
      std::vector<bool> covered = there;
      for (const TrialRange& range : store->missing(cell, begin, end)) {
        ASSERT_LT(range.begin, range.end);
        for (uint64_t trial = range.begin; trial < range.end; ++trial) {
          ASSERT_FALSE(covered[trial]);
          covered[trial] = true;
        }
      }
      for (uint64_t trial = 0; trial < 600; ++trial) {
        ASSERT_EQ(covered[trial], there[trial] || (begin <= trial && trial < end)) << trial;
      }
    }
  }
}

TEST_F(SqliteStoreTest, TheSameTrialsTwiceCountOnce) {
  auto store = open();
  CellId cell = store->add_cell(example_cell());
  store->record(0, cell, example_outcomes(0, 300), 0);
  store->record(0, cell, example_outcomes(100, 400), 0);
  EXPECT_EQ(store->outcomes(cell), example_outcomes(0, 400));
}

TEST_F(SqliteStoreTest, ADifferingTrialIsRefusedByNameAndNothingOfItsBatchIsKept) {
  auto store = open();
  CellId cell = store->add_cell(example_cell());
  store->record(0, cell, example_outcomes(0, 10), 0);
  std::string before = csv_of(*store, ExportFormat::trials);
  auto batch = example_outcomes(5, 600);
  batch[3].correct -= 1;
  std::string message = message_of<RunError>([&] { store->record(0, cell, batch, 0); });
  EXPECT_NE(message.find("trial 8 of digits_mlp / bitwise_msb (planes) / protection 0.2 / BER 0.01"),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("correct " + std::to_string(batch[3].correct)), std::string::npos) << message;
  EXPECT_NE(message.find("correct " + std::to_string(batch[3].correct + 1)), std::string::npos) << message;
  EXPECT_EQ(csv_of(*store, ExportFormat::trials), before);
  store->record(0, cell, example_outcomes(5, 600), 0);
}

TEST_F(SqliteStoreTest, ImpossibleOutcomesAreRefused) {
  auto store = open();
  CellId cell = store->add_cell(example_cell());
  for (auto spoil :
       {+[](TrialOutcome& o) { o.flips = 801; }, +[](TrialOutcome& o) { o.correct = 101; },
        +[](TrialOutcome& o) { o.correct = kNoCount; }, +[](TrialOutcome& o) { o.loss = kNoCount; },
        +[](TrialOutcome& o) { o.changed = -1; }, +[](TrialOutcome& o) { o.trial = ~uint64_t{0}; }}) {
    auto batch = example_outcomes(0, 1);
    spoil(batch[0]);
    EXPECT_THROW(store->record(0, cell, batch, 0), RunError);
  }
}

TEST_F(SqliteStoreTest, ACellThatMeasuresDifferentlyIsRefused) {
  auto store = open();
  CellId cell = store->add_cell(example_cell());
  EXPECT_EQ(store->add_cell(example_cell()), cell);
  CellRecord other = example_cell();
  other.clean.correct = 96;
  std::string message = message_of<RunError>([&] { store->add_cell(other); });
  EXPECT_NE(message.find("correct 97"), std::string::npos) << message;
  EXPECT_NE(message.find("correct 96"), std::string::npos) << message;
}

TEST_F(SqliteStoreTest, EveryPartOfACellsIdentityMakesAnotherCell) {
  auto store = open();
  std::vector<CellRecord> cells(9, example_cell());
  cells[1].identity.model_name = "other";
  cells[2].identity.model_digest = "m2";
  cells[3].identity.ranking_method = "random";
  cells[4].identity.ranking_suffix = "x";
  cells[5].identity.ranking_order = "global";
  cells[6].identity.ranking_digest = "r2";
  cells[7].identity.bit_space_digest = "b2";
  cells[8].identity.bit_error_rate = UnitDecimal::parse("0.02", "BER");
  for (const CellRecord& cell : cells) store->add_cell(cell);
  store->add_cell(example_cell("0.01", "0.4"));
  EXPECT_EQ(store->cells().size(), 10u);
}

TEST_F(SqliteStoreTest, AnotherStudyIsRefusedWithTheDifferenceAndTheFileIsUntouched) {
  open();
  std::string before = read_file(path_, 1 << 20);
  StudyIdentity other = example_study();
  other.seed = 8;
  std::string message = message_of<InputError>([&] { SqliteStore::open_or_create(path_, other); });
  EXPECT_NE(message.find("seed is \"7\" there, \"8\" here"), std::string::npos) << message;
  EXPECT_EQ(read_file(path_, 1 << 20), before);
  other = example_study();
  other.data_name = "digits, by another name";
  EXPECT_EQ(SqliteStore::open_or_create(path_, other)->study().data_name, "digits");
}

TEST_F(SqliteStoreTest, EveryFieldOfTheStudyButItsDataNameIsCompared) {
  std::vector<StudyIdentity> others(9, example_study());
  others[0].data_digest = "d2";
  others[1].split = "train";
  others[2].task = "regression";
  others[3].seed = 0;
  others[4].fault_model = FaultModel::exact;
  others[5].design = Design::rotation;
  others[6].fault_table_digest = "t";
  others[7].pruned = "stored";
  others[8].with_loss = false;
  open();
  for (const StudyIdentity& other : others) {
    EXPECT_THROW(SqliteStore::open_or_create(path_, other), InputError) << other.text();
    EXPECT_EQ(StudyIdentity::parse(other.text()).text(), other.text());
  }
}

TEST_F(SqliteStoreTest, CellsComeInTheOrderOfTheirIdentityNotOfTheirMaking) {
  auto store = open();
  for (const char* ber : {"0.1", "0.003", "0.01", "1", "0", "0.02"}) store->add_cell(example_cell(ber));
  std::vector<std::string> order;
  for (const auto& cell : store->cells()) order.push_back(cell.record.identity.bit_error_rate.text());
  EXPECT_EQ(order, (std::vector<std::string>{"0", "0.003", "0.01", "0.02", "0.1", "1"}));
}

TEST_F(SqliteStoreTest, TwoConnectionsTakeTurns) {
  auto first = open();
  auto second = open();
  CellId cell = first->add_cell(example_cell());
  EXPECT_EQ(second->add_cell(example_cell()), cell);
  for (uint64_t trial = 0; trial < 50; ++trial) {
    (trial % 2 == 0 ? first : second)->record(0, cell, example_outcomes(trial, trial + 1), 0);
  }
  EXPECT_EQ(first->outcomes(cell), example_outcomes(0, 50));
}

TEST_F(SqliteStoreTest, AStoreKeptLockedByAnotherProcessIsAClearError) {
  auto store = SqliteStore::open_or_create(path_, example_study(), {.busy_timeout_ms = 1});
  CellId cell = store->add_cell(example_cell());
  Database other(path_, Database::Open::write, 1);
  Transaction lock(other);
  std::string message = message_of<RunError>([&] { store->record(0, cell, example_outcomes(0, 1), 0); });
  EXPECT_NE(message.find("another process has kept it locked"), std::string::npos) << message;
}

TEST_F(SqliteStoreTest, TheLogIsAChoiceAndTheStoreTheSameEitherWay) {
  auto mode_of = [&](bool log) {
    auto store = SqliteStore::open_or_create(path_, example_study(), {.write_ahead_log = log});
    store->record(0, store->add_cell(example_cell()), example_outcomes(log ? 0 : 30, log ? 20 : 40), 0);
    bool has_log = std::filesystem::exists(path_.string() + "-wal");
    EXPECT_EQ(SqliteStore::open_existing(path_)->outcomes(1).size(), log ? 20u : 30u);
    return has_log;
  };
  EXPECT_TRUE(mode_of(true));
  EXPECT_FALSE(mode_of(false)) << "as on a network file system";
}

TEST_F(SqliteStoreTest, ProcIsNotANetworkFileSystem) {
  EXPECT_FALSE(is_network_file_system("/proc"));
  EXPECT_FALSE(is_network_file_system("/nowhere"));
}

TEST_F(SqliteStoreTest, LeavesOneFileBehind) {
  auto store = open();
  store->record(0, store->add_cell(example_cell()), example_outcomes(0, 10), 0);
  store.reset();
  SqliteStore::open_existing(path_).reset();
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(path_.parent_path())) ++files;
  EXPECT_EQ(files, 1u);
}

TEST_F(SqliteStoreTest, AStudyThatCannotBeWrittenOnOneLineIsRefusedBeforeAFileIsMade) {
  StudyIdentity study = example_study();
  study.data_name = "two\nlines";
  EXPECT_THROW(SqliteStore::open_or_create(path_, study), InputError);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace netsurf
