// A refused sweep leaves nothing behind, and flags that change more than they say are said aloud.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "tests/apps/program_runner.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class SweepOfAModel : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempDir;
    ASSERT_EQ(run("train --benchmark digits_mlp --epochs 1 --prune 0.5 --output " + model()).code, 0);
    ASSERT_EQ(run("rank --model " + model() + " --method random --output " + ranking()).code, 0);
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  void TearDown() override { fs::remove(store()); }

  static std::string model() { return (folder_->path() / "model.onnx").string(); }
  static std::string ranking() { return (folder_->path() / "random.npz").string(); }
  static std::string store() { return (folder_->path() / "results.sqlite").string(); }
  static std::string write(const char* name, const char* text) { return folder_->write(name, text).string(); }
  static Ran sweep(const std::string& rest) {
    return run("sweep --model " + model() + " --store " + store() + " " + rest);
  }
  static std::string only_cell() {
    std::string shown = run("show " + store()).out;
    return shown.substr(shown.find("--cell ID):\n") + 12, 16);
  }

  static TempDir* folder_;
};

TempDir* SweepOfAModel::folder_ = nullptr;

TEST_F(SweepOfAModel, ThatIsRefusedMakesNoStoreToBlockTheMendedOne) {
  std::string far = write("far.txt", "1 2\n99999999\n");
  for (const std::string& wrong : {std::string("--fault_model list"), "--protection_range 0 --faults " + far,
                                   std::string("--protection_range 0 --design rotation --ber_range 0.2"),
                                   std::string("--ber_range 0.1 --protection_range 0.5"),
                                   std::string("--protection_range 0 --num_reps -1 --ber_range 1e-9"),
                                   "--pruned stored --ranking " + ranking()}) {
    Ran ran = sweep(wrong);
    EXPECT_EQ(ran.code, 2) << wrong << ": " << ran.err;
    EXPECT_FALSE(fs::exists(store())) << wrong;
    EXPECT_EQ(sweep(wrong + " --dry_run").code, 2) << "a dry run refuses the same: " << wrong;
  }
  EXPECT_EQ(sweep("--protection_range 0 --ber_range 0.1 --num_reps 2").code, 0);
}

TEST_F(SweepOfAModel, SaysWhenAFlagSwitchesTheFaultModelOrAddsAMetric) {
  std::string tail = " --protection_range 0 --dry_run";
  std::string lists = write("lists.txt", "1 2\n-\n");
  EXPECT_THAT(sweep("--faults " + lists + tail).err, HasSubstr("note: --faults: the fault model is list"));
  EXPECT_EQ(sweep("--fault_model list --faults " + lists + tail).err, "");
  EXPECT_THAT(sweep("--num_reps -1" + tail).err,
              HasSubstr("note: --num_reps -1: the fault model is coverage"));
  EXPECT_EQ(sweep("--fault_model coverage --num_reps -1" + tail).err, "");
  EXPECT_THAT(sweep("--metrics loss" + tail).err, HasSubstr("accuracy is measured too"));
  EXPECT_EQ(sweep("--metrics accuracy" + tail).err, "");
}

TEST_F(SweepOfAModel, DryRunCountsPassesAndNamesBounds) {
  Ran passes = sweep("--dry_run --protection_range 0 --num_reps -1 --ber_range 0.1 0.25");
  EXPECT_THAT(passes.out, AllOf(HasSubstr("2 cells, "), HasSubstr(" trials in all")));
  Ran bounded =
      sweep("--dry_run --protection_range 0 --until_halfwidth 0.01 --max_trials 500 --ber_range 0.1");
  EXPECT_THAT(bounded.out, AllOf(HasSubstr("1 cell, at most 500 trials in all"), HasSubstr("up to 500")));
  EXPECT_THAT(sweep("--dry_run --protection_range 0 --num_reps 1 --ber_range 0.1").out,
              HasSubstr("1 cell of 1 trial, 1 trial in all"));
}

