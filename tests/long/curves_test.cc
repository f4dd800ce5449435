// The curves a person expects, on real data: accuracy falls with the bit error rate and rises with protection
// of the most significant bits, within the intervals; without faults it is the clean accuracy exactly.
#include <gtest/gtest.h>

#include "engine/store/sqlite_store.h"
#include "tests/apps/program_runner.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

struct Case {
  std::string benchmark;
  double least_accuracy;  // clean, on the test split
  std::string sweep;
  std::string training = "";
};

struct Point {
  CellIdentity cell;
  CellSummary summary;
  int64_t num_samples = 0;
};

std::vector<Point> points_of(const std::string& path) {
  std::unique_ptr<SqliteStore> store = SqliteStore::open_existing(path);
  std::vector<Point> points;
  for (const auto& [id, record] : store->cells()) {
    points.push_back(
        {record.identity, summarize(store->outcomes(id), record.facts(store->study())), record.num_samples});
  }
  return points;
}

double half_width(const Point& point) {
  return point.summary.accuracy.interval ? point.summary.accuracy.interval->half_width() : 0.0;
}

/// Whether `lower` is at most `higher`, as far as their intervals and one sample can tell: the intervals are
/// over faulty chips, and on the few samples of a small set harmless flips may well turn one that was wrong
/// into a right one.
bool is_at_most(const Point& lower, const Point& higher) {
  double one_sample = 1.0 / static_cast<double>(lower.num_samples);
  return *lower.summary.accuracy.mean <=
         *higher.summary.accuracy.mean + half_width(lower) + half_width(higher) + one_sample;
}

void PrintTo(const Case& each, std::ostream* out) { *out << each.benchmark; }

class Curves : public testing::TestWithParam<Case> {};

TEST_P(Curves, FallWithTheBitErrorRateAndRiseWithProtection) {
  std::string datasets = NETSURF_SHARED_DIR "/data";
  if (GetParam().benchmark != "digits_mlp" && !std::filesystem::exists(datasets))
    GTEST_SKIP() << "no MNIST at " << datasets;
  TempDir folder;
  Ran ran =
      run("run --datasets_dir " + datasets + " --benchmarks_dir " + folder.path().string() + " --benchmark " +
          GetParam().benchmark + " --method bitwise_msb " + GetParam().training + " " + GetParam().sweep);
  ASSERT_EQ(ran.code, 0) << ran.err;
  std::vector<Point> points = points_of(
      (folder.path() / GetParam().benchmark / "q6_0_1/results-bernoulli-independent-seed1-test.sqlite")
          .string());
  int compared = 0;
  for (const Point& a : points) {
    EXPECT_GE(*a.summary.clean_accuracy, GetParam().least_accuracy);
    if (a.cell.bit_error_rate.is_zero()) {
      EXPECT_EQ(a.summary.accuracy.mean, a.summary.clean_accuracy);
    }
    for (const Point& b : points) {
      bool worse_rate =
          a.cell.protection == b.cell.protection && b.cell.bit_error_rate < a.cell.bit_error_rate;
      bool less_protected =
          a.cell.bit_error_rate == b.cell.bit_error_rate && a.cell.protection < b.cell.protection;
      if (!worse_rate && !less_protected) continue;
      ++compared;
      EXPECT_TRUE(is_at_most(a, b)) << "protection " << a.cell.protection.text() << " BER "
                                    << a.cell.bit_error_rate.text() << ": " << *a.summary.accuracy.mean
                                    << ", protection " << b.cell.protection.text() << " BER "
                                    << b.cell.bit_error_rate.text() << ": " << *b.summary.accuracy.mean;
    }
  }
  EXPECT_GT(compared, 0);
  Point high = points.front(), low = high;
  high.summary.accuracy.mean = 1.0;
  low.summary.accuracy.mean = 0.1;
  EXPECT_FALSE(is_at_most(high, low)) << "the comparison cannot fail";
}

const std::string kGrid = "--ber_range 0 0.001 0.005 0.01 0.05 0.1 --protection_range 0 0.2 0.4 0.6 0.8";

INSTANTIATE_TEST_SUITE_P(
    EachBenchmark, Curves,
    testing::Values(Case{"digits_mlp", 0.90, kGrid + " --num_reps 200"},
                    Case{"mnist_fnn_lite", 0.92, kGrid + " --num_reps 40"},
                    Case{"mnist_fnn", 0.97, kGrid + " --num_reps 20"},
                    Case{"mnist_hls4ml", 0.95, kGrid + " --num_reps 10", "--epochs 2"},
                    // 20 million multiply-accumulates per sample: one clean pass and three trials.
                    Case{"mnist_lenet5", 0.5, "--ber_range 0.01 --protection_range 0 0.2 --num_reps 3",
                         "--epochs 1 --max_train_samples 3000"}),
    [](const testing::TestParamInfo<Case>& each) { return each.param.benchmark; });

}  // namespace
}  // namespace netsurf
