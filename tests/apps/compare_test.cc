// netsurf rank --compare in process, on the digits that come with scikit-learn's package.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "apps/comparison.h"
#include "engine/base/file.h"
#include "tests/apps/program_runner.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

/// The rows of a table by column name; fields without commas.
std::vector<std::map<std::string, std::string>> rows_of(const fs::path& path) {
  auto fields_of = [](const std::string& line) {
    std::vector<std::string> fields(1);
    for (char c : line) {
      if (c == ',')
        fields.emplace_back();
      else
        fields.back() += c;
    }
    return fields;
  };
  std::vector<std::string> lines = split(read_file(path, 1 << 24), "\n");
  std::vector<std::string> columns = fields_of(lines.at(0));
  std::vector<std::map<std::string, std::string>> rows;
  for (size_t line = 1; line < lines.size(); ++line) {
    std::vector<std::string> fields = fields_of(lines[line]);
    EXPECT_EQ(fields.size(), columns.size()) << lines[line];
    auto& row = rows.emplace_back();
    for (size_t c = 0; c < std::min(fields.size(), columns.size()); ++c) row[columns[c]] = fields[c];
  }
  return rows;
}

class Compare : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempDir;
    Ran trained = run("train --benchmark digits_mlp --epochs 3 --prune 0 0.25 --benchmarks_dir " +
                      folder_->path().string());
    ASSERT_EQ(trained.code, 0) << trained.err;
    Ran oracle = run("oracle --model " + model() + " --sample 500");
    ASSERT_EQ(oracle.code, 0) << oracle.err;
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static fs::path place(const char* prune = "0") {
    return folder_->path() / "digits_mlp" / "q6_0_1" / ("pruned_" + std::string(prune));
  }
  static std::string model() { return (place() / "model.onnx").string(); }
  static std::string damage() { return (place() / "damage-test-sample500-seed1.npz").string(); }
  static Ran compare(const std::string& more) {
    return run("rank --model " + model() + " --compare " + more);
  }

  static TempDir* folder_;
};

TempDir* Compare::folder_ = nullptr;

TEST_F(Compare, WritesItsTablesAndSaysWhoWins) {
  Ran ran = compare("--method bitwise_msb random bitwise_lsb layerwise_first --oracle " + damage() +
                    " --ber_range 0.02 --num_reps 60 --compare_samples 200 --baseline random");
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("4 rankings of digits_mlp on 200 test samples: baseline random, seed 1"));
  EXPECT_THAT(ran.out, HasSubstr("agreement with random"));
  EXPECT_THAT(ran.out, HasSubstr("oracle: single flips of 500 bits, damage by loss"));
  EXPECT_THAT(
      ran.out,
      HasSubstr("regret of the mean loss at BER 0.02 [95 % paired interval], 60 trials, independent"));
  EXPECT_THAT(ran.out, HasSubstr("regret of the mean accuracy in percentage points"));
  fs::path folder = place() / "compare";
  auto league = rows_of(folder / "league.csv");
  ASSERT_EQ(league.size(), 4u * 4u);
  for (size_t r = 0; r < league.size(); ++r) {
    auto& row = league[r];
    EXPECT_EQ(row["harm"], "loss");
    EXPECT_EQ(row["samples"], "200");
    EXPECT_EQ(row["trials"], "60");
    EXPECT_GE(std::stod(row["regret"]), 0);
    if (row["ranking"] == "random") {
      EXPECT_EQ(row["harm_over_baseline"], "0");
      EXPECT_EQ(row["harm_over_baseline_high"], "0");
      EXPECT_GT(std::stod(row["regret_low"]), 0);
    }
  }
  // In complete planes, layers from the first are the order of ids, as the planes alone are.
  for (size_t cell = 0; cell < 4; ++cell) {
    auto &msb = league[4 * cell], &layers = league[4 * cell + 3];
    EXPECT_EQ(msb["mean_harm"], layers["mean_harm"]);
    EXPECT_EQ(msb["regret"], "0");
    EXPECT_EQ(layers["interval_basis"], "exact");
    EXPECT_EQ(layers["accuracy_regret_low"], msb["accuracy_regret_low"]);
  }
  auto pairs = rows_of(folder / "pairs.csv");
  ASSERT_EQ(pairs.size(), 6u * 4u);
  EXPECT_EQ(pairs[2 * 4]["ranking_b"], "layerwise_first");
  EXPECT_EQ(pairs[2 * 4]["kendall"], "1");
  EXPECT_EQ(pairs[2 * 4]["jaccard_low"], "1");
  EXPECT_EQ(rows_of(folder / "overlap.csv").size(), 400u);
  auto oracle = rows_of(folder / "oracle.csv");
  ASSERT_EQ(oracle.size(), 2u * 4u);
  EXPECT_GT(std::stod(oracle[0]["area"]), std::stod(oracle[1]["area"]));
  EXPECT_EQ(oracle[0]["measured_bits"], "500");
}

