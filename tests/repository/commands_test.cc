// The commands that README.md lists are those the program has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <memory>

#include "tests/repository/tree_rules.h"

namespace netsurf::repository {
namespace {

struct Answer {
  int status = -1;     ///< exit status; -1 when the program could not be run or was ended by a signal
  std::string output;  ///< stdout and stderr together
};

Answer answer_of(const std::string& arguments) {
  Answer answer;
  FILE* pipe = popen((std::string("'") + NETSURF_PROGRAM + "' " + arguments + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return answer;
  char buffer[4096];
  for (size_t got = 0; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;) answer.output.append(buffer, got);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) answer.status = WEXITSTATUS(status);
  return answer;
}

std::vector<std::string> commands_in_readme() {
  for (const File& file : read_tree(NETSURF_SOURCE_DIR)) {
    if (file.path == "README.md") return listed_commands(file.text);
  }
  return {};
}

TEST(ReadmeCommands, EachOneHasHelpOfItsOwn) {
  const std::vector<std::string> commands = commands_in_readme();
  EXPECT_THAT(commands, testing::Not(testing::IsEmpty()));
  for (const std::string& command : commands) {
    const Answer answer = answer_of(command + " --help");
    EXPECT_EQ(answer.status, 0) << "netsurf " << command << " --help\n" << answer.output;
    EXPECT_THAT(answer.output, testing::HasSubstr("netsurf " + command));
  }
}

TEST(ReadmeCommands, AnUnknownCommandIsAFaultInTheRequest) {
  EXPECT_EQ(answer_of("surfboard --help").status, 2);
}

TEST(ReadmeCommands, RowsOfTheTableAreReadInOrder) {
  EXPECT_THAT(listed_commands(
                  "| command | does |\n| `netsurf run` | a |\n| `netsurf replay ID` | b |\n`netsurf data`\n"),
              testing::ElementsAre("run", "replay"));
}

}  // namespace
}  // namespace netsurf::repository
