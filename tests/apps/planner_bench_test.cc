// The benchmark of the planner: what it concludes from times, and that it runs.
#include "apps/planner_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "apps/stand_in.h"
#include "models/benchmark_file.h"
#include "tests/apps/program_runner.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using testing::HasSubstr;

/// Seconds per trial of plain, dense, delta and auto; predictions are twice the times.
PlannerPoint point_of(const char* rate, std::array<double, 4> seconds) {
  PlannerPoint point;
  point.model = "net";
  point.protection = UnitDecimal::parse("0.2", "protection");
  point.bit_error_rate = UnitDecimal::parse(rate, "rate");
  for (size_t i = 0; i < seconds.size(); ++i) point.times[i] = {seconds[i], 2 * seconds[i], 1};
  return point;
}

TEST(PlannerBench, ComparesAutoWithTheFastestOfTheOthers) {
  PlannerPoint point = point_of("0.1", {8, 2, 4, 2.5});
  EXPECT_EQ(point.best_fixed(), Path::dense);
  EXPECT_DOUBLE_EQ(point.gain(), 0.8);
  point = point_of("0.1", {1, 2, 4, 0.5});
  EXPECT_EQ(point.best_fixed(), Path::plain);
  EXPECT_DOUBLE_EQ(point.gain(), 2);
}

TEST(PlannerBench, NamesTheWorstPointAndTheRangeOfThePredictions) {
  std::vector<PlannerPoint> points = {point_of("0.001", {8, 4, 2, 2}), point_of("0.01", {8, 3, 4, 4}),
                                      point_of("0.1", {8, 2, 9, 2})};
  points[0].times[0].predicted = 4;
  std::string text = planner_text(points);
  EXPECT_THAT(text, HasSubstr("auto/best: worst 0.75 (net, protection 0.2, BER 0.01), goal at least 0.85\n"));
  EXPECT_THAT(text, HasSubstr("predicted/measured of plain: 0.50 to 2.00, median 2.00\n"));
}

TEST(PlannerBench, MeasuresAModelAsTableAndAsJson) {
  TempDir folder;
  std::string model = (folder.path() / "model.onnx").string();
  ASSERT_EQ(run("train --benchmark digits_mlp --epochs 1 --output " + model).code, 0);
  std::string line = "bench --planner --model " + model + " --ber_range 0.001 0.1 --num_reps 2 --repeats 2";
  Ran table = run(line);
  ASSERT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("auto/best: worst "));
  Ran ran = run(line + " --protection_range 0.5 --seed 9 --json");
  ASSERT_EQ(ran.code, 0) << ran.err;
  auto json = nlohmann::json::parse(ran.out);
  ASSERT_EQ(json.at("points").size(), 2u);
  EXPECT_EQ(json.at("threads"), 1);
  EXPECT_EQ(json.at("seed"), 9);
  for (const auto& point : json.at("points")) {
    EXPECT_EQ(point.at("protection"), "0.5");
    for (const char* path : {"plain", "dense", "delta", "auto"}) {
      EXPECT_GT(point.at(path).at("trials_per_second").get<double>(), 0);
      EXPECT_GT(point.at(path).at("predicted_trials_per_second").get<double>(), 0);
      EXPECT_EQ(point.at(path).at("trials_per_run"), 2);
    }
  }
}

TEST(StandIn, IsAnotherNetworkForEverySeedAndTellsItsImagesApart) {
  Benchmark benchmark = find_benchmark("digits_mlp");
  StandIn one = make_stand_in(benchmark, 1), again = make_stand_in(benchmark, 1),
          two = make_stand_in(benchmark, 2);
  EXPECT_EQ(one.model.digest(), again.model.digest());
  EXPECT_EQ(one.set.digest, again.set.digest);
  EXPECT_NE(one.model.digest(), two.model.digest());
  EXPECT_EQ(one.set.count, 10000);
  SessionOptions options;
  options.num_threads = 1;
  auto session = make_cpu_backend()->open(one.model, one.set, BitSpace(one.model), options);
  EXPECT_GT(session->clean().correct, one.set.count / 2);
}

}  // namespace
}  // namespace netsurf