TEST_F(Compare, ThreadsAndPathsChangeNoByte) {
  std::vector<std::string> tables;
  for (const char* how : {"--threads 1", "--threads 3 --path dense"}) {
    fs::path folder = folder_->path() / ("again" + std::to_string(tables.size()));
    Ran ran = compare(
        "--method bitwise_msb random --design rotation --num_reps 200 --ber_range 0.01 0.0625 --top "
        "0.1 0.5 --compare_dir " +
        folder.string() + " " + how);
    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("independent at BER 0.01\n"));
    std::string all;
    for (const char* name : {"league.csv", "pairs.csv", "overlap.csv"})
      all += read_file(folder / name, 1 << 24);
    tables.push_back(all);
  }
  EXPECT_EQ(tables[0], tables[1]);
  EXPECT_THAT(tables[0], HasSubstr(",rotation,192,"));
}

TEST_F(Compare, RankingFilesStandBesideMethodsAndRepeatsAreDropped) {
  ASSERT_EQ(run("rank --model " + model() + " --method random --seed 5").code, 0);
  ASSERT_EQ(run("rank --model " + model() + " --method random weight_abs_value").code, 0);
  std::string rankings = (place() / "rankings").string();
  std::string files = " --ranking " + rankings + "/random.npz " + rankings + "/random_seed5.npz";
  std::string few = " --ber_range 0.05 --protection_range 0.3 --num_reps 20 --resamples 0";
  Ran ran = compare("--method random weight_abs_value" + files + few);
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("is the same ranking as"));
  auto league = rows_of(place() / "compare" / "league.csv");
  ASSERT_EQ(league.size(), 3u);
  EXPECT_EQ(league[0]["ranking"], "random_seed1");
  EXPECT_EQ(league[2]["ranking"], "random_seed5");
  Ran alone = compare(files + few);
  EXPECT_EQ(alone.code, 0) << alone.err;
  EXPECT_THAT(alone.err, Not(HasSubstr("without effect")));
  EXPECT_EQ(rows_of(place() / "compare" / "league.csv").size(), 2u);
}

TEST_F(Compare, PlotsAreDrawnFromTheTablesTheSameTwice) {
  const std::string line =
      "--method bitwise_msb random bitwise_lsb weight_abs_value --ber_range 0.05 --num_reps 10 "
      "--resamples 0 --plot --compare_dir ";
  Ran ran = compare(line + (folder_->path() / "drawn").string());
  ASSERT_EQ(ran.code, 0) << ran.err;
  ASSERT_EQ(compare(line + (folder_->path() / "redrawn").string()).code, 0);
  for (const std::string stem : {"overlap", "radar", "loss", "accuracy", "regret_ber_0.05"}) {
    EXPECT_THAT(ran.out, HasSubstr(stem + ".svg"));
    EXPECT_TRUE(fs::exists(folder_->path() / "drawn" / "plots" / (stem + ".png"))) << stem;
    EXPECT_EQ(read_file(folder_->path() / "drawn" / "plots" / (stem + ".svg"), 1 << 24),
              read_file(folder_->path() / "redrawn" / "plots" / (stem + ".svg"), 1 << 24))
        << stem;
  }
}

