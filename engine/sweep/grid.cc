#include "engine/sweep/grid.h"

#include <algorithm>

#include "engine/base/error.h"

namespace netsurf {
namespace {

std::vector<UnitDecimal> sorted_without_repeats(std::vector<UnitDecimal> values, const char* what) {
  if (values.empty()) throw InputError(std::string("the list of ") + what + " is empty; give at least one");
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

void check_ranking(const GridModel& model, const GridRanking& ranking,
                   const UnitDecimal& largest_protection) {
  if (ranking.rank == nullptr) {
    if (largest_protection.is_zero()) return;
    throw InputError("protection " + largest_protection.text() + " of model " + model.name +
                     " needs a ranking; give a ranking file, or protection 0 only");
  }
  if (ranking.model_digest != model.digest) {
    throw InputError("ranking " + ranking.method + " was made for another model (digest " +
                     ranking.model_digest + ") than " + model.name + " (digest " + model.digest +
                     "); rank this model");
  }
}

/// Two models or two rankings alike would be one cell of the store, run and counted twice.
void check_once(const Grid& grid) {
  for (const GridModel& model : grid.models) {
    for (const GridModel& other : grid.models) {
      if (&other == &model || other.name != model.name || other.digest != model.digest) continue;
      throw InputError("model " + model.name + " (digest " + model.digest + ") is given twice; give it once");
    }
    for (const GridRanking& ranking : model.rankings) {
      for (const GridRanking& other : model.rankings) {
        if (&other == &ranking || other.method != ranking.method || other.suffix != ranking.suffix ||
            other.order_mode != ranking.order_mode || other.digest != ranking.digest)
          continue;
        throw InputError("ranking " + ranking.method + " (digest " + ranking.digest + ") of model " +
                         model.name + " is given twice; give it once");
      }
    }
  }
}

}  // namespace

GridRanking GridRanking::from(const Ranking& ranking) {
  GridRanking result;
  result.method = ranking.method;
  result.suffix = ranking.suffix;
  result.order_mode = ranking.order_mode;
  result.digest = ranking.digest();
  result.model_digest = ranking.model_digest;
  result.rank = ranking.ranks();
  return result;
}

std::vector<Cell> cells_of(const Grid& grid) {
  if (grid.models.empty()) throw InputError("there is no model to sweep; give at least one");
  check_once(grid);
  std::vector<UnitDecimal> protections = sorted_without_repeats(grid.protections, "protections");
  std::vector<UnitDecimal> rates = sorted_without_repeats(grid.bit_error_rates, "bit error rates");
  std::vector<Cell> cells;
  for (size_t m = 0; m < grid.models.size(); ++m) {
    const GridModel& model = grid.models[m];
    if (model.rankings.empty())
      throw InputError("model " + model.name + " has no ranking to sweep; give at least one");
    for (size_t r = 0; r < model.rankings.size(); ++r) {
      check_ranking(model, model.rankings[r], protections.back());
      for (const UnitDecimal& protection : protections) {
        for (const UnitDecimal& rate : rates) cells.push_back({m, r, protection, rate});
      }
    }
  }
  return cells;
}

}  // namespace netsurf
