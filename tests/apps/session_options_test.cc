// Path, memory, instruction set and audit decide how trials run, never what comes out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engine/store/sqlite_store.h"
#include "tests/apps/program_runner.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class HowToRun : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempDir;
    ASSERT_EQ(run("train --benchmark digits_mlp --epochs 1 --output " + model()).code, 0);
    ASSERT_EQ(run("rank --model " + model() + " --method bitwise_msb --output " + ranking()).code, 0);
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static std::string model() { return (folder_->path() / "model.onnx").string(); }
  static std::string ranking() { return (folder_->path() / "msb.npz").string(); }
  static std::string store(const std::string& name) {
    return (folder_->path() / (name + ".sqlite")).string();
  }
  static Ran sweep(const std::string& name, const std::string& rest) {
    return run("sweep --model " + model() + " --ranking " + ranking() + " --store " + store(name) +
               " --ber_range 0.001 0.05 --protection_range 0 0.3 --threads 1 --device cpu " + rest);
  }
  static std::string exported(const std::string& name) {
    return run("export " + store(name) + " --format trials").out + run("export " + store(name)).out;
  }

  static TempDir* folder_;
};

TempDir* HowToRun::folder_ = nullptr;

TEST_F(HowToRun, ChangesNoByteOfTheExport) {
  ASSERT_EQ(sweep("expected", "--num_reps 30 --path plain").code, 0);
  std::string expected = exported("expected");
  EXPECT_GT(expected.size(), 1000u);
  std::vector<std::pair<std::string, std::string>> ways = {
      {"", "cpu/auto/"},
      {"--path auto --isa portable", "cpu/auto/portable"},
      {"--path dense --cache-memory 0", "cpu/dense/"},
      {"--path delta --cache_memory 64K --isa portable", "cpu/delta/portable"},
      {"--audit 0.5", "cpu/auto/"}};
  for (size_t i = 0; i < ways.size(); ++i) {
    std::string name = "way" + std::to_string(i);
    Ran ran = sweep(name, "--num_reps 30 " + ways[i].first);
    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("on backend " + ways[i].second));
    EXPECT_EQ(exported(name), expected) << ways[i].first;
  }
}

TEST_F(HowToRun, MayChangeBetweenTheRunsOfOneStore) {
  ASSERT_EQ(sweep("whole", "--num_reps 60 --path plain").code, 0);
  for (const char* way : {"--num_reps 20 --path plain", "--num_reps 35 --path delta --isa portable",
                          "--num_reps 50 --path dense --cache_memory 0 --audit 0.25", "--num_reps 60"}) {
    Ran ran = sweep("parts", way);
    ASSERT_EQ(ran.code, 0) << ran.err;
  }
  EXPECT_EQ(exported("parts"), exported("whole"));
}

TEST_F(HowToRun, AnAuditSaysWhatItCovered) {
  Ran ran = sweep("audited", "--num_reps 40 --audit 0.1");
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err,
              HasSubstr("audit 0.1: ran 16 of 160 new trials again on path plain, all came out the same\n"));
  EXPECT_THAT(sweep("audited", "--num_reps 40 --audit 0.1").err, HasSubstr("ran 0 of 0 new trials"));
  EXPECT_THAT(
      sweep("short", "--num_reps 5 --audit 0.1").err,
      HasSubstr(
          "ran 0 of 20 new trials again on path plain; of a cell's first n trials it takes floor(n x 0.1)"));
  EXPECT_THAT(sweep("short", "--num_reps 6").err, Not(HasSubstr("audit")));
}

TEST_F(HowToRun, IsChosenForAReplayToo) {
  ASSERT_EQ(sweep("replayed", "--num_reps 5").code, 0);
  auto opened = SqliteStore::open_existing(store("replayed"));
  std::string cell = opened->cells().back().record.identity.key(opened->study()).substr(0, 16);
  std::set<std::string> printed;
  for (const char* path : {"plain", "dense", "delta", "auto"}) {
    Ran ran =
        run("replay " + store("replayed") + " --cell " + cell + " --trial 3 --device cpu --path " + path);
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(std::string("backend cpu/") + path));
    EXPECT_THAT(ran.out, HasSubstr("the results file holds the same outcome"));
    printed.insert(ran.out);
  }
  EXPECT_EQ(printed.size(), 1u);
}

TEST_F(HowToRun, IsSaidByABenchmark) {
  Ran ran = run("bench --model " + model() +
                " --device cpu --path dense --isa portable --num_reps 2 --repeats 1 --ber_range 0.01");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("backend cpu/dense/portable\n"));
}

TEST_F(HowToRun, AnUnknownInstructionSetIsRefusedBeforeAnythingIsMade) {
  Ran ran = sweep("refused", "--isa sse9");
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("instruction set \"sse9\""), HasSubstr("portable")));
  EXPECT_FALSE(std::filesystem::exists(store("refused")));
}

TEST_F(HowToRun, TheDeviceThatAutoChoseIsSaid) {
  std::string study = "bench --model " + model() + " --num_reps 2 --repeats 1 --ber_range 0.01";
  EXPECT_THAT(run(study).err, HasSubstr("device c"));  // cpu and why, or cuda
  EXPECT_THAT(run(study + " --isa portable").err,
              HasSubstr("device cpu: --isa and --cache_memory are the CPU's\n"));
  EXPECT_THAT(run(study + " --device cpu").err, Not(HasSubstr("device")));
}

TEST_F(HowToRun, ADeviceThatIsNotThereIsRefusedBeforeAnythingIsMade) {
  for (auto [device, words] : std::vector<std::pair<std::string, std::string>>{
           {"gpu", "--device is \"gpu\"; expected cpu, cuda, cuda:N or auto"},
           {"cuda:", "expected cpu, cuda, cuda:N or auto"},
           {"cuda:-1", "expected cpu, cuda, cuda:N or auto"},
           {"cuda:99", "--device cuda:99: "},
           {"cuda --isa portable", "--isa would have no effect with --device cuda"}}) {
    Ran ran = run("sweep --model " + model() + " --ber_range 0.001 --num_reps 2 --store " + store("none") +
                  " --device " + device);
    EXPECT_EQ(ran.code, 2) << device;
    EXPECT_THAT(ran.err, HasSubstr(words));
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  }
  EXPECT_FALSE(std::filesystem::exists(store("none")));
}

}  // namespace
}  // namespace netsurf
