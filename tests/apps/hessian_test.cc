// netsurf hessian on a model that was just trained.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <sstream>

#include "apps/spectrum_table.h"
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
  EXPECT_THAT(run("hessian --model " + path("model.onnx") + " --rank_samples 0").err,
              HasSubstr("--rank_samples"));
  const std::pair<const char*, const char*> requests[] = {
      {"--top 0", "--top"},
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
  write_file(path("x.csv"), "1,2");
  const Ran onto_data = hessian("--dataset " + path("x.csv") + " --csv " + path("x.csv"));
  EXPECT_EQ(onto_data.code, 2);
  EXPECT_THAT(onto_data.err, HasSubstr("is the --dataset"));
  EXPECT_EQ(read_file(path("x.csv"), 100), "1,2");
  EXPECT_EQ(run("hessian").code, 2);
}

TEST(SpectrumTable, SaysWhatIsEstimatedAndHowWell) {
  Spectrum spectrum;
  spectrum.eigen.values = {4, -1};
  spectrum.eigen.residuals = {1e-3, 2e-3};
  spectrum.trace = {9, 0.5, 12};
  spectrum.diagonal = {{3, 3, 2}, 0.25, 12};
  const std::vector<ParameterCurvature> parameters = {{"kernel", 2, 6}, {"bias", 1, 2}};
  const std::string text = spectrum_text(spectrum, parameters);
  EXPECT_THAT(text, AllOf(HasSubstr("trace 9 +- 0.5 (XTrace, 12 products)"), HasSubstr("25 % (XDiag)"),
                          HasSubstr("75.00"), HasSubstr("-12.50")));
  EXPECT_THAT(spectrum_csv(spectrum, parameters),
              AllOf(HasSubstr("trace,all,3,9,0.5\n"), HasSubstr("eigenvalue,2,3,-1,0.002\n"),
                    HasSubstr("parameter_trace,bias,1,2,\n")));
  spectrum.is_exact = true;
  EXPECT_THAT(spectrum_text(spectrum, parameters), HasSubstr("trace 9 (exact)"));
  EXPECT_THAT(spectrum_csv(spectrum, parameters), HasSubstr("trace,all,3,9,\n"));
}

}  // namespace
}  // namespace netsurf
