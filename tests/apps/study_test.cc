// The main job in process, on the digits that come with scikit-learn's package: train, rank, sweep, show,
// replay, export.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/store/sqlite_store.h"
#include "tests/apps/program_runner.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using testing::HasSubstr;

class Study : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempDir;
    Ran ran =
        run("run --benchmark digits_mlp --epochs 3 --prune 0 0.25 --method bitwise_msb random --ber_range 0 "
            "0.01 0.1 1 --num_reps 12 "
            "--protection_range 0 0.5 --benchmarks_dir " +
            folder_->path().string());
    ASSERT_EQ(ran.code, 0) << ran.err;
    output_ = ran.out;
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static std::string scheme() { return (folder_->path() / "digits_mlp" / "q6_0_1").string(); }
  static std::string store() { return scheme() + "/results-bernoulli-independent-seed1-test.sqlite"; }

  static TempDir* folder_;
  static std::string output_;
};

TempDir* Study::folder_ = nullptr;
std::string Study::output_;

TEST_F(Study, NamesItsFilesAndShowsTheTable) {
  EXPECT_THAT(output_, HasSubstr("pruned_0.25/model.onnx"));
  EXPECT_THAT(output_, HasSubstr("rankings/random.npz"));
  EXPECT_THAT(output_, HasSubstr("95 % interval"));
  EXPECT_THAT(output_, HasSubstr(".summary.csv"));
}

TEST_F(Study, ABitErrorRateOfZeroGivesTheCleanAccuracyExactly) {
  auto opened = SqliteStore::open_existing(store());
  int num_zero = 0;
  for (const auto& [id, record] : opened->cells()) {
    for (const TrialOutcome& outcome : opened->outcomes(id)) {
      if (record.identity.bit_error_rate.is_zero()) {
        ++num_zero;
        TrialOutcome clean = record.clean;
        clean.trial = outcome.trial;
        EXPECT_EQ(outcome, clean);
      }
      if (record.identity.bit_error_rate.is_one()) {
        EXPECT_EQ(static_cast<uint64_t>(outcome.flips), record.num_bits - record.num_protected);
      }
    }
  }
  EXPECT_EQ(num_zero, 2 * 2 * 2 * 12);  // models, rankings, protections, trials
}

TEST_F(Study, RunningItAgainRunsNothingAndPrintsTheSame) {
  Ran again =
      run("run --benchmark digits_mlp --epochs 3 --prune 0 0.25 --method bitwise_msb random --ber_range 0 "
          "0.01 0.1 1 --num_reps 12 "
          "--protection_range 0 0.5 --benchmarks_dir " +
          folder_->path().string());
  EXPECT_EQ(again.code, 0);
  EXPECT_EQ(again.out, output_);
  EXPECT_THAT(again.err, HasSubstr("found "));
}

TEST_F(Study, ThreadsAndBatchesChangeNoByteOfTheExport) {
  std::string model = scheme() + "/pruned_0/model.onnx",
              ranking = scheme() + "/pruned_0/rankings/bitwise_msb.npz";
  std::vector<std::string> exports;
  for (const char* how : {"--threads 1 --batch 1", "--threads 2 --batch 1000", "--threads 3 --batch 7"}) {
    std::string path = scheme() + "/again" + std::to_string(exports.size()) + ".sqlite";
    Ran ran = run("sweep --model " + model + " --ranking " + ranking + " --store " + path +
                  " --ber_range 0.001 0.05 --protection_range 0 0.3 --num_reps 40 " + how);
    ASSERT_EQ(ran.code, 0) << ran.err;
    exports.push_back(run("export " + path + " --format trials").out + run("export " + path).out);
  }
  EXPECT_EQ(exports[0], exports[1]);
  EXPECT_EQ(exports[0], exports[2]);
  EXPECT_GT(exports[0].size(), 1000u);
}

