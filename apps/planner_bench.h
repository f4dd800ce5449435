// How good the choice of a path is: trials per second of every path beside what the session expected.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/base/decimal.h"
#include "engine/model/dataset.h"
#include "engine/model/model.h"

namespace netsurf {

struct PlannerRequest {
  std::vector<UnitDecimal> bit_error_rates, protections;
  SessionOptions session;  // its path is not read
  uint64_t trials = 0;     // per run; 0: about a tenth of a second's worth
  int64_t repeats = 5;
  uint64_t seed = 1;
};

/// One path at one point.
struct PlannerTimes {
  double measured = 0;   // seconds per trial: the median of the runs
  double predicted = 0;  // Session::estimate, shared by the threads
  uint64_t trials = 0;   // per run

  double ratio() const { return predicted / measured; }
};

struct PlannerPoint {
  std::string model;
  std::string backend;  // Session::path() of auto
  int64_t samples = 0;
  UnitDecimal protection, bit_error_rate;
  double flips = 0;  // per trial, expected
  std::array<PlannerTimes, kAllPaths.size()> times;

  const PlannerTimes& of(Path path) const { return times[static_cast<size_t>(path)]; }
  Path best_fixed() const;
  /// Trials per second of auto over those of the best fixed path.
  double gain() const;
};

inline constexpr double kPlannerGoal = 0.85;  // the least gain() should be

/// Measures every protection at every rate. All paths must give the same outcomes first, else RunError. Runs
/// of the paths take turns. One thread is charged its processor time, several the time on the wall.
std::vector<PlannerPoint> measure_planner(const Model& model, const EvaluationSet& set,
                                          const PlannerRequest& request);

/// A row per point, then how auto and the predictions did over all of them.
std::string planner_text(std::span<const PlannerPoint> points);
/// The same as one JSON object; `machine` names the one that was measured.
std::string planner_json(std::span<const PlannerPoint> points, const PlannerRequest& request,
                         const std::string& machine);

}  // namespace netsurf
