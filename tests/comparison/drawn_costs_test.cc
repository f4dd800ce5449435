// Whatever costs a session measures, its trials count the same: prepared by drawn costs, so that every way of
// doing a stage is taken on every machine.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/backend/block_runner.h"
#include "engine/backend/sample_tile.h"
#include "engine/base/error.h"
#include "engine/faults/fault_table.h"
#include "kernels/cpu/packed.h"
#include "tests/comparison/random_paths.h"
#include "tests/support/random_model.h"

namespace netsurf::testing {
namespace {

#if defined(NETSURF_SANITIZED)
constexpr int kNumNetworks = 200;
#else
constexpr int kNumNetworks = 4000;
#endif
constexpr int kTrials = 12;

/// How often stages were done in some way.
struct Ways {
  int64_t corrected = 0, redone = 0, updated = 0, updated_with_own = 0, anew = 0, anew_beside_updates = 0,
          corrected_behind_changes = 0;

  void count(const PreparedTrial& trial) {
    for (const StageWork& work : trial.stages) {
      corrected += work.correct.empty() ? 0 : 1;
      redone += work.redo.empty() ? 0 : 1;
      updated += work.update.empty() ? 0 : 1;
      anew += work.anew.empty() ? 0 : 1;
      anew_beside_updates += work.anew.empty() || work.update.empty() ? 0 : 1;
      corrected_behind_changes += work.input_may_change && !work.correct.empty() ? 1 : 0;
      for (const cpu::QuadJob& job : work.update) updated_with_own += job.num_own > 0 ? 1 : 0;
    }
  }
};

Model draw_chain(Random& random) {
  for (;;) {
    try {
      return random_chain(random, random.chance(50) ? Affines::some : Affines::none);
    } catch (const InputError&) {  // too wide: drawn again
    }
  }
}

/// Of any size, so that each way is now and then the cheapest.
double draw_cost(Random& random) { return std::ldexp(1.0, random.pick(-30, -10)); }

std::vector<StageCosts> draw_costs(Random& random, size_t num_stages) {
  std::vector<StageCosts> costs(num_stages);
  for (StageCosts& of : costs) {
    for (double* cost :
         {&of.all, &of.quad, &of.channel, &of.correction, &of.update, &of.one_parity, &of.both_parities})
      *cost = draw_cost(random);
    if (random.chance(50)) of.update = of.one_parity = of.both_parities = 0;
  }
  return costs;
}

FaultTable draw_trials(Random& random, uint64_t num_bits) {
  std::vector<std::vector<BitId>> lists(kTrials);
  for (std::vector<BitId>& flips : lists) {
    for (int i = random.pick(0, 9); i > 0 && num_bits > 0; --i)
      flips.push_back(static_cast<BitId>(random.bits() % num_bits));
    std::sort(flips.begin(), flips.end());
    flips.erase(std::unique(flips.begin(), flips.end()), flips.end());
  }
  return make_fault_table(std::move(lists));
}

/// A network run by hand as a session runs it, but for the costs.
class Run {
 public:
  Run(const Model& model, const EvaluationSet& set, const BitSpace& space, const cpu::PackedKernels& kernels)
      : plain_(model),
        network_(plain_, space, true),
        inputs_{network_, kernels, set},
        scorer_(model, set),
        trace_(inputs_, num_tiles(set)),
        clean_(inputs_) {
    const Slot& scored = network_.slots()[static_cast<size_t>(network_.scored_slot())];
    for (int64_t tile = 0; tile < num_tiles(set); ++tile) {
      clean_.run(tile, trace_, tile);
      SampleTile samples = sample_tile(set, tile);
      if (scored.kind == Slot::Kind::wide) {
        scorer_.record_clean(clean_.wide_scored(), samples.begin, samples.count);
      } else {
        scorer_.record_clean(clean_.narrow_scored(), samples.begin, samples.count);
      }
    }
    block_ = std::make_unique<BlockRunner>(inputs_, scorer_, static_cast<int>(num_tiles(set)));
    block_->enter({0, static_cast<int>(num_tiles(set))}, trace_, 0);
  }

  const PackedNetwork& network() const { return network_; }

  TrialOutcome run(const PreparedTrial& trial, uint64_t number, int64_t flips) {
    TrialOutcome outcome = scorer_.empty_outcome(number, true);
    outcome.flips = flips;
    block_->run(trial, true, outcome);
    return outcome;
  }

 private:
  PlainNetwork plain_;
  PackedNetwork network_;
  PackedInputs inputs_;
  Scorer scorer_;
  CleanTrace trace_;
  CleanRunner clean_;
  std::unique_ptr<BlockRunner> block_;
};

void compare(Random& random, const cpu::PackedKernels& kernels, Ways& ways) {
  Model model = draw_chain(random);
  EvaluationSet set = random_evaluation_set(model, random, random.pick(1, 100));
  BitSpace space(model);
  auto table = std::make_shared<FaultTable>(draw_trials(random, space.size()));
  TrialPlan plan;
  plan.with_loss = true;
  plan.faults.model = FaultModel::list;
  plan.faults.table = table;
  plan.end = kTrials;
  std::vector<TrialOutcome> expected =
      make_cpu_backend()->open(model, set, space, {.path = Path::plain})->run(plan);

  Run run(model, set, space, kernels);
  std::vector<StageCosts> costs = draw_costs(random, run.network().stages().size());
  TrialPreparer preparer(run.network(), space, costs);
  PreparedTrial trial;  // one for all, as a session uses its memory again
  for (size_t t = 0; t < kTrials; ++t) {
    Path path = random.chance(80) ? Path::automatic : Path::delta;
    preparer.prepare(table->trials[t], path, trial);
    ways.count(trial);
    ASSERT_EQ(run.run(trial, t, std::ssize(table->trials[t])), expected[t]) << "trial " << t;
  }
}

TEST(DrawnCosts, LeadToThePlainOutcomesWhateverTheyAre) {
  Ways ways;
  for (uint64_t network = 0; network < kNumNetworks; ++network) {
    SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(test_seed()) + " network " + std::to_string(network));
    Random random(test_seed() + network * 0x9E3779B97F4A7C15u);
    std::vector<const cpu::PackedKernels*> kernels;
    for (int i = 0; i < cpu::kNumIsas; ++i) {
      if (const cpu::PackedKernels* found = cpu::find_kernels(static_cast<cpu::Isa>(i)); found != nullptr)
        kernels.push_back(found);
    }
    compare(random, *kernels[network % kernels.size()], ways);
    if (::testing::Test::HasFatalFailure()) return;
  }
  for (int64_t count : {ways.corrected, ways.redone, ways.updated, ways.updated_with_own, ways.anew,
                        ways.anew_beside_updates, ways.corrected_behind_changes})
    EXPECT_GT(count, kNumNetworks / 40);
}

}  // namespace
}  // namespace netsurf::testing
