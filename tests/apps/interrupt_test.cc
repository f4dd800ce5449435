// Signals to a real process: SIGINT finishes the batch and says how to go on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/apps/program_runner.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

bool wait_for_file(const std::filesystem::path& path) {
  for (int i = 0; i < 6000 && !std::filesystem::exists(path); ++i) usleep(10000);
  return std::filesystem::exists(path);
}

TEST(Interrupt, FinishesTheBatchAndSaysHowToGoOn) {
  TempDir folder;
  std::string model = (folder.path() / "m.onnx").string(), store = (folder.path() / "r.sqlite").string();
  ASSERT_EQ(run("train --benchmark digits_mlp --epochs 1 --output " + model).code, 0);
  std::filesystem::path log = folder.path() / "log";
  pid_t child = start_program(
      {"sweep", "--model", model, "--protection_range", "0", "--num_reps", "100000000", "--store", store},
      log);
  ASSERT_TRUE(wait_for_file(store));
  usleep(300000);  // into the sweep; SIGINT before it would be a plain end
  kill(child, SIGINT);
  EXPECT_EQ(wait_for_end(child), 130);
  EXPECT_THAT(read_file(log, 1 << 20), testing::HasSubstr("Run the same command again"));
  EXPECT_EQ(run("show " + store).code, 0);
}

}  // namespace
}  // namespace netsurf