TEST_F(Compare, TheLeaguePageIsWrittenBetweenItsMarks) {
  fs::path league = folder_->path() / "league", page = folder_->path() / "page.md";
  Ran ran = compare(
      "--method bitwise_msb random weight_abs_value --ber_range 0.01 --num_reps 40 --resamples 0 "
      "--compare_dir " +
      (league / "digits_mlp" / "compare").string());
  ASSERT_EQ(ran.code, 0) << ran.err;
  write_file(page, "# Before\n<!-- league: begin -->\nold\n<!-- league: end -->\nafter\n");
  auto write_page = [&](const std::string& options) {
    std::string command = "'" NETSURF_SOURCE_DIR
                          "/scripts/league' --page_only --network digits_mlp --folder '" +
                          league.string() + "' --page '" + page.string() + "' " + options + " 2>&1";
    Ran wrote;
    FILE* pipe = popen(command.c_str(), "r");
    char buffer[4096];
    for (size_t got = 0; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;) wrote.out.append(buffer, got);
    wrote.code = pclose(pipe);
    return wrote;
  };
  Ran wrote = write_page("--default weight_abs_value");
  EXPECT_NE(wrote.code, 0);
  EXPECT_THAT(wrote.out, HasSubstr("compared against bitwise_msb, not weight_abs_value"));
  EXPECT_THAT(read_file(page, 1 << 20), HasSubstr("old"));
  wrote = write_page("--default bitwise_msb");
  ASSERT_EQ(wrote.code, 0) << wrote.out;
  std::string text = read_file(page, 1 << 20);
  EXPECT_THAT(text, testing::StartsWith("# Before\n<!-- league: begin -->\n"));
  EXPECT_THAT(text, testing::EndsWith("<!-- league: end -->\nafter\n"));
  EXPECT_THAT(text, Not(HasSubstr("old")));
  EXPECT_THAT(text, HasSubstr("40 independent trials at BER 0.01"));
  EXPECT_THAT(text, HasSubstr("**best**"));
  EXPECT_THAT(text, HasSubstr("Clear of zero against `random` on 1 of 1"));
  EXPECT_THAT(text, HasSubstr("Clear of zero against `hessian` on 0 of 1"));  // it was not there
  fs::remove(league / "digits_mlp" / "compare" / "league.csv");
  Ran missing = write_page("");
  EXPECT_NE(missing.code, 0);
  EXPECT_THAT(missing.out, HasSubstr("no such file"));
  EXPECT_THAT(missing.out, Not(HasSubstr("Traceback")));
}

TEST_F(Compare, LabelFreeDataAreJudgedByTheDistanceOfTheOutputs) {
  Ran ran = compare(
      "--method bitwise_msb random --dataset digits --input_scale 0.0625 --task comparison --ber_range "
      "0.05 --protection_range 0.2 --num_reps 30");
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("squared distance of the outputs"));
  EXPECT_THAT(ran.out, Not(HasSubstr("accuracy")));
  auto league = rows_of(place() / "compare" / "league.csv");
  EXPECT_EQ(league.at(0)["harm"], "distance");
  EXPECT_EQ(league[0]["accuracy"], "");
  EXPECT_EQ(league[0]["regret"], "0");
  EXPECT_GT(std::stod(league[1]["regret_low"]), 0);
}

void expect_refused(const Ran& ran, const std::string& words) {
  EXPECT_NE(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr(words));
  std::string last = ran.err.substr(ran.err.find("netsurf: "));
  EXPECT_EQ(std::count(last.begin(), last.end(), '\n'), 1) << ran.err;
}

