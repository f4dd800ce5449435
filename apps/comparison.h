// What a comparison of rankings found, as tables: for a terminal and as CSV files.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/decimal.h"
#include "engine/rank/agreement.h"
#include "engine/rank/capture.h"
#include "engine/rank/ranking.h"
#include "engine/sweep/regret.h"

namespace netsurf {

/// Captures of one kind of damage, one per ranking; empty when no bit does any.
struct DamageCaptures {
  std::string damage;  // "loss", "changed", "distance"
  std::vector<Capture> captures;
};

struct Comparison {
  std::vector<std::string> names;    // of the rankings, all different
  std::vector<Ranking> rankings;     // where they came from; `order` and `score` are let go
  std::vector<std::string> digests;  // of the rankings
  std::vector<SharedPlaces> places;  // of their bits
  size_t baseline = 0;
  std::string split;
  int64_t num_samples = 0;
  std::optional<double> clean_harm, clean_accuracy;
  uint64_t seed = 1;  // of the faults

  std::vector<UnitDecimal> tops;
  std::vector<std::pair<size_t, size_t>> pairs;
  std::vector<OrderAgreement> agreements;  // [pairs]

  size_t num_measured = 0;  // bits of the oracle
  std::vector<DamageCaptures> oracle;

  RegretResult regret;
};

/// Names that tell rankings apart: the method, and order, settings, suffix or seed where they are not the
/// method's own or where two would be alike.
std::vector<std::string> ranking_names(const std::vector<Ranking>& rankings);

/// The league: time, agreement with the baseline and with the oracle, then regret at every cell.
std::string comparison_text(const Comparison& comparison);

std::string league_csv(const Comparison& comparison);   // a row per cell and ranking
std::string pairs_csv(const Comparison& comparison);    // a row per pair and top
std::string oracle_csv(const Comparison& comparison);   // a row per damage and ranking
std::string overlap_csv(const Comparison& comparison);  // a row per ranking and whole percent of the bits

}  // namespace netsurf
