#include "models/digits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/error.h"
#include "models/datasets.h"
#include "tests/models/expect_error.h"
#include "tests/models/pack.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

TEST(Digits, TheOwnFolderComesFirstThenTheSystem) {
  TempDir data, packages;
  std::vector<std::filesystem::path> folders = {packages.path() / "none", packages.path()};
  std::filesystem::path theirs = packages.write("sklearn/datasets/data/digits.csv.gz", "");
  EXPECT_EQ(find_digits(data.path(), folders), theirs);
  std::filesystem::path own = data.write("digits/digits.csv.gz", "");
  EXPECT_EQ(find_digits(data.path(), folders), own);
}

TEST(Digits, WithoutAFileTheErrorNamesThePackage) {
  TempDir data;
  expect_error<InputError>([&] { find_digits(data.path(), {}); },
                           {"digits.csv.gz", "apt-get install python3-sklearn"});
}

TEST(Digits, AnotherTableIsRefused) {
  TempDir data;
  data.write("digits/digits.csv.gz", gzip("1,2,3\n"));
  expect_error<FormatError>([&] { load_dataset("digits", data.path()); },
                            {"1 rows of 3 columns", "expected 1797"});
  std::string rows;
  for (int i = 0; i < 1797; ++i) {
    for (int pixel = 0; pixel < 64; ++pixel) rows += i == 5 && pixel == 9 ? "17," : "0,";
    rows += "3\n";
  }
  data.write("digits/digits.csv.gz", gzip(rows));
  expect_error<FormatError>([&] { load_dataset("digits", data.path()); },
                            {"row 6", "17", "expected 0 to 16"});
}

TEST(Digits, ThePackagedTableIsCutSeventyTenTwenty) {
  TempDir empty;
  Dataset digits;
  try {
    digits = load_dataset("digits", empty.path());
  } catch (const InputError& error) {
    GTEST_SKIP() << error.what();
  }
  EXPECT_EQ(digits.num_classes, 10);
  EXPECT_EQ(digits.train.shape, (Shape{8, 8, 1}));
  EXPECT_EQ(digits.train.count, 1259);
  EXPECT_EQ(digits.validation.count, 179);
  EXPECT_EQ(digits.test.count, 359);
  std::vector<int> histogram(10);
  double sum = 0;
  float largest = 0;
  for (const Samples* part : {&digits.train, &digits.validation, &digits.test}) {
    for (int32_t label : part->labels) ++histogram.at(static_cast<size_t>(label));
    for (float value : part->values) sum += value;
    largest = std::max(largest, *std::max_element(part->values.begin(), part->values.end()));
  }
  EXPECT_THAT(histogram, ::testing::ElementsAre(178, 182, 177, 183, 181, 182, 181, 179, 174, 180));
  EXPECT_EQ(largest, 16);
  EXPECT_EQ(sum, 561718);
}

}  // namespace
}  // namespace netsurf