TEST_F(Compare, WrongRequestsGetOneClearLine) {
  std::string rank = "rank --model " + model();
  for (const char* option :
       {"--ranking x.npz", "--oracle x.npz", "--ber_range 0.1", "--top 0.1", "--baseline random",
        "--compare_samples 5", "--resamples 3", "--plot", "--path dense"}) {
    expect_refused(run(rank + " --method random " + option), "would have no effect without --compare");
  }
  Ran misspelt = compare("--method random --overwrite_ranking --baseline randon");
  expect_refused(misspelt, "did you mean \"random\"");
  EXPECT_THAT(misspelt.err, Not(HasSubstr("ranked ")));
  expect_refused(compare("--method random --baseline random_seed7"), "unknown --baseline");
  expect_refused(compare("--method random --num_reps 1"), "num_reps");
  expect_refused(compare("--method random --top 1.5"), "top share");
  expect_refused(compare("--method random --design latin"), "latin");
  expect_refused(compare("--method random --design rotation --num_reps 200 --ber_range 0.2"), "0.1");
  expect_refused(compare("--method random --ranking nowhere.npz"), "nowhere.npz");
  expect_refused(compare("--method random --oracle nowhere.npz"), "nowhere.npz");
  expect_refused(compare("--method random --oracle " + damage() + " --pruned absent --ranking " + damage()),
                 "netsurf damage");
}

TEST_F(Compare, RankingsAndDamagesOfOtherModelsAreRefusedBeforeAnythingIsRanked) {
  std::string pruned = (place("0.25") / "model.onnx").string();
  ASSERT_EQ(run("rank --model " + pruned + " --method bitwise_msb").code, 0);
  Ran other = compare("--method weight_abs_value --overwrite_ranking --ranking " +
                      (place("0.25") / "rankings" / "bitwise_msb.npz").string());
  expect_refused(other, "was made for model");
  EXPECT_THAT(other.err, Not(HasSubstr("ranked ")));
  expect_refused(run("rank --model " + pruned + " --method random --compare --oracle " + damage()),
                 "was measured on model");
  ASSERT_EQ(run("rank --model " + pruned + " --method bitwise_msb --pruned stored").code, 0);
  expect_refused(run("rank --model " + pruned + " --method random --compare --ranking " +
                     (place("0.25") / "rankings" / "bitwise_msb_stored.npz").string()),
                 "--pruned");
}

TEST_F(Compare, ATruncatedRankingFileIsRefused) {
  ASSERT_EQ(run("rank --model " + model() + " --method bitwise_msb").code, 0);
  std::string bytes = read_file(place() / "rankings" / "bitwise_msb.npz", 1 << 24);
  fs::path cut = folder_->path() / "cut.npz";
  for (size_t size : {size_t{0}, size_t{100}, bytes.size() / 2, bytes.size() - 1}) {
    write_file(cut, bytes.substr(0, size));
    expect_refused(compare("--method random --ranking " + cut.string()), "cut.npz");
  }
}

TEST(RankingNames, TellRankingsApart) {
  auto ranking = [](const char* method, const char* order, const char* options, const char* suffix,
                    uint64_t seed) {
    Ranking made;
    made.method = method;
    made.order_mode = order;
    made.options = options;
    made.suffix = suffix;
    made.seed = seed;
    made.bit_space_digest = std::to_string(seed) + suffix;
    return made;
  };
  std::vector<std::string> names = ranking_names(
      {ranking("weight_abs_value", "planes", "", "", 1), ranking("weight_abs_value", "global", "", "", 1),
       ranking("hessian", "planes", "eigen_k_top=4", "mine", 1), ranking("random", "planes", "", "", 1),
       ranking("random", "planes", "", "", 2), ranking("unheard_of", "planes", "", "", 1)});
  EXPECT_EQ(names[0], "weight_abs_value");
  EXPECT_EQ(names[1], "weight_abs_value_global");
  EXPECT_EQ(names[2], "hessian eigen_k_top=4_mine");
  EXPECT_EQ(names[3], "random_seed1");
  EXPECT_EQ(names[4], "random_seed2");
  EXPECT_EQ(names[5], "unheard_of");
  Ranking first = ranking("random", "planes", "", "", 1), second = first;
  second.order = {0};
  std::vector<std::string> alike = ranking_names({first, second});
  EXPECT_NE(alike[0], alike[1]);
}

}  // namespace
}  // namespace netsurf
