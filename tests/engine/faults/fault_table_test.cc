#include "engine/faults/fault_table.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"

namespace netsurf {
namespace {

using Lists = std::vector<std::vector<BitId>>;

TEST(FaultTable, OneTrialALineInAnyOfTheSeparators) {
  EXPECT_EQ(parse_fault_table("3 1 2\n7,5;6\n\n# a comment 9\n-\n 4294967295\r\n", "faults").trials,
            (Lists{{1, 2, 3}, {5, 6, 7}, {}, {4294967295u}}));
  EXPECT_EQ(parse_fault_table("1", "faults").trials, (Lists{{1}}));
  EXPECT_TRUE(parse_fault_table("", "faults").trials.empty());
  EXPECT_TRUE(parse_fault_table("\n\n#\n", "faults").trials.empty());
}

TEST(FaultTable, RepeatsAreDropped) {
  EXPECT_EQ(make_fault_table({{5, 1, 5, 5}}).trials, (Lists{{1, 5}}));
  EXPECT_EQ(make_fault_table({{5, 1, 5}}).digest, make_fault_table({{1, 5}}).digest);
}

TEST(FaultTable, TheDigestTellsListsApart) {
  std::set<std::string> digests;
  for (const Lists& lists : {Lists{}, Lists{{}}, Lists{{}, {}}, Lists{{1, 2}}, Lists{{1}, {2}},
                             Lists{{2}, {1}}, Lists{{1, 2}, {}}})
    digests.insert(make_fault_table(lists).digest);
  EXPECT_EQ(digests.size(), 7u);
}

TEST(FaultTable, WrongWordsAreRefusedWithFileAndLine) {
  for (const char* word : {"x", "-1", "1.5", "4294967296", "0x10", "1-2", "--"}) {
    expect_error<InputError>([&] { parse_fault_table("1 2\n\n3 " + std::string(word) + "\n", "my.faults"); },
                             {"my.faults:3", word, "from 0 to 4294967295"});
  }
}

TEST(FaultTable, ALineThatIsNeitherFlipsNorADashIsRefused) {
  // A trial silently without flips would be counted as a clean one.
  for (const char* line : {",", ";;", ", ;", "- 5", "5 -", "- -"}) {
    expect_error<InputError>([&] { parse_fault_table("1 2\n" + std::string(line) + "\n", "my.faults"); },
                             {"my.faults:2"});
  }
}

}  // namespace
}  // namespace netsurf
