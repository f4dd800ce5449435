// What happens to a model that is there already: used when it is the one asked for, refused when not, never
// lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "engine/store/sqlite_store.h"
#include "tests/apps/program_runner.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class FoundModel : public testing::Test {
 protected:
  Ran run_here(const std::string& rest) const {
    return run("run --benchmarks_dir " + folder_.path().string() + " " + rest);
  }
  fs::path scheme() const { return folder_.path() / "digits_mlp" / "q6_0_1"; }
  fs::path model() const { return scheme() / "pruned_0" / "model.onnx"; }
  fs::path store() const { return scheme() / "results-bernoulli-independent-seed1-test.sqlite"; }

  /// Replays trial 1 of every cell and returns how many there are.
  int replay_all(const std::string& rest = "") const {
    auto opened = SqliteStore::open_existing(store());
    int count = 0;
    for (const auto& [id, record] : opened->cells()) {
      Ran ran = run("replay " + store().string() + " --trial 1 --cell " +
                    record.identity.key(opened->study()).substr(0, 16) + rest);
      EXPECT_EQ(ran.code, 0) << ran.err;
      EXPECT_THAT(ran.out, HasSubstr("the results file holds the same outcome"));
      ++count;
    }
    return count;
  }

  TempDir folder_;
};

const char* kSweep = " --method bitwise_msb --ber_range 0.01 --protection_range 0 0.5 --num_reps 2";

TEST_F(FoundModel, TrainedOtherwiseIsRefusedByTheSettingsThatDiffer) {
  ASSERT_EQ(run_here("--epochs 1").code, 0);
  Ran same = run_here("--epochs 1");
  EXPECT_EQ(same.code, 0);
  EXPECT_THAT(same.err, HasSubstr("found "));
  std::string before = read_file(model(), 1 << 24);
  Ran other = run_here("--epochs 2 --bias_bits 5 --max_train_samples 100");
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err,
              AllOf(HasSubstr("epochs is 1 there, 2 here"), HasSubstr("bias_bits is 0 there, 5 here"),
                    HasSubstr("max_train_samples is all there, 100 here"), HasSubstr("--train_model"),
                    HasSubstr("--model_prefix")));
  EXPECT_EQ(read_file(model(), 1 << 24), before);
  EXPECT_EQ(run_here("--epochs 2 --model_prefix other_").code, 0);
}

TEST_F(FoundModel, OfAChangedBenchmarkFileIsRefusedByTheLayer) {
  std::string text = read_file(NETSURF_SOURCE_DIR "/models/digits_mlp.bench", 1 << 20);
  std::string file = folder_.write("mine.bench", text).string();
  ASSERT_EQ(run_here("--benchmark " + file + " --epochs 1").code, 0);
  folder_.write("mine.bench", text + "# a comment changes nothing\n");
  EXPECT_EQ(run_here("--benchmark " + file + " --epochs 1").code, 0);
  size_t units = text.find("units=");
  ASSERT_NE(units, std::string::npos);
  folder_.write("mine.bench",
                text.substr(0, units) + "units=9" + text.substr(text.find_first_of(" \n", units)));
  Ran changed = run_here("--benchmark " + file + " --epochs 1");
  EXPECT_EQ(changed.code, 2);
  EXPECT_THAT(changed.err, AllOf(HasSubstr("layer "), HasSubstr("units=9"), HasSubstr("here")));
}

TEST_F(FoundModel, IsRefusedBeforeAnotherOneIsTrained) {
  ASSERT_EQ(run_here("--epochs 1 --prune 0.5").code, 0);
  EXPECT_EQ(run_here("--epochs 2 --prune 0 0.5").code, 2);
  EXPECT_FALSE(fs::exists(model()));
}

TEST_F(FoundModel, OfAnotherSeedIsUsedAndSaidAloud) {
  ASSERT_EQ(run_here("--epochs 1").code, 0);
  Ran ran = run_here("--epochs 1 --seed 2");
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr("trained with seed 1, not 2"));
}

TEST_F(FoundModel, WithoutARecipeIsUsedAndSaidAloud) {
  ASSERT_EQ(run_here("--epochs 1").code, 0);
  // A strict export has no notes, as a model of another maker; importing it notes no recipe.
  fs::path plain = scheme() / "plain.onnx";
  ASSERT_EQ(run("export " + model().string() + " --strict --output " + plain.string()).code, 0);
  fs::remove(model());
  ASSERT_EQ(run("import " + plain.string() + " --save " + model().string()).code, 0);
  Ran ran = run_here("--epochs 7");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("its other settings are not on record and were not compared"));
}

TEST_F(FoundModel, TrainedAnewKeepsTheEarlierOneAndItsResultsReplay) {
  ASSERT_EQ(run_here(std::string("--epochs 1") + kSweep).code, 0);
  std::string before = read_file(model(), 1 << 24);
  Ran anew = run_here(std::string("--epochs 2 --train_model") + kSweep);
  ASSERT_EQ(anew.code, 0) << anew.err;
  EXPECT_THAT(anew.err, HasSubstr("kept the earlier " + model().string() + " as "));
  int kept = 0;
  for (const auto& entry : fs::directory_iterator(model().parent_path())) {
    if (!entry.is_regular_file() || entry.path() == model()) continue;
    EXPECT_EQ(read_file(entry.path(), 1 << 24), before);
    EXPECT_EQ(entry.path().filename().string().size(), std::string("model-0123456789ab.onnx").size());
    ++kept;
  }
  EXPECT_EQ(kept, 1);
  EXPECT_EQ(replay_all(), 4);
  EXPECT_EQ(replay_all(" --model " + model().string()), 4) << "the kept one lies beside the named one";
}

TEST_F(FoundModel, TrainedAnewToTheSameWeightsKeepsNothing) {
  ASSERT_EQ(run_here("--epochs 1").code, 0);
  Ran again = run_here("--epochs 1 --train_model");
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.err, Not(HasSubstr("kept")));
}

TEST_F(FoundModel, ARankingThatIsReplacedIsKeptToo) {
  ASSERT_EQ(run_here(std::string("--epochs 1 --seed 1") + kSweep).code, 0);
  std::string output = " --output " + (model().parent_path() / "rankings" / "bitwise_msb.npz").string();
  Ran other = run("rank --model " + model().string() + " --method random" + output);
  EXPECT_EQ(other.code, 0);
  EXPECT_THAT(other.err, AllOf(HasSubstr("is another ranking of this model"), HasSubstr("kept the earlier")));
  EXPECT_EQ(replay_all(), 2);
}

TEST_F(FoundModel, WhatIsNoModelIsNeverWrittenOver) {
  std::string thesis = folder_.write("thesis.onnx", "three years of work").string();
  Ran ran = run("train --benchmark digits_mlp --epochs 1 --output " + thesis);
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("cannot be read as a model"));
  EXPECT_EQ(read_file(thesis, 100), "three years of work");
}

TEST_F(FoundModel, AStrangerBelowTheResultsDoesNotStopAReplay) {
  ASSERT_EQ(run_here(std::string("--epochs 1") + kSweep).code, 0);
  folder_.write("digits_mlp/q6_0_1/a_stranger.onnx", "not a model");
  folder_.write("digits_mlp/q6_0_1/a_stranger.npz", "not a ranking");
  EXPECT_EQ(replay_all(), 2);
}

}  // namespace
}  // namespace netsurf
