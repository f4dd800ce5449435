#include "engine/backend/cuda/fused_cuts.h"

#include <algorithm>
#include <cmath>

namespace netsurf {
namespace {

using cuda::FusedNetwork;
using cuda::FusedStage;

constexpr size_t kMostPlans = 8;

/// Clocks of one multiprocessor that a sample of a lane is expected to take; good enough to leave out what is
/// hopeless. Fragments of 512 bytes are loaded at 128 a clock, products of 4096 made at about 2560 a clock,
/// and four instructions issued in a clock: counted in the compiled kernel, per step and per tile of codes
/// put out. `waits` is what one warp takes while nothing hides its latencies.
double clocks_per_sample(const FusedNetwork& network, int shared_bytes) {
  constexpr double kUnit = 45, kStep = 8, kStepTile = 3.3, kCodes = 84, kPooledCodes = 31, kLane = 400;
  constexpr double kWait = 60, kStepWait = 40, kUnitWait = 250, kLaneWait = 1500;
  double loads = 0, products = 0, instructions = kLane * network.num_warps, waits = kLaneWait;
  for (int i = 0; i < network.num_stages; ++i) {
    const FusedStage& stage = network.stages[i];
    const double units = stage.num_groups * stage.num_passes, tiles = stage.num_column_tiles;
    const double put_out = tiles * (stage.pools ? kPooledCodes : kCodes);
    loads += units * stage.num_steps * (2 + tiles / 2) * 4;
    products += units * stage.num_steps * 2 * tiles * 1.6;
    instructions += units * (kUnit + stage.num_steps * (kStep + kStepTile * tiles) + put_out);
    waits += std::ceil(units / network.num_warps) *
                 (stage.num_steps * (kStepWait + 5 * tiles) + kUnitWait + put_out / 2) +
             kWait;
  }
  const int most_threads = network.most_tiles == cuda::kWideTiles ? cuda::kWideThreads : cuda::kNarrowThreads;
  const int blocks = std::max(
      1, std::min(shared_bytes / (network.shared_bytes + 1024), most_threads / network.num_threads()));
  waits /= blocks * network.num_teams;
  return (std::max({loads, products, instructions / 4, waits}) + waits / 3) / network.tile_samples;
}

}  // namespace

std::vector<FusedPlan> likely_plans(const PlainNetwork& plain, const BitSpace& space, const FusedChain& chain,
                                    int shared_bytes) {
  std::vector<std::pair<double, FusedPlan>> plans;
  for (int samples : {128, 96, 64, 48, 32, 24, 16, 8}) {
    for (int teams : {1, 2, 3, 4, 6, 8}) {
      for (int warps : {2, 3, 4, 6, 8, 12, 16}) {
        auto plan = make_fused_plan(plain, space, chain, {samples, teams, warps}, shared_bytes);
        if (plan) plans.emplace_back(clocks_per_sample(plan->network, shared_bytes), std::move(*plan));
      }
    }
  }
  std::stable_sort(plans.begin(), plans.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<FusedPlan> likely;
  for (size_t i = 0; i < std::min(plans.size(), kMostPlans); ++i)
    likely.push_back(std::move(plans[i].second));
  return likely;
}

}  // namespace netsurf
