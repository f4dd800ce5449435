#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/file.h"
#include "tests/apps/program_runner.h"

namespace netsurf {
namespace {

using testing::HasSubstr;

TEST(Help, AloneTheProgramListsItsCommands) {
  Ran ran = run("");
  EXPECT_EQ(ran.code, 0);
  for (const Command& command : commands())
    EXPECT_THAT(ran.out, HasSubstr("  " + std::string(command.name) + " "));
}

TEST(Help, EveryCommandShowsOptionsAndTwoExamples) {
  for (const Command& command : commands()) {
    Ran ran = run(std::string(command.name) + " --help");
    EXPECT_EQ(ran.code, 0);
    EXPECT_THAT(ran.out, HasSubstr("SYNOPSIS"));
    EXPECT_GE(command.examples.size(), 1u) << command.name;
    for (const Option& option : command.options)
      EXPECT_THAT(ran.out, HasSubstr("--" + std::string(option.name)));
  }
}

TEST(Help, ThePageInDocsIsFresh) {
  EXPECT_EQ(read_file(std::string(NETSURF_SOURCE_DIR) + "/docs/cli.md", 1 << 20), cli_page())
      << "run: netsurf help --page > docs/cli.md";
}

TEST(Help, VersionIsOneLine) { EXPECT_EQ(run("--version").out, "netsurf 0.1.0\n"); }

}  // namespace
}  // namespace netsurf
