// A way to run trials whose flips are drawn. The session draws, a runner computes.
#pragma once

#include <span>
#include <vector>

#include "engine/backend/planner.h"
#include "engine/backend/scorer.h"
#include "engine/faults/sampler.h"

namespace netsurf {

class TrialRunner {
 public:
  virtual ~TrialRunner() = default;

  /// Records the clean codes of every sample. Called once, before anything else.
  virtual void record_clean(Scorer& scorer) = 0;
  /// Adds what every trial of the batch counts to outcomes[trial - batch.begin].
  virtual void run(const FaultBatch& batch, const Scorer& scorer, bool with_loss,
                   std::span<TrialOutcome> outcomes) = 0;
  /// Seconds that a trial of the batch is expected to take on one thread.
  virtual double estimate(const FaultBatch& batch, const Scorer& scorer, bool with_loss) = 0;
};

}  // namespace netsurf
