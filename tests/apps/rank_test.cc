// Ranking in process: methods that read data, their settings, and what their files are called.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "apps/pipeline.h"
#include "engine/base/file.h"
#include "engine/rank/ranking.h"
#include "models/qonnx/onnx_import.h"
#include "tests/apps/program_runner.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

class RankCommand : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempDir;
    ASSERT_EQ(run("train --benchmark digits_mlp --epochs 1 --output " + model()).code, 0);
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static std::string model() { return (folder_->path() / "model.onnx").string(); }
  static std::string ranking(const std::string& name) {
    return (folder_->path() / "rankings" / (name + ".npz")).string();
  }
  static Ran ranked(const std::string& words) { return run("rank --model " + model() + " " + words); }

  static TempDir* folder_;
};

TempDir* RankCommand::folder_ = nullptr;

TEST_F(RankCommand, ReadsTrainingSamplesWhereTheMethodNeedsThem) {
  Ran ran = ranked("--method grad random");
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("rankings read 1259 of 1259 samples of digits"));
  EXPECT_EQ(load_ranking(ranking("grad")).data_digest.size(), 64u);
  EXPECT_EQ(load_ranking(ranking("random")).data_digest, "");
  EXPECT_THAT(run("show " + ranking("grad")).out, HasSubstr("data       "));
  EXPECT_THAT(ranked("--method bitwise_msb").err, Not(HasSubstr("samples")));
  EXPECT_THAT(ranked("--method bitwise_msb --rank_samples 5").err,
              HasSubstr("without effect: --rank_samples"));
}

TEST_F(RankCommand, WithoutAMethodTheBestOneRanks) {
  ASSERT_EQ(ranked("").code, 0);
  EXPECT_EQ(load_ranking(ranking(std::string(kDefaultRanker) + "_global")).method, kDefaultRanker);
}

TEST_F(RankCommand, TheOrderIsTheMethodsOwnUnlessAskedFor) {
  ASSERT_EQ(ranked("--method curvature grad").code, 0);
  EXPECT_EQ(load_ranking(ranking("curvature_global")).order_mode, "global");
  EXPECT_EQ(load_ranking(ranking("grad")).order_mode, "planes");
  ASSERT_EQ(ranked("--method curvature grad --order planes").code, 0);
  EXPECT_EQ(load_ranking(ranking("curvature")).order_mode, "planes");
  ASSERT_EQ(ranked("--method curvature --order planes --method_kws order=global diagonal=sampled").code, 0);
  EXPECT_EQ(load_ranking(ranking("curvature_global_diagonal=sampled")).order_mode, "global");
}

TEST_F(RankCommand, SettingsAndSamplesGiveFilesOfTheirOwn) {
  ASSERT_EQ(ranked("--method hessian --method_kws eigen_k_top=2 max_iter=2").code, 0);
  EXPECT_EQ(load_ranking(ranking("hessian_eigen_k_top=2_max_iter=2")).options, "eigen_k_top=2 max_iter=2");
  ASSERT_EQ(ranked("--method fisher").code, 0);
  ASSERT_EQ(ranked("--method fisher --rank_samples 100").code, 0);
  Ranking all = load_ranking(ranking("fisher")), some = load_ranking(ranking("fisher_samples100"));
  EXPECT_NE(all.data_digest, some.data_digest);
  EXPECT_THAT(ranked("--method fisher --rank_samples 100").err, HasSubstr("found "));
  ASSERT_EQ(ranked("--method fisher --normalize").code, 0);
  EXPECT_EQ(load_ranking(ranking("fisher_normalize_score=1")).options, "normalize_score=1");
}

TEST_F(RankCommand, ARankingFromOtherDataOrSettingsIsMadeAnew) {
  std::string output = "--output " + (folder_->path() / "mine.npz").string();
  ASSERT_EQ(ranked("--method grad " + output).code, 0);
  EXPECT_THAT(ranked("--method grad " + output).err, HasSubstr("found "));
  EXPECT_THAT(ranked("--method grad --rank_samples 50 " + output).err, HasSubstr("ranking anew"));
  EXPECT_THAT(ranked("--method grad --rank_samples 50 --method_kws ascending=True " + output).err,
              HasSubstr("ranking anew"));
}

