// The oracle in process: a damage file, its table and CSV, resuming, replay, ranking by it, and refusals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "engine/rank/damage.h"
#include "engine/rank/ranking.h"
#include "engine/store/sqlite_store.h"
#include "tests/apps/program_runner.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class Oracle : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempDir;
    ASSERT_EQ(run("train --benchmark digits_mlp --epochs 1 --prune 0.5 --output " + model()).code, 0);
    Ran ran = run("oracle --model " + model() + " -o " + all() + " --csv --threads 2");
    ASSERT_EQ(ran.code, 0) << ran.err;
    output_ = ran.out;
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static std::string file(const std::string& name) { return (folder_->path() / name).string(); }
  static std::string model() { return file("model.onnx"); }
  static std::string all() { return file("all.npz"); }
  static std::string replay(const std::string& store, uint64_t trial) {
    auto opened = SqliteStore::open_existing(store);
    std::string cell = opened->cells().at(0).record.identity.key(opened->study()).substr(0, 16);
    return "replay " + store + " --cell " + cell + " --trial " + std::to_string(trial);
  }

  static TempDir* folder_;
  static std::string output_;
};

TempDir* Oracle::folder_ = nullptr;
std::string Oracle::output_;

TEST_F(Oracle, FlipsEveryBitAndSaysWhatMatters) {
  Damage damage = load_damage(all());
  EXPECT_TRUE(damage.is_exhaustive());
  EXPECT_EQ(damage.split, "test");
  EXPECT_GT(damage.num_bits, 3000u);
  EXPECT_EQ(damage.loss.size(), damage.num_bits);
  EXPECT_EQ(damage.accuracy.size(), damage.num_bits);
  std::string bits = std::to_string(damage.num_bits);
  EXPECT_THAT(output_, HasSubstr(bits + " of " + bits + " bits flipped"));
  EXPECT_THAT(output_, AllOf(HasSubstr("change something"), HasSubstr("cost accuracy"), HasSubstr("plane"),
                             HasSubstr("parameter"), HasSubstr("worst bits"), HasSubstr("all.npz")));
  EXPECT_EQ(output_.find("Wilson"), std::string::npos) << "nothing was sampled";
  std::string csv = read_file(file("all.csv"), 1 << 24);
  EXPECT_THAT(
      csv, testing::StartsWith("bit_id,parameter,element,bit,exponent,loss,accuracy,changed,distance\n0,"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), static_cast<std::ptrdiff_t>(damage.num_bits + 1));
}

TEST_F(Oracle, RunAgainRunsNothingAndGivesTheSameFile) {
  std::string before = read_file(all(), 1 << 24);
  Ran again = run("oracle --model " + model() + " -o " + all() + " --csv --threads 1 --path plain");
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.out, output_);
  EXPECT_EQ(read_file(all(), 1 << 24), before);
}

TEST_F(Oracle, OfASampleHasTheSameDamagesAndSaysHowSureItIs) {
  std::string path = file("sample.npz");
  Ran ran = run("oracle --model " + model() + " --sample 300 --seed 5 --audit 0.1 -o " + path);
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("Wilson"), HasSubstr("Leveugle"), HasSubstr(" +- ")));
  EXPECT_THAT(ran.err, HasSubstr("all came out the same"));
  Damage sample = load_damage(path), whole = load_damage(all());
  ASSERT_EQ(sample.bits.size(), 300u);
  for (size_t i = 0; i < sample.bits.size(); ++i) {
    EXPECT_EQ(sample.loss[i], whole.loss[sample.bits[i]]);
    EXPECT_EQ(sample.distance[i], whole.distance[sample.bits[i]]);
  }
  Ran other = run("oracle --model " + model() + " --sample 300 --seed 6 -o " + path);
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, AllOf(HasSubstr("holds another study"), HasSubstr("seed is \"5\" there")));
  Ran replayed = run(replay(file("sample.sqlite"), 299));
  EXPECT_EQ(replayed.code, 0) << replayed.err;
  EXPECT_THAT(replayed.out, HasSubstr("the results file holds the same outcome"));
  EXPECT_THAT(replayed.out, HasSubstr("  " + std::to_string(sample.bits.back()) + "  "));
}

TEST_F(Oracle, IsReplayedFromTheResultsFileAlone) {
  Ran ran = run(replay(file("all.sqlite"), 1234) + " --path plain");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("\n  1234  "), HasSubstr("flips 1,"),
                             HasSubstr("the results file holds the same outcome")));
  EXPECT_EQ(run(replay(file("all.sqlite"), load_damage(all()).num_bits)).code, 2) << "beyond the last bit";
}

