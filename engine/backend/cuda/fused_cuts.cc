#include "engine/backend/cuda/fused_cuts.h"

#include <algorithm>
#include <cmath>

namespace netsurf {
namespace {

using cuda::FusedNetwork;
using cuda::FusedStage;

constexpr size_t kMostPlans = 8;

/// Clocks of one multiprocessor that a sample of a lane is expected to take; good enough to leave out what is
/// hopeless. Of a step of a unit: fragments of 512 bytes at 128 a clock, products of 4096 at about 2560 a
/// clock; what one warp takes while nothing hides its waits; and the codes put out, some ten instructions
/// each.
double clocks_per_sample(const FusedNetwork& network, int shared_bytes) {
  constexpr double kWait = 60, kStepWait = 70, kUnitWait = 400, kLaneWait = 2500;
  double loads = 0, products = 0, codes = 0, waits = kLaneWait;
  for (int i = 0; i < network.num_stages; ++i) {
    const FusedStage& stage = network.stages[i];
    const double units = stage.num_groups * stage.num_passes, tiles = stage.num_column_tiles;
    loads += units * stage.num_steps * (2 + tiles / 2) * 4;
    products += units * stage.num_steps * 2 * tiles * 1.6;
    codes += units * tiles * 8 * 10 / (stage.pools ? 10 : 4);
    waits += std::ceil(units / network.num_warps) * (stage.num_steps * (kStepWait + 6 * tiles) + kUnitWait) +
             kWait;
  }
  const double threads = network.num_teams * network.num_warps * 32;
  const double blocks =
      std::max(1.0, std::floor(std::min(shared_bytes / (network.shared_bytes + 1024.0), 384 / threads)));
  return std::max({loads, products, codes, waits / (blocks * network.num_teams)}) / network.tile_samples;
}

}  // namespace

std::vector<FusedPlan> likely_plans(const PlainNetwork& plain, const BitSpace& space, const FusedChain& chain,
                                    int shared_bytes) {
  std::vector<std::pair<double, FusedPlan>> plans;
  for (int samples : {128, 96, 64, 32, 16, 8}) {
    for (int teams : {1, 2, 3, 4, 6}) {
      for (int warps : {2, 3, 4, 6, 8, 12}) {
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
