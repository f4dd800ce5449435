// Which runners a session has, and which of them takes a plan's lanes: measured when it opens.
#pragma once

#include <memory>
#include <vector>

#include "engine/backend/cuda/clean_scores.h"
#include "engine/backend/cuda/lane_runner.h"
#include "engine/backend/plain_network.h"
#include "engine/backend/planner.h"
#include "kernels/cuda/device.h"

namespace netsurf {

/// Seconds that a lane takes on the device: fixed, and with every flip.
struct LaneCosts {
  double fixed = 0, per_flip = 0;

  double of(double flips) const { return fixed + per_flip * flips; }
};

struct ChosenRunner {
  std::unique_ptr<LaneRunner> runner;
  LaneCosts costs;
};

/// What everything here is opened on.
struct RunnerScope {
  const PlainNetwork& network;
  const BitSpace& space;
  const EvaluationSet& set;
  const CleanScores& scores;
  const cuda::Device& device;
  const cuda::Stream& stream;
};

/// plain: the layer path; dense: the fused path; delta: the delta path; auto: both of them. Where the network
/// fits neither, the layer path. The fused path is the fastest of its likely cuts. At least one; the device
/// in use is scope.device.
std::vector<ChosenRunner> choose_runners(const RunnerScope& scope, Path path);

/// Seconds on the device of a batch without flips, the fastest of some.
double seconds_of_clean_lanes(LaneRunner& runner, int num_lanes, const cuda::ScoreData& score,
                              const cuda::Stream& stream);

}  // namespace netsurf