TEST_F(RankCommand, LongOrStrangeSettingsBecomeADigest) {
  ModelFile file{model(), load_model(model())};
  RankingRequest request;
  request.method.method = "oracle";
  request.samples = kRankSamples;
  request.method.settings =
      RankerSettings("oracle", find_ranker("oracle").options, {{"file", "../some/where/damage.npz"}});
  std::string name = ranking_path(file, request).filename().string();
  EXPECT_EQ(name.size(), std::string("oracle_.npz").size() + 12) << name;
  EXPECT_EQ(ranking_path(file, request).parent_path(), folder_->path() / "rankings");
}

TEST_F(RankCommand, MistakesInSettingsAreNamed) {
  for (auto [words, says] : std::initializer_list<std::pair<const char*, const char*>>{
           {"--method hessian --method_kws eigen_k_tpo=2", "did you mean \"eigen_k_top\"?"},
           {"--method hessian --method_kws eigen_k_top=two", "method hessian: eigen_k_top"},
           {"--method hessian --method_kws inner_ranking_method=lsb", "inner_ranking_method"},
           {"--method random --method_kws ascending=1", "keyword \"ascending\""},
           {"--method all --method_kws ascendin=1", "did you mean \"ascending\"?"},
           {"--method hessian --method_kws eigen_k_top=1000000", "eigen_k_top"},
           {"--method grad --rank_samples 0", "--rank_samples"},
           {"--method grad --dataset no_such_set", "no_such_set"}}) {
    Ran ran = ranked(words);
    EXPECT_EQ(ran.code, 2) << words;
    EXPECT_THAT(ran.err, HasSubstr(says));
  }
}

TEST_F(RankCommand, DataWithoutATrainingHalfIsReadAndSaidSo) {
  std::string inputs, labels;
  for (int n = 0; n < 12; ++n) {
    for (int i = 0; i < 64; ++i) inputs += (i > 0 ? "," : "") + std::to_string((n * 7 + i * i) % 17);
    inputs += "\n";
    labels += std::to_string(n % 10) + "\n";
  }
  std::string data =
      folder_->write("x.csv", inputs).string() + " " + folder_->write("y.csv", labels).string();
  Ran ran =
      ranked("--method grad --output " + (folder_->path() / "files.npz").string() + " --dataset " + data);
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("has no training half"));
  EXPECT_THAT(ran.err, HasSubstr("12 of 12 samples"));
  std::string compared = "--method grad random --compare --ber_range 0.01 --num_reps 8 --dataset " + data;
  EXPECT_THAT(ranked(compared).err, HasSubstr("give a smaller --rank_samples"));
  Ran judged = ranked(compared + " --rank_samples 5");
  ASSERT_EQ(judged.code, 0) << judged.err;
  EXPECT_THAT(judged.err, HasSubstr("judged on the 7 samples"));
}

TEST_F(RankCommand, RunRanksWithSettingsToo) {
  Ran ran =
      run("run --benchmark digits_mlp --epochs 1 --method fisher --method_kws precision=float64 "
          "--rank_samples 64 --ber_range 0.01 --num_reps 2 --protection_range 0.5 --benchmarks_dir " +
          (folder_->path() / "study").string());
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("fisher_samples64_precision=float64.npz"));
}

TEST_F(RankCommand, ASignalEndsALongRankingWithoutAFile) {
  fs::path log = folder_->path() / "log";
  std::string output = (folder_->path() / "never.npz").string();
  pid_t child = start_program({"rank", "--model", model(), "--method", "laplace", "--method_kws",
                               "num_hutchinson_samples=10000000", "--output", output},
                              log);
  auto has_begun = [&] {
    return fs::exists(log) && read_file(log, 1 << 20).find("rankings read") != std::string::npos;
  };
  for (int i = 0; i < 6000 && !has_begun(); ++i) usleep(10000);
  usleep(500000);  // into the ranking
  kill(child, SIGINT);
  EXPECT_EQ(wait_for_end(child), 130);
  EXPECT_THAT(read_file(log, 1 << 20), HasSubstr("interrupted: ranking was stopped"));
  EXPECT_FALSE(fs::exists(output));
}

}  // namespace
}  // namespace netsurf
