// The promise of the result store: however a study is cut into threads, batches and lives, its exports are
// the same bytes.
#include <gtest/gtest.h>
#include <signal.h>

#include <random>

#include "tests/apps/program_runner.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

constexpr int kKills = 20;

struct Exports {
  std::string summary, trials;
  bool operator==(const Exports&) const = default;
};

Exports exports_of(const std::filesystem::path& store) {
  return {run("export " + store.string()).out, run("export --format trials " + store.string()).out};
}

TEST(KillResume, TwentyKillsAndAnyBatchOrThreadsGiveTheSameBytes) {
  TempDir folder;
  std::string model = (folder.path() / "m.onnx").string(), ranking = (folder.path() / "r.npz").string();
  ASSERT_EQ(run("train --benchmark digits_mlp --output " + model).code, 0);
  ASSERT_EQ(run("rank --method bitwise_msb --model " + model + " --output " + ranking).code, 0);
  std::filesystem::path log = folder.path() / "log";
  auto words = [&](const std::string& store, const std::string& how) {
    return split("sweep --model " + model + " --ranking " + ranking +
                     " --ber_range 0.001 0.01 0.1 --protection_range 0 0.2 0.6 --num_reps 2000 " + how +
                     " --store " + (folder.path() / store).string(),
                 " ");
  };
  for (const auto& [store, how] :
       std::vector<std::pair<std::string, std::string>>{{"a.sqlite", "--threads 1"},
                                                        {"b.sqlite", "--threads 2"},
                                                        {"c.sqlite", "--batch 1"},
                                                        {"d.sqlite", "--batch 1000"}}) {
    ASSERT_EQ(wait_for_end(start_program(words(store, how), log)), 0) << read_file(log, 1 << 24);
  }
  Exports whole = exports_of(folder.path() / "a.sqlite");
  EXPECT_GT(whole.trials.size(), 9u * 2000u * 20u);
  for (const char* store : {"b.sqlite", "c.sqlite", "d.sqlite"})
    EXPECT_EQ(exports_of(folder.path() / store), whole) << store;

  std::mt19937 random(20261124);
  int kills = 0;
  for (int life = 0; kills < kKills; ++life) {
    ASSERT_LT(life, 500) << "the sweep ended before it could be killed often enough";
    pid_t child =
        start_program(words("killed.sqlite", life % 2 == 0 ? "--batch 3 --threads 1" : "--batch 11"), log);
    usleep(10000 + static_cast<useconds_t>(random() % 250000));
    kill(child, SIGKILL);
    if (wait_for_end(child) == -SIGKILL) {
      ++kills;
    } else {
      // It finished first: start the study anew so that every kill falls into unfinished work.
      EXPECT_EQ(exports_of(folder.path() / "killed.sqlite"), whole);
      for (const char* end : {"", "-wal", "-shm"})
        std::filesystem::remove(folder.path() / ("killed.sqlite" + std::string(end)));
    }
  }
  ASSERT_EQ(wait_for_end(start_program(words("killed.sqlite", "--batch 200"), log)), 0);
  EXPECT_EQ(exports_of(folder.path() / "killed.sqlite"), whole);
}

}  // namespace
}  // namespace netsurf
