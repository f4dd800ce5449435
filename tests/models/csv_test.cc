#include "models/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"
#include "tests/models/pack.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using ::testing::ElementsAre;

TEST(Csv, CommasSemicolonsAndBlanksSeparate) {
  for (const char* text : {"1,-2.5,3e2\n4,5,6\n", "1;-2.5; 3e2\r\n4;5;6", "1  -2.5\t3e2\n\n 4 5   6 \n\n"}) {
    NumberTable table = parse_csv(text, "f");
    EXPECT_EQ(table.rows, 2);
    EXPECT_EQ(table.columns, 3);
    EXPECT_THAT(table.values, ElementsAre(1, -2.5, 300, 4, 5, 6)) << text;
    EXPECT_TRUE(table.names.empty());
  }
}

TEST(Csv, AFirstLineWithoutNumbersIsTheHeader) {
  NumberTable table = parse_csv("\xef\xbb\xbfwidth,\"height\", label\n1,2,0\n", "f");
  EXPECT_THAT(table.names, ElementsAre("width", "height", "label"));
  EXPECT_EQ(table.rows, 1);
}

TEST(Csv, NumbersAreReadAsWritten) {
  EXPECT_THAT(parse_csv("+1,-0,.5,5.,1e-60,1e-3\n", "f").values, ElementsAre(1, 0, 0.5, 5, 0, 0.001f));
}

TEST(Csv, WhatIsNoFiniteNumberIsRefusedWithLineAndColumn) {
  expect_error<FormatError>([&] { parse_csv("a,b\n1,2\n3,?\n", "x.csv"); },
                            {"x.csv: line 3: column 2: \"?\""});
  for (const char* bad : {"nan", "inf", "-inf", "1e60", "", "0x10", "1 2", "++1", "+-1", "1,5"}) {
    EXPECT_THROW(parse_csv(std::string("1;2\n3;") + bad + "\n", "f"), FormatError) << bad;
    EXPECT_THROW(parse_csv(std::string("3;") + bad + "\n1;2\n", "f"), FormatError) << bad;
  }
  EXPECT_THROW(parse_csv("nan,nan\n1,2\n", "f"), FormatError);
  expect_error<FormatError>([&] { parse_csv("1,2\n3,\x1b[31mred" + std::string(1000, 'x'), "f"); },
                            {"\"?[31mred", "...\""});
}

TEST(Csv, RowsOfDifferentLengthAreRefused) {
  expect_error<FormatError>([&] { parse_csv("1,2\n3,4,5\n", "x.csv"); },
                            {"line 2", "found 3 columns", "expected 2"});
  expect_error<FormatError>([&] { parse_csv("a,b,c\n3,4\n", "x.csv"); },
                            {"line 2", "found 2 columns", "expected 3"});
}

TEST(Csv, TablesWithoutRowsOrNamesAreRefused) {
  expect_error<FormatError>([&] { parse_csv("", "x.csv"); }, {"x.csv", "no rows"});
  expect_error<FormatError>([&] { parse_csv("a,b\n", "x.csv"); }, {"x.csv", "no rows"});
  expect_error<FormatError>([&] { parse_csv(",a,b\n0,1,2\n", "x.csv"); },
                            {"column 1 has no name", "index=False"});
}

TEST(Csv, ZippedFilesAreRead) {
  TempDir folder;
  EXPECT_THAT(read_csv(folder.write("a.csv.gz", gzip("1 2\n"))).values, ElementsAre(1, 2));
}

TEST(Csv, ReadsRealTables) {
  std::filesystem::path data = std::filesystem::path(NETSURF_SHARED_DIR) / "data";
  if (!std::filesystem::exists(data / "hgcal")) GTEST_SKIP() << "no " << data / "hgcal";
  NumberTable charges = read_csv(data / "hgcal/ttbar_0PU.csv");
  EXPECT_EQ(charges.rows, 38382);
  EXPECT_EQ(charges.columns, 48);
  EXPECT_EQ(charges.names.at(47), "CALQ_47");
  NumberTable clusters = read_csv(data / "smartpixel/features.dat");
  EXPECT_EQ(clusters.rows, 10000);
  EXPECT_EQ(clusters.columns, 16);
}

}  // namespace
}  // namespace netsurf