TEST_F(Oracle, InterruptedGoesOnFromThere) {
  std::string path = file("stopped.npz"), store = file("stopped.sqlite");
  std::vector<std::string> words = {"oracle", "--model", model(), "-o",        path, "--path",
                                    "plain",  "--batch", "1",     "--threads", "1"};
  pid_t child = start_program(words, file("log"));
  for (int i = 0; i < 6000 && !fs::exists(store); ++i) usleep(10000);
  usleep(200000);
  kill(child, SIGINT);
  EXPECT_EQ(wait_for_end(child), 130);
  EXPECT_THAT(read_file(file("log"), 1 << 20), HasSubstr("Run the same command again"));
  EXPECT_FALSE(fs::exists(path)) << "a damage file holds all or nothing";
  auto opened = SqliteStore::open_existing(store);
  size_t kept = opened->outcomes(opened->cells().at(0).id).size();
  EXPECT_GT(kept, 0u);
  EXPECT_LT(kept, load_damage(all()).num_bits);
  opened.reset();
  ASSERT_EQ(run("oracle --model " + model() + " -o " + path).code, 0);
  EXPECT_EQ(load_damage(path).digest(), load_damage(all()).digest());
}

TEST_F(Oracle, RanksByItsFile) {
  std::string ranking = file("oracle_ranking.npz");
  Ran ran =
      run("rank --model " + model() + " --method oracle --method_kws file=" + all() + " --output " + ranking);
  ASSERT_EQ(ran.code, 0) << ran.err;
  Damage damage = load_damage(all());
  Ranking ranked = load_ranking(ranking);
  EXPECT_EQ(ranked.order_mode, "global");
  EXPECT_EQ(damage.loss[ranked.order.front()], *std::max_element(damage.loss.begin(), damage.loss.end()));
}

TEST_F(Oracle, RanksAnewWhenItsFileHoldsOtherDamages) {
  std::string path = file("changing.npz"), ranking = file("changing_ranking.npz");
  std::string line =
      "rank --model " + model() + " --method oracle --method_kws file=" + path + " --output " + ranking;
  fs::copy_file(all(), path);
  ASSERT_EQ(run(line).code, 0);
  std::vector<BitId> before = load_ranking(ranking).order;
  Damage damage = load_damage(all());
  for (double& loss : damage.loss) loss = -loss;
  save_damage(damage, path);
  ASSERT_EQ(run(line).code, 0);
  EXPECT_NE(load_ranking(ranking).order, before);
}

TEST_F(Oracle, OfAnotherModelOrCutShortRanksNothing) {
  std::string other = file("other.onnx"), cut = file("cut.npz");
  ASSERT_EQ(run("train --benchmark digits_mlp --epochs 1 --seed 2 --output " + other).code, 0);
  Ran ran = run("rank --model " + other + " --method oracle --method_kws file=" + all());
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("was measured on model"), HasSubstr("netsurf oracle")));
  write_file(cut, read_file(all(), 1 << 24).substr(0, 5000));
  Ran truncated = run("rank --model " + model() + " --method oracle --method_kws file=" + cut);
  EXPECT_EQ(truncated.code, 1);
  EXPECT_THAT(truncated.err, HasSubstr(cut));
  EXPECT_EQ(run("rank --model " + model() + " --method oracle").code, 2);
}

TEST_F(Oracle, RefusesWhatCannotBeMeant) {
  std::string begin = "oracle --model " + model(), ranking = file("kept_ranking.npz");
  ASSERT_EQ(run("rank --model " + model() + " --method bitwise_msb --output " + ranking).code, 0);
  const std::string before = read_file(model(), 1 << 24);
  for (const std::string& wrong :
       {std::string("oracle"), begin + " --sample 0", begin + " --sample 99999999", begin + " --seed 3",
        begin + " --split tset", begin + " -o " + file("d.sqlite"), begin + " -o " + file("d.csv"),
        begin + " --sample 9 -o " + model(), begin + " --sample 9 -o " + ranking,
        begin + " --audit 0.1 --path plain", begin + " --sample ten",
        "oracle --model " + file("none.onnx")}) {
    Ran ran = run(wrong);
    EXPECT_EQ(ran.code, 2) << wrong << ": " << ran.err;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  }
  EXPECT_FALSE(fs::exists(file("d.sqlite")));
  EXPECT_EQ(read_file(model(), 1 << 24), before);
  EXPECT_NO_THROW(load_ranking(ranking));
}

TEST_F(Oracle, WithoutAnOutputGoesBesideTheModel) {
  Ran ran = run("oracle --model " + model() + " --sample 20 --pruned stored --split train");
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(fs::exists(file("damage-train-stored-sample20-seed1.npz")));
  EXPECT_GT(load_damage(file("damage-train-stored-sample20-seed1.npz")).num_bits,
            load_damage(all()).num_bits);
}

TEST(OracleWithoutAnswers, MeasuresWhatChanges) {
  TempDir folder;
  std::string model = (folder.path() / "m.onnx").string(), path = (folder.path() / "d.npz").string();
  ASSERT_EQ(run("train --benchmark digits_mlp --epochs 1 --output " + model).code, 0);
  Ran ran = run("oracle --model " + model + " --task comparison --sample 50 -o " + path);
  ASSERT_EQ(ran.code, 0) << ran.err;
  Damage damage = load_damage(path);
  EXPECT_TRUE(damage.loss.empty());
  EXPECT_TRUE(damage.accuracy.empty());
  EXPECT_THAT(ran.out, HasSubstr("mean squared distance"));
}

}  // namespace
}  // namespace netsurf
