#include "engine/backend/cuda/runner_choice.h"

#include <algorithm>
#include <limits>

#include "engine/backend/cuda/device_sampler.h"
#include "engine/backend/cuda/fused_cuts.h"
#include "engine/backend/cuda/fused_runner.h"
#include "engine/backend/cuda/layer_runner.h"
#include "kernels/cuda/device.h"

namespace netsurf {
namespace {

constexpr double kShareOfMemory = 0.5;  // of what is free, for codes between the layers of the layer path
constexpr int kLanes = 256;             // of a measurement
constexpr int kRounds = 3;              // the fastest counts
constexpr double kFlips = 256;          // of a lane that measures what flips take

/// The fastest of so many runs of a batch.
double seconds_of_lanes(LaneRunner& runner, const cuda::PatchLists& lists, const cuda::ScoreData& score,
                        const cuda::Stream& stream) {
  cuda::DeviceMemory<cuda::LaneCounts> counts(static_cast<size_t>(lists.num_lanes));
  runner.reserve(lists.num_lanes);
  double best = std::numeric_limits<double>::infinity();
  for (int round = 0; round < kRounds; ++round) {
    cuda::Event begin, end;
    begin.record(stream);
    runner.run(lists, score, counts.data(), stream);
    end.record(stream);
    end.wait();
    best = std::min(best, end.seconds_since(begin));
  }
  return best;
}

int measured_lanes(const LaneRunner& runner) { return std::min(kLanes, runner.max_lanes()); }

std::unique_ptr<LaneRunner> fastest_fused(const RunnerScope& scope, const FusedChain& chain) {
  std::unique_ptr<LaneRunner> fastest;
  double least = std::numeric_limits<double>::infinity();
  for (const FusedPlan& plan : likely_plans(scope.network, scope.space, chain, scope.device.shared_bytes)) {
    auto runner = make_fused_runner(plan, scope.space, scope.set, scope.device, scope.stream);
    double seconds =
        seconds_of_clean_lanes(*runner, measured_lanes(*runner), scope.scores.data(false), scope.stream);
    if (seconds >= least) continue;
    least = seconds;
    fastest = std::move(runner);
  }
  return fastest;
}

/// With as many teams as fit; null if none does.
std::unique_ptr<LaneRunner> make_delta(const RunnerScope& scope, const FusedChain& chain) {
  for (int teams = cuda::kNarrowThreads / cuda::kDeltaSamples; teams > 0; --teams) {
    if (auto plan = make_delta_plan(scope.network, scope.space, chain, teams, scope.device.shared_bytes))
      return make_fused_runner(*plan, scope.space, scope.set, scope.device, scope.stream);
  }
  return nullptr;
}

/// What a runner's lanes take: batches of lanes without flips and with some.
LaneCosts measure_costs(LaneRunner& runner, const RunnerScope& scope) {
  const int lanes = measured_lanes(runner);
  const cuda::ScoreData score = scope.scores.data(false);
  LaneCosts costs;
  costs.fixed = seconds_of_clean_lanes(runner, lanes, score, scope.stream) / lanes;
  const auto bits = static_cast<double>(scope.space.size());
  if (bits == 0) return costs;
  FaultSpec faults;
  faults.bit_error_rate = UnitDecimal::parse(std::to_string(std::min(0.5, kFlips / bits)), "rate");
  DeviceSampler sampler(scope.space, faults, {}, runner.segments(), scope.stream);
  DeviceFaults drawn = sampler.sample(0, static_cast<uint64_t>(lanes));
  const double flips = static_cast<double>(drawn.flips.num_flips) / lanes;
  if (flips == 0) return costs;
  const double seconds = seconds_of_lanes(runner, drawn.patches, score, scope.stream) / lanes;
  costs.per_flip = std::max(0.0, seconds - costs.fixed) / flips;
  return costs;
}

}  // namespace

std::vector<ChosenRunner> choose_runners(const RunnerScope& scope, Path path) {
  std::vector<ChosenRunner> runners;
  auto add = [&](std::unique_ptr<LaneRunner> runner) {
    if (runner == nullptr) return;
    LaneCosts costs = measure_costs(*runner, scope);
    runners.push_back({std::move(runner), costs});
  };
  if (path != Path::plain) {
    FusedChain chain = find_fused_chain(scope.network, scope.space);
    if (chain.refusal.empty()) {
      if (path != Path::dense) add(make_delta(scope, chain));
      if (path != Path::delta || runners.empty()) add(fastest_fused(scope, chain));
    }
  }
  if (runners.empty()) {
    auto budget = static_cast<uint64_t>(kShareOfMemory * static_cast<double>(cuda::free_memory()));
    runners.push_back({make_layer_runner(scope.network, scope.space, scope.set, budget, scope.stream), {}});
  }
  return runners;
}

double seconds_of_clean_lanes(LaneRunner& runner, int num_lanes, const cuda::ScoreData& score,
                              const cuda::Stream& stream) {
  const std::vector<uint64_t> nothing(static_cast<size_t>(num_lanes) + 1, 0);
  cuda::DeviceMemory<uint64_t> offset = cuda::upload(nothing, stream);
  return seconds_of_lanes(runner, {offset.data(), nullptr, num_lanes, 0}, score, stream);
}

}  // namespace netsurf
