// Results that do not reach stdout are a failed run, said in one line.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using testing::HasSubstr;

struct Ended {
  int code = 0;  // minus the signal, if one ended it
  std::string err;
};

/// Runs the program with stdout at `output`; -1: closed.
Ended run_into(int output, const std::vector<std::string>& words) {
  TempDir folder;
  std::filesystem::path log = folder.write("err", "");
  pid_t child = fork();
  if (child == 0) {
    int err = open(log.c_str(), O_WRONLY);
    dup2(err, STDERR_FILENO);
    close(err);
    if (output >= 0) {
      dup2(output, STDOUT_FILENO);
    } else {
      close(STDOUT_FILENO);
    }
    std::vector<char*> pointers = {const_cast<char*>(NETSURF_PROGRAM)};
    for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
    pointers.push_back(nullptr);
    execv(NETSURF_PROGRAM, pointers.data());
    _exit(127);
  }
  int code = wait_for_end(child);
  return {code, read_file(log, 1 << 20)};
}

void expect_one_line(const Ended& ended, const char* says) {
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("cannot write all results to standard output"));
  EXPECT_THAT(ended.err, HasSubstr(says));
  EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
}

TEST(Stdout, OnAFullDiskIsAFailedRun) {
  int full = open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  expect_one_line(run_into(full, {"help", "show"}), "No space left");
  expect_one_line(run_into(full, {"help", "--page"}), "");
  close(full);
}

TEST(Stdout, WhoseReaderHasGoneIsAFailedRunAndNoCrash) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  expect_one_line(run_into(ends[1], {"help", "show"}), "Broken pipe");
  close(ends[1]);
}

TEST(Stdout, ThatIsClosedIsAFailedRunAndNoFileTakesItsPlace) {
  TempDir folder;
  std::string model = (folder.path() / "model.onnx").string();
  std::vector<std::string> words = {"train", "--benchmark", "digits_mlp", "--epochs", "1", "--output", model};
  Ended ended = run_into(-1, words);
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("cannot write all results to standard output"));
  int nowhere = open("/dev/null", O_WRONLY);
  EXPECT_EQ(run_into(nowhere, {"show", model}).code, 0);
  close(nowhere);
}

TEST(Stdout, OfARefusedRequestKeepsItsOwnExitCode) {
  int full = open("/dev/full", O_WRONLY);
  EXPECT_EQ(run_into(full, {"rnu"}).code, 2);
  close(full);
}

}  // namespace
}  // namespace netsurf
