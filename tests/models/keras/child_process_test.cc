#include "models/keras/child_process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"

namespace netsurf::keras {
namespace {

std::string run(const std::function<std::string()>& work) {
  return run_in_child("the work", {1, 64 << 20}, work);
}

TEST(ChildProcess, GivesBackWhatTheWorkReturns) {
  std::string large(1 << 20, 'x');
  EXPECT_EQ(run([&] { return large; }), large);
  EXPECT_EQ(run([] { return std::string(); }), "");
  EXPECT_NE(run([] { return std::to_string(getpid()); }), std::to_string(getpid()));
}

TEST(ChildProcess, GivesTheReasonTheWorkThrows) {
  expect_error<FormatError>([] { run([]() -> std::string { throw std::runtime_error("no good"); }); },
                            {"no good"});
}

TEST(ChildProcess, ACrashIsOneLine) {
  expect_error<FormatError>([] { run([]() -> std::string { std::abort(); }); },
                            {"the work failed", "signal 6"});
  expect_error<FormatError>([] { run([]() -> std::string { _exit(3); }); }, {"the work failed"});
}

TEST(ChildProcess, AnEndlessLoopIsEnded) {
  auto loop = []() -> std::string {
    volatile bool more = true;
    while (more) {
    }
    return "";
  };
  expect_error<FormatError>([&] { run(loop); }, {"the work failed", "signal"});
}

TEST(ChildProcess, AChildThatSleepsIsEndedAtLast) {
  auto sleeper = []() -> std::string {
    pause();
    return "";
  };
  expect_error<FormatError>(
      [&] {
        run_in_child("the work", {0, 64 << 20}, sleeper);
      },
      {"the work failed", "signal"});
}

TEST(ChildProcess, MemoryWithoutEndIsRefused) {
  if (!kChildMemoryIsLimited) GTEST_SKIP() << "AddressSanitizer hangs where memory is refused";
  auto hoard = []() -> std::string {
    for (std::string all(1, 'x');; all += all) {
    }
  };
  expect_error<FormatError>([&] { run(hoard); }, {});
}

}  // namespace
}  // namespace netsurf::keras
