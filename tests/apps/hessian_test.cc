// netsurf hessian on a model that was just trained.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <sstream>

#include "engine/base/file.h"
#include "tests/apps/program_runner.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class HessianOfAModel : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempDir;
    ASSERT_EQ(run("train --benchmark digits_mlp --epochs 2 --output " + path("model.onnx")).code, 0);
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static std::string path(const std::string& name) { return (folder_->path() / name).string(); }
  static Ran hessian(const std::string& rest) {
    return run("hessian --model " + path("model.onnx") + " --rank_samples 200 " + rest);
  }
  /// The rows of a CSV: quantity and name, then the rest of the fields.
  static std::map<std::string, std::vector<std::string>> rows_of(const std::string& file) {
    std::map<std::string, std::vector<std::string>> rows;
    std::istringstream in(read_file(path(file), 1 << 20));
    for (std::string line; std::getline(in, line);) {
      std::vector<std::string> fields = split(line, ",");
      rows[fields[0] + " " + fields[1]] = {fields.begin() + 2, fields.end()};
    }
    return rows;
  }

  static TempDir* folder_;
};

TempDir* HessianOfAModel::folder_ = nullptr;

TEST_F(HessianOfAModel, SharesTheTraceAmongTheParameters) {
  const Ran ran = hessian("--top 3 --csv " + path("h.csv"));
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("(exact)"), HasSubstr("dense_1/kernel"), HasSubstr("csv   ")));
  auto rows = rows_of("h.csv");
  double trace = std::stod(rows.at("trace all")[1]), parts = 0;
  for (const auto& [name, fields] : rows) {
    if (name.starts_with("parameter_trace ")) parts += std::stod(fields[1]);
  }
  EXPECT_GT(trace, 0);
  EXPECT_NEAR(parts, trace, 1e-12 * trace);
  const double first = std::stod(rows.at("eigenvalue 1")[1]), third = std::stod(rows.at("eigenvalue 3")[1]);
  EXPECT_GE(std::fabs(first), std::fabs(third));
  EXPECT_EQ(rows.count("eigenvalue 4"), 0U);
  EXPECT_LT(std::stod(rows.at("eigenvalue 3")[2]), 1e-6 * std::fabs(first));
}

TEST_F(HessianOfAModel, IsTheSameForAnyNumberOfThreads) {
  ASSERT_EQ(hessian("--threads 1 --csv " + path("one.csv")).code, 0);
  ASSERT_EQ(hessian("--threads 2 --csv " + path("two.csv")).code, 0);
  EXPECT_EQ(read_file(path("one.csv"), 1 << 20), read_file(path("two.csv"), 1 << 20));
}

TEST_F(HessianOfAModel, ReachesTheSameByDifferencesAndInFloat32) {
  ASSERT_EQ(hessian("--csv " + path("exact.csv")).code, 0);
  ASSERT_EQ(hessian("--hvp differences --csv " + path("differences.csv")).code, 0);
  ASSERT_EQ(hessian("--precision float32 --csv " + path("narrow.csv")).code, 0);
  const double exact = std::stod(rows_of("exact.csv").at("eigenvalue 1")[1]);
  EXPECT_NEAR(std::stod(rows_of("differences.csv").at("eigenvalue 1")[1]), exact, 1e-4 * std::fabs(exact));
  EXPECT_NEAR(std::stod(rows_of("narrow.csv").at("eigenvalue 1")[1]), exact, 1e-3 * std::fabs(exact));
}

TEST_F(HessianOfAModel, RefusesWhatItCannotDo) {
  const std::pair<const char*, const char*> requests[] = {
      {"--top 0", "--top"},
      {"--top 1000 --rank_samples 0", "--rank_samples"},
      {"--products 3", "--products"},
      {"--hvp exakt", "exact"},
      {"--precision float16", "float32"},
  };
  for (const auto& [words, says] : requests) {
    const Ran ran = hessian(words);
    EXPECT_EQ(ran.code, 2) << words;
    EXPECT_THAT(ran.err, HasSubstr(says)) << words;
  }
  const Ran onto_itself = hessian("--csv " + path("model.onnx"));
  EXPECT_EQ(onto_itself.code, 2);
  EXPECT_THAT(onto_itself.err, HasSubstr("choose another name"));
  EXPECT_EQ(run("hessian").code, 2);
}

}  // namespace
}  // namespace netsurf