TEST_F(Study, ReplayShowsTheFlipsAndTheStoredOutcome) {
  auto opened = SqliteStore::open_existing(store());
  for (const auto& [id, record] : opened->cells()) {
    if (record.identity.bit_error_rate.text() != "0.01" || record.num_protected == 0) continue;
    std::string cell = record.identity.key(opened->study()).substr(0, 16);
    Ran ran = run("replay " + store() + " --cell " + cell + " --trial 5");
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("the results file holds the same outcome"));
    EXPECT_THAT(ran.out, HasSubstr("flips " + std::to_string(opened->outcomes(id, 5, 6)[0].flips) + ","));
    Ran beyond = run("replay " + store() + " --cell " + cell + " --trial 8123471");
    EXPECT_THAT(beyond.out, HasSubstr("does not hold this trial"));
  }
}

TEST_F(Study, AStoreOfAnotherStudyIsRefusedAndLeftWhole) {
  std::string before = read_file(store(), 1 << 24);
  Ran ran = run("sweep --model " + scheme() +
                "/pruned_0/model.onnx --protection_range 0 --num_reps 3 --seed 2 --store " + store());
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("seed"));
  EXPECT_EQ(read_file(store(), 1 << 24), before);
}

TEST_F(Study, ARankingOfAnotherModelIsRefused) {
  Ran ran = run("sweep --model " + scheme() + "/pruned_0/model.onnx --ranking " + scheme() +
                "/pruned_0.25/rankings/random.npz");
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("netsurf rank"));
}

TEST_F(Study, ShowDescribesEveryKindOfFile) {
  EXPECT_THAT(run("show " + scheme() + "/pruned_0.25/model.onnx").out, HasSubstr("sparsity"));
  EXPECT_THAT(run("show " + scheme() + "/pruned_0/rankings/random.npz").out, HasSubstr("bit space"));
  EXPECT_THAT(run("show " + store()).out, HasSubstr("replay --cell"));
  EXPECT_THAT(run("show digits_mlp").out, HasSubstr("trainable"));
}

TEST_F(Study, PlotsAreDrawnForEveryModelAndRanking) {
  std::string path = scheme() + "/plotted.sqlite";
  Ran ran =
      run("sweep --plot --model " + scheme() +
          "/pruned_0/model.onnx --protection_range 0 --ber_range 0.01 0.1 --num_reps 4 --store " + path);
  ASSERT_EQ(ran.code, 0) << ran.err;
  int drawn = 0;
  for (const auto& entry : std::filesystem::directory_iterator(scheme() + "/plotted.plots")) {
    std::string bytes = read_file(entry.path(), 1 << 24);
    EXPECT_THAT(ran.out, HasSubstr(entry.path().string()));
    EXPECT_THAT(bytes, HasSubstr(entry.path().extension() == ".png" ? "PNG" : "<svg"));
    ++drawn;
  }
  EXPECT_EQ(drawn, 4);  // curves and grid, each as PNG and SVG
}

TEST_F(Study, DryRunCountsTheCellsAndRunsNothing) {
  Ran ran = run("sweep --dry_run --model " + scheme() +
                "/pruned_0/model.onnx --protection_range 0 --ber_range 0.1 0.2 --store " + scheme() +
                "/none.sqlite");
  EXPECT_THAT(ran.out, HasSubstr("2 cells of 100 trials, 200 trials in all"));
  EXPECT_FALSE(std::filesystem::exists(scheme() + "/none.sqlite"));
}

TEST_F(Study, CoverageAndExactAndRotationAndListsSweepToo) {
  std::string model = " --model " + scheme() + "/pruned_0/model.onnx --protection_range 0 ";
  EXPECT_EQ(run("sweep --num_reps -1 --ber_range 0.05" + model).code, 0);
  EXPECT_EQ(run("sweep --fault_model exact --num_reps 5 --ber_range 0.05" + model).code, 0);
  EXPECT_EQ(run("sweep --design rotation --num_reps 20 --ber_range 0.05" + model).code, 0);
  std::string lists = folder_->write("lists.txt", "# two chips\n1 2 3\n-\n").string();
  Ran ran = run("sweep --faults " + lists + model);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(run("sweep --until-halfwidth 0.05 --ber_range 0.01" + model).code, 0);
}

}  // namespace
}  // namespace netsurf
