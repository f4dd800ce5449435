#include "tests/repository/include_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace netsurf::repository {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const char* const kTable =
    "## Who may include whom\n| folder | may include |\n| --- | --- |\n| `engine/base` | |\n"
    "| `engine/model` | `engine/base` |\n";

std::string architecture() {
  for (const File& file : read_tree(NETSURF_SOURCE_DIR)) {
    if (file.path == "docs/architecture.md") return file.text;
  }
  return "";
}

TEST(IncludeRules, EveryIncludeOfTheTreeIsAllowedByTheTable) {
  const std::vector<File> tree = read_tree(NETSURF_SOURCE_DIR);
  EXPECT_THAT(include_violations(parse_include_table(architecture()), tree), IsEmpty());
}

TEST(IncludeRules, TheTablePointsOneWayOnly) {
  EXPECT_THAT(find_cycle(parse_include_table(architecture())), IsEmpty());
}

TEST(IncludeRules, AnIncludeAgainstTheDirectionIsFound) {
  const std::vector<File> tree = {{"engine/base/text.cc", "// why\n  #  include \"engine/model/layer.h\"\n"},
                                  {"engine/model/layer.h", "#include \"engine/base/text.h\"\n"},
                                  {"engine/base/text.h", ""}};
  EXPECT_THAT(include_violations(parse_include_table(kTable), tree),
              ElementsAre("engine/base/text.cc: engine/base may not include engine/model/layer.h"));
}

TEST(IncludeRules, AngleBracketsDoNotHideAnInclude) {
  const std::vector<File> tree = {
      {"engine/base/text.cc", "#include <engine/model/layer.h>\n#include <vector>\n"},
      {"engine/model/layer.h", ""}};
  EXPECT_THAT(include_violations(parse_include_table(kTable), tree),
              ElementsAre(HasSubstr("may not include engine/model/layer.h")));
}

TEST(IncludeRules, AHeaderOutsideTheTableMayNotBeIncluded) {
  const std::vector<File> tree = {{"engine/base/text.cc", "#include \"tests/support/every.h\"\n"},
                                  {"tests/support/every.h", ""}};
  EXPECT_THAT(include_violations(parse_include_table(kTable), tree),
              ElementsAre(HasSubstr("may not include tests/support/every.h")));
}

TEST(IncludeRules, APathThatIsNotFromTheRootIsFound) {
  const std::vector<File> tree = {{"engine/base/text.cc", "#include \"text.h\"\n"},
                                  {"engine/base/text.h", ""}};
  EXPECT_THAT(include_violations(parse_include_table(kTable), tree),
              ElementsAre(HasSubstr("\"text.h\" is no path")));
}

TEST(IncludeRules, ASourceFolderWithoutARowIsFound) {
  EXPECT_THAT(include_violations(parse_include_table(kTable), {{"engine/basement/a.cc", ""}}),
              ElementsAre(HasSubstr("has no row")));
}

TEST(IncludeRules, ACycleInTheTableIsFound) {
  const IncludeTable table = {{"a", {"b"}}, {"b", {"c"}}, {"c", {"b"}}, {"d", {}}};
  EXPECT_THAT(find_cycle(table), ElementsAre("b", "c"));
}

TEST(IncludeRules, ATableThatCannotBeTrustedIsRefused) {
  EXPECT_THROW(parse_include_table("## Who may include whom\nnothing\n"), std::runtime_error);
  EXPECT_THROW(parse_include_table(std::string(kTable) + "| `engine/base` | |\n"), std::runtime_error);
  EXPECT_THROW(parse_include_table(std::string(kTable) + "| `apps` | `engine/cellar` |\n"),
               std::runtime_error);
}

}  // namespace
}  // namespace netsurf::repository
