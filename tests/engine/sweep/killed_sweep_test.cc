// A sweep killed at random moments, again and again, must end in the store of one that was never disturbed.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>

#include "tests/engine/sweep/fake_session.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using testing::example_grid;
using testing::example_options;
using testing::exports_of;
using testing::study_of;
using testing::sweep_into;

constexpr int kKills = 20;

/// Starts a process that sweeps into `path`.
pid_t start_sweep(const std::filesystem::path& path, const SweepOptions& options,
                  const StoreOptions& store_options) {
  pid_t child = ::fork();
  if (child != 0) return child;
  try {
    auto store = SqliteStore::open_or_create(path, study_of(options), store_options);
    sweep_into(*store, example_grid(), options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    ::_exit(1);
  }
  ::_exit(0);
}

/// Kills `child` after `delay` unless it ends before; whether it was killed. Any other end than success fails
/// the test.
bool kill_after(pid_t child, std::chrono::microseconds delay) {
  auto deadline = std::chrono::steady_clock::now() + delay;
  int status = 0;
  while (std::chrono::steady_clock::now() < deadline) {
    if (::waitpid(child, &status, WNOHANG) == child) {
      EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
      return false;
    }
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status);
}

class KilledSweep : public ::testing::TestWithParam<bool> {};

TEST_P(KilledSweep, ResumedGivesTheUndisturbedExport) {
  TempDir folder;
  SweepOptions options = example_options(400, 5);
  StoreOptions store_options{.write_ahead_log = GetParam()};
  std::string expected;
  {
    auto whole = SqliteStore::open_or_create(folder.path() / "whole", study_of(options), {});
    sweep_into(*whole, example_grid(), example_options(400, 400));
    expected = exports_of(*whole);
  }
  std::filesystem::path path = folder.path() / "killed";
  std::mt19937_64 random(11);
  int killed = 0;
  for (int i = 0; i < kKills; ++i) {
    killed +=
        kill_after(start_sweep(path, options, store_options), std::chrono::microseconds(random() % 30'000));
  }
  EXPECT_GE(killed, 5) << "the rest ended before their time";
  auto store = SqliteStore::open_or_create(path, study_of(options), store_options);
  sweep_into(*store, example_grid(), example_options(400, 150));
  EXPECT_EQ(exports_of(*store), expected);
}

TEST_P(KilledSweep, TwoProcessesOnOneStoreGiveTheUndisturbedExport) {
  TempDir folder;
  SweepOptions options = example_options(100, 20);
  StoreOptions store_options{.write_ahead_log = GetParam()};
  std::filesystem::path path = folder.path() / "shared";
  pid_t children[] = {start_sweep(path, options, store_options), start_sweep(path, options, store_options)};
  for (pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  auto whole = SqliteStore::open_or_create(folder.path() / "whole", study_of(options));
  sweep_into(*whole, example_grid(), options);
  EXPECT_EQ(exports_of(*SqliteStore::open_existing(path)), exports_of(*whole));
}

INSTANTIATE_TEST_SUITE_P(Journal, KilledSweep, ::testing::Bool(), [](const auto& instance) {
  return instance.param ? "WriteAheadLog" : "RollbackJournal";
});

}  // namespace
}  // namespace netsurf
