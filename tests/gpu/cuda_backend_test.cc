// Whole sessions on the device: the CPU backend's outcomes, for random networks and every fault model.
#include <gtest/gtest.h>

#include "engine/backend/cuda/cuda_backend.h"
#include "engine/backend/cuda/fused_chain.h"
#include "engine/base/error.h"
#include "engine/faults/fault_table.h"
#include "tests/comparison/random_graphs.h"
#include "tests/comparison/random_paths.h"
#include "tests/support/gpu.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

using testing::Random;

TrialPlan plan_of(const char* rate, uint64_t begin, uint64_t end, FaultModel model = FaultModel::bernoulli,
                  Design design = Design::independent) {
  TrialPlan plan;
  plan.faults = {model, design, UnitDecimal::parse(rate, "rate"), 11, nullptr};
  plan.begin = begin;
  plan.end = end;
  return plan;
}

/// The first differing outcome of two sessions, or "".
std::string difference(Session& cuda, Session& cpu, const TrialPlan& plan) {
  std::vector<TrialOutcome> found = cuda.run(plan), expected = cpu.run(plan);
  for (size_t i = 0; i < found.size(); ++i) {
    if (!(found[i] == expected[i]))
      return cuda.path() + " trial " + std::to_string(found[i].trial) + ": " + text_of(found[i]) +
             "; expected " + text_of(expected[i]);
  }
  return "";
}

class CudaBackendTest : public ::testing::Test {
 protected:
  void SetUp() override {
    NETSURF_NEEDS_GPU();
    backend_ = make_cuda_backend(0);
  }
  std::unique_ptr<Session> open(const Model& model, const EvaluationSet& set,
                                const SessionOptions& options = {}) {
    return backend_->open(model, set, BitSpace(model), options);
  }

  std::unique_ptr<Backend> backend_, cpu_ = make_cpu_backend();
};

TEST_F(CudaBackendTest, SmallNetworkHasTheCpusOutcomesOnEveryPath) {
  Model model = testing::tiny_mlp();
  EvaluationSet set = testing::random_set(model, 100, 12);
  auto cpu = cpu_->open(model, set, BitSpace(model), {.num_threads = 1});
  const char* expected[] = {"cuda:0/layer", "cuda:0/fused", "cuda:0/delta", "cuda:0/delta+fused"};
  for (Path path : kAllPaths) {
    auto session = open(model, set, {.path = path});
    EXPECT_EQ(session->path(), expected[static_cast<size_t>(path)]);
    EXPECT_EQ(session->clean(), cpu->clean());
    for (const char* rate : {"0", "0.001", "0.1", "1"})
      EXPECT_EQ(difference(*session, *cpu, plan_of(rate, 5, 77)), "") << rate;
  }
}

TEST_F(CudaBackendTest, EveryFaultModelHasTheCpusOutcomes) {
  Model model = testing::branched(1).build();
  EvaluationSet set = testing::random_set(model, 50, 1);
  auto session = open(model, set), cpu = cpu_->open(model, set, BitSpace(model), {});
  EXPECT_EQ(difference(*session, *cpu, plan_of("0.01", 3, 400, FaultModel::exact)), "");
  EXPECT_EQ(difference(*session, *cpu, plan_of("0.01", 3, 400, FaultModel::coverage)), "");
  EXPECT_EQ(difference(*session, *cpu, plan_of("0.01", 3, 400, FaultModel::bernoulli, Design::rotation)), "");
  TrialPlan given = plan_of("0", 0, 3, FaultModel::list);
  given.faults.table = std::make_shared<FaultTable>(make_fault_table({{1, 2, 3}, {}, {40, 41}}));
  EXPECT_EQ(difference(*session, *cpu, given), "");
}

TEST_F(CudaBackendTest, OutcomesDoNotDependOnBatches) {
  Model model = testing::tiny_mlp();
  EvaluationSet set = testing::random_set(model, 33, 4);
  auto cpu = cpu_->open(model, set, BitSpace(model), {});
  for (uint64_t batch : {1, 7, 64}) {
    auto session = open(model, set, {.max_batch = batch});
    EXPECT_EQ(difference(*session, *cpu, plan_of("0.02", 9, 140)), "") << batch;
  }
}

TEST_F(CudaBackendTest, RandomChainsHaveTheCpusOutcomes) {
  uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  Random random(seed);
  int fused = 0;
  for (int i = 0; i < 300; ++i) {
    std::optional<Model> model;
    try {
      model =
          testing::random_chain(random, random.chance(50) ? testing::Affines::some : testing::Affines::none);
    } catch (const InputError&) {
      continue;  // too wide
    }
    EvaluationSet set = testing::random_set(*model, random.of<int>({1, 15, 16, 17, 33, 150}), random.bits());
    auto session = open(*model, set, {.path = random.of<Path>({Path::dense, Path::delta, Path::automatic})}),
         cpu = cpu_->open(*model, set, BitSpace(*model), {});
    fused += session->path() != "cuda:0/layer" ? 1 : 0;
    TrialPlan plan = plan_of(random.of<const char*>({"0.001", "0.02", "0.3"}), 3, 3 + random.bits() % 40);
    ASSERT_EQ(difference(*session, *cpu, plan), "") << "network " << i;
  }
  EXPECT_GT(fused, 20);
}

TEST_F(CudaBackendTest, RandomGraphsHaveTheReferencesOutcomes) {
  naive::Tally tally;
  uint64_t seed = testing::test_seed();
  EXPECT_EQ(naive::compare_graphs(*backend_, seed, 200, naive::Plant::none, tally), "");
}

TEST(CudaBackend, ADeviceThatIsNotThereIsRefusedByName) {
  EXPECT_THROW(make_cuda_backend(999), InputError);
  EXPECT_NE(why_not_cuda(999), "");
}

}  // namespace
}  // namespace netsurf
