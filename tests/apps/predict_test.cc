// netsurf predict beside what netsurf sweep measured.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "tests/apps/program_runner.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class PredictionOfAModel : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempDir;
    for (const char* name : {"model", "other"}) {
      ASSERT_EQ(run("train --benchmark digits_mlp --epochs 2 --output " + path(name) + ".onnx" +
                    (name[0] == 'o' ? " --seed 2" : ""))
                    .code,
                0);
      ASSERT_EQ(
          run("rank --model " + path(name) + ".onnx --method bitwise_msb --output " + path(name) + ".npz")
              .code,
          0);
    }
    ASSERT_EQ(run("sweep --model " + path("model.onnx") + " --ranking " + path("model.npz") + " --store " +
                  path("results.sqlite") + " --ber_range 0.001 0.01 --protection_range 0 0.2 --num_reps 200")
                  .code,
              0);
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static std::string path(const std::string& name) { return (folder_->path() / name).string(); }
  static Ran predict(const std::string& rest) {
    return run("predict --model " + path("model.onnx") + " " + rest);
  }
  static std::string ranked() { return "--ranking " + path("model.npz"); }

  static TempDir* folder_;
};

TempDir* PredictionOfAModel::folder_ = nullptr;

TEST_F(PredictionOfAModel, StandsBesideASweepPointByPoint) {
  const Ran ran = predict(ranked() + " --sweep " + path("results.sqlite") + " --csv " + path("p.csv"));
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1 + 4 + 2) << ran.out;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("sweep %"), HasSubstr("holds"), HasSubstr("csv   ")));
  std::ifstream file(path("p.csv"));
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  EXPECT_THAT(line, HasSubstr("protection,ber,accuracy,loss,second_order_loss"));
  int rows = 0;
  for (; std::getline(file, line); ++rows) {
    const std::vector<std::string> fields = split(line + ",end", ",");
    ASSERT_EQ(fields.size(), 18u) << line;
    EXPECT_LT(std::abs(std::stod(fields[7]) - std::stod(fields[13])), 0.03) << line;
    EXPECT_EQ(fields[12], "200");
  }
  EXPECT_EQ(rows, 4);
}

TEST_F(PredictionOfAModel, WithoutASweepHasNoColumnsForIt) {
  const Ran ran = predict("--ber_range 0 0.01");
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, Not(HasSubstr("sweep")));
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 3) << ran.out;
  EXPECT_EQ(ran.out, predict("--ber_range 0 0.01 --threads 1").out) << "threads change nothing";
}

TEST_F(PredictionOfAModel, ShowsTheSweepWhereItMeasuredAPoint) {
  const Ran ran = predict("--ber_range 0.01 0.05 --sweep " + path("results.sqlite"));
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("200\n"));
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 3) << ran.out;
}

TEST_F(PredictionOfAModel, RefusesWhatBelongsToOthers) {
  const std::string results = " --sweep " + path("results.sqlite");
  Ran ran = predict("--ranking " + path("other.npz"));
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("was made for model"));
  ran = run("predict --model " + path("other.onnx") + results);
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("has no cell of model"));
  ran = predict("--split train" + results);
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("was measured on other data"));
  ran = predict("--csv " + path("model.onnx"));
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("is the --model"));
  EXPECT_EQ(predict("--sweep " + path("model.npz")).code, 1) << "a file that is no store";
  EXPECT_EQ(predict("--sweep " + path("nothing.sqlite")).code, 2);
}

TEST_F(PredictionOfAModel, RefusesASweepOfOtherFaults) {
  ASSERT_EQ(run("sweep --model " + path("model.onnx") + " --store " + path("exact.sqlite") +
                " --ber_range 0.01 --protection_range 0 --num_reps 2 --fault_model exact")
                .code,
            0);
  const Ran ran = predict("--sweep " + path("exact.sqlite"));
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("holds fault model exact"));
}

TEST_F(PredictionOfAModel, IsDrawnTheSameTwice) {
  if (std::system("/usr/bin/python3 -c 'import matplotlib' 2> /dev/null") != 0)
    GTEST_SKIP() << "python3 with matplotlib is not here";
  const std::string line = "--ber_range 0.001 0.01 --plot ";
  const Ran ran = predict(line + path("a.svg"));
  ASSERT_EQ(ran.code, 0) << ran.err;
  ASSERT_EQ(predict(line + path("b.svg")).code, 0);
  EXPECT_TRUE(fs::exists(path("a.csv"))) << "the table stays beside the picture";
  const auto bytes = [](const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_EQ(bytes(path("a.svg")), bytes(path("b.svg")));
  EXPECT_THAT(bytes(path("a.svg")), HasSubstr("<svg"));
}

}  // namespace
}  // namespace netsurf
