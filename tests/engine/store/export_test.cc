#include "engine/store/export.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/store/csv.h"
#include "tests/engine/store/example_store.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using testing::csv_of;
using testing::example_cell;
using testing::example_outcomes;
using testing::example_study;

/// Value of a column in a row; no field of these tests holds a comma or is followed by an empty one that
/// matters.
std::string field(const std::string& csv, size_t row, const std::string& column) {
  std::vector<std::string> lines = split(csv, "\n");
  auto cut = [](const std::string& line) {
    std::vector<std::string> fields(1);
    for (char c : line) {
      if (c == ',') {
        fields.emplace_back();
      } else {
        fields.back() += c;
      }
    }
    return fields;
  };
  std::vector<std::string> names = cut(lines.at(0)), values = cut(lines.at(row));
  EXPECT_EQ(names.size(), values.size());
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == column) return values[i];
  }
  ADD_FAILURE() << "no column " << column;
  return "";
}

TEST(Csv, QuotesOnlyWhatNeedsIt) {
  std::ostringstream out;
  CsvWriter csv(out);
  csv.add("plain").add("a,b").add("say \"hi\"").add("two\nlines").add("").add(0.1).add(int64_t{-3});
  csv.end_line();
  EXPECT_EQ(out.str(), "plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",,0.1,-3\n");
}

TEST(Csv, NumbersReadBackAsTheSameDouble) {
  for (double number : {1.0 / 3, 0.1 + 0.2, 1e-300, 123456789.125, 0x1.fffffffffffffp-1, 97.0}) {
    std::ostringstream out;
    CsvWriter(out).add(number);
    EXPECT_EQ(std::stod(out.str()), number);
  }
}

class ExportTest : public ::testing::Test {
 protected:
  std::unique_ptr<SqliteStore> make(const char* name) {
    return SqliteStore::open_or_create(folder_.path() / name, example_study());
  }

  TempDir folder_;
};

TEST_F(ExportTest, TheSameTrialsGiveTheSameBytesWhateverTheirHistory) {
  auto tidy = make("tidy.sqlite"), messy = make("messy.sqlite");
  for (const char* ber : {"0.001", "0.01", "0.1"}) {
    tidy->record(tidy->begin_run({}), tidy->add_cell(example_cell(ber)), example_outcomes(0, 700), 1);
  }
  RunRecord run{"host", "cpu/other", "9", "netsurf", 3, 4};
  for (const char* ber : {"0.1", "0.001", "0.01"}) messy->add_cell(example_cell(ber));
  for (uint64_t end : {700u, 100u, 430u, 256u, 650u}) {
    for (const char* ber : {"0.01", "0.1", "0.001"}) {
      messy->record(messy->begin_run(run), messy->add_cell(example_cell(ber)),
                    example_outcomes(end - 90, end), 2);
    }
  }
  for (const auto& cell : messy->cells()) {
    for (const TrialRange& range : messy->missing(cell.id, 0, 700)) {
      messy->record(0, cell.id, example_outcomes(range.begin, range.end), 3);
    }
  }
  EXPECT_EQ(csv_of(*messy, ExportFormat::summary), csv_of(*tidy, ExportFormat::summary));
  EXPECT_EQ(csv_of(*messy, ExportFormat::trials), csv_of(*tidy, ExportFormat::trials));
}

TEST_F(ExportTest, ASummaryRowHoldsTheCellAndItsNumbers) {
  auto store = make("s.sqlite");
  store->record(0, store->add_cell(example_cell()), example_outcomes(0, 200), 1);
  std::string csv = csv_of(*store, ExportFormat::summary);
  EXPECT_EQ(field(csv, 1, "model"), "digits_mlp");
  EXPECT_EQ(field(csv, 1, "ranking"), "bitwise_msb");
  EXPECT_EQ(field(csv, 1, "protection"), "0.2");
  EXPECT_EQ(field(csv, 1, "ber"), "0.01");
  EXPECT_EQ(field(csv, 1, "trials"), "200");
  EXPECT_EQ(field(csv, 1, "interval_basis"), "trials");
  EXPECT_EQ(field(csv, 1, "clean_accuracy"), "0.97");
  EXPECT_EQ(field(csv, 1, "protected_bits"), "200");
  EXPECT_EQ(field(csv, 1, "seed"), "7");
  int64_t correct = 0;
  for (const TrialOutcome& outcome : example_outcomes(0, 200)) correct += outcome.correct;
  EXPECT_EQ(std::stod(field(csv, 1, "accuracy")), static_cast<double>(correct) / 20000);
  for (const char* hidden : {"host", "path", "batch", "time", "date"})
    EXPECT_EQ(csv.find(hidden), std::string::npos) << hidden;
}

TEST_F(ExportTest, AbsentNumbersAreEmptyFields) {
  StudyIdentity study = example_study();
  study.task = "regression";
  study.with_loss = false;
  auto store = SqliteStore::open_or_create(folder_.path() / "r.sqlite", study);
  CellRecord cell = example_cell();
  cell.clean.correct = cell.clean.loss = kNoCount;
  auto outcomes = example_outcomes(0, 3);
  for (TrialOutcome& outcome : outcomes) outcome.correct = outcome.loss = kNoCount;
  store->record(0, store->add_cell(cell), outcomes, 1);
  std::string summary = csv_of(*store, ExportFormat::summary), trials = csv_of(*store, ExportFormat::trials);
  for (const char* column : {"accuracy", "accuracy_low", "accuracy_median", "clean_accuracy", "loss"}) {
    EXPECT_EQ(field(summary, 1, column), "") << column;
  }
  EXPECT_EQ(field(summary, 1, "interval_basis"), "no_labels");
  EXPECT_EQ(field(trials, 2, "correct"), "");
  EXPECT_EQ(field(trials, 2, "loss"), "");
  EXPECT_EQ(csv_of(*store, ExportFormat::original).find("categorical"), std::string::npos);
}

TEST_F(ExportTest, TheOriginalsColumnsStandInItsOrderWithTimes) {
  auto store = make("o.sqlite");
  CellId cell = store->add_cell(example_cell());
  store->record(0, cell, example_outcomes(5, 10), 10);
  store->record(0, cell, example_outcomes(0, 20), 40);
  std::string csv = csv_of(*store, ExportFormat::original);
  EXPECT_EQ(csv.substr(0, csv.find('\n')),
            "protection,ber,true_ber,loss,categorical_crossentropy,categorical_accuracy,elapsed_time,"
            "datetime,dataset,model_name,"
            "ranking_method,experiment_hash");
  EXPECT_EQ(field(csv, 1, "loss"), "categorical_crossentropy");
  EXPECT_EQ(std::stod(field(csv, 1, "true_ber")), static_cast<double>(example_outcomes(0, 1)[0].flips) / 800);
  for (size_t trial = 0; trial < 20; ++trial) {
    EXPECT_EQ(field(csv, trial + 1, "elapsed_time"), "2") << trial;
    EXPECT_EQ(field(csv, trial + 1, "datetime").size(), 20u);
  }
}

TEST_F(ExportTest, ElapsedTimesComeFromTheBatchThatBroughtATrialFirst) {
  auto store = make("t.sqlite");
  CellId cell = store->add_cell(example_cell());
  store->record(0, cell, example_outcomes(5, 10), 5);
  store->record(0, cell, example_outcomes(12, 13), 7);
  store->record(0, cell, example_outcomes(0, 20), 60);
  std::string csv = csv_of(*store, ExportFormat::original);
  for (size_t trial = 0; trial < 20; ++trial) {
    const char* expected = 5 <= trial && trial < 10 ? "1" : trial == 12 ? "7" : "3";
    EXPECT_EQ(field(csv, trial + 1, "elapsed_time"), expected) << trial;
  }
}

TEST_F(ExportTest, ToAFileIsTheSameAsToAStream) {
  auto store = make("f.sqlite");
  store->record(0, store->add_cell(example_cell()), example_outcomes(0, 50), 1);
  std::filesystem::path path = folder_.path() / "out" / "summary.csv";
  export_csv(*store, ExportFormat::summary, path);
  EXPECT_EQ(read_file(path, 1 << 20), csv_of(*store, ExportFormat::summary));
  EXPECT_THROW(export_csv(*store, ExportFormat::summary, "/proc/netsurf/summary.csv"), RunError);
}

TEST_F(ExportTest, UnknownFormatIsAnswered) {
  EXPECT_EQ(parse_export_format("original"), ExportFormat::original);
  EXPECT_NE(testing::message_of<InputError>([] { parse_export_format("sumary"); }).find("summary"),
            std::string::npos);
}

}  // namespace
}  // namespace netsurf