TEST_F(SweepOfAModel, OfFaultListsIsReplayedWithTheirFile) {
  std::string lists = write("chips.txt", "5 6 7\n-\n12\n");
  ASSERT_EQ(sweep("--protection_range 0 --faults " + lists).code, 0);
  std::string replay = "replay " + store() + " --cell " + only_cell();
  Ran ran = run(replay + " --trial 0 --faults " + lists);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("flips 3,"), HasSubstr("the results file holds the same outcome")));
  Ran without = run(replay + " --trial 0");
  EXPECT_EQ(without.code, 2);
  EXPECT_THAT(without.err, AllOf(HasSubstr("digest"), HasSubstr("--faults")));
  Ran others = run(replay + " --trial 0 --faults " + write("other.txt", "5 6 7\n-\n13\n"));
  EXPECT_EQ(others.code, 2);
  EXPECT_THAT(others.err, HasSubstr("give that file"));
  EXPECT_EQ(run(replay + " --trial 3 --faults " + lists).code, 2) << "there are three lists";
}

TEST_F(SweepOfAModel, OfDrawnFaultsIsNotReplayedWithAList) {
  ASSERT_EQ(sweep("--protection_range 0 --ber_range 0.1 --num_reps 2").code, 0);
  Ran ran = run("replay " + store() + " --cell " + only_cell() + " --trial 0 --faults " + model());
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("drawn by fault model bernoulli"));
}

TEST_F(SweepOfAModel, ACellNamedByTheBeginningOfSeveralIsRefused) {
  // Seventeen cells: two begin with the same digit.
  std::string rates;
  for (int i = 1; i <= 17; ++i) rates += " 0.0" + std::to_string(100 + i);
  ASSERT_EQ(sweep("--protection_range 0 --num_reps 1 --ber_range" + rates).code, 0);
  int ambiguous = 0;
  for (char digit : std::string("0123456789abcdef")) {
    Ran ran = run("replay " + store() + " --trial 0 --cell " + digit);
    if (ran.err.find("is the beginning of ") == std::string::npos) continue;
    EXPECT_EQ(ran.code, 2);
    ++ambiguous;
  }
  EXPECT_GE(ambiguous, 1);
}

TEST_F(SweepOfAModel, AnExportOfADamagedStorePrintsNothingButTheError) {
  ASSERT_EQ(sweep("--protection_range 0 --ber_range 0.1 --num_reps 2").code, 0);
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(store().c_str(), &database), SQLITE_OK);
  sqlite3_exec(database, "UPDATE chunks SET outcomes = x'00'", nullptr, nullptr, nullptr);
  sqlite3_close(database);
  for (const char* format : {"summary", "trials", "original"}) {
    Ran ran = run("export " + store() + " --format " + format);
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.out, "") << format;
    EXPECT_THAT(ran.err, HasSubstr("is damaged"));
  }
}

TEST_F(SweepOfAModel, AnExportWritesOverNeitherItsSourceNorAnotherStudy) {
  ASSERT_EQ(sweep("--protection_range 0 --ber_range 0.1 --num_reps 2").code, 0);
  std::string other = (folder_->path() / "other.csv").string();
  fs::copy_file(store(), other, fs::copy_options::overwrite_existing);
  for (const std::string& line :
       {"export " + store() + " --output " + store(), "export " + store() + " --output " + other,
        "export " + model() + " --output " + model()}) {
    EXPECT_EQ(run(line).code, 2) << line;
  }
  EXPECT_EQ(run("show " + store()).code, 0);
  fs::remove(other);
}

TEST(RunWithoutAMethod, SaysWhichFlagsWaitForOne) {
  TempDir folder;
  Ran ran = run("run --epochs 1 --num_reps 1000 --path delta --audit 0.1 --plot --benchmarks_dir " +
                folder.path().string());
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.err,
              HasSubstr("note: without --method nothing is ranked or swept; without effect: --num_reps, "
                        "--path, --audit, --plot\n"));
}

}  // namespace
}  // namespace netsurf
