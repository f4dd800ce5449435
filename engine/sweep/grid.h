// The cells of a study: models x rankings x protections x bit error rates.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/decimal.h"
#include "engine/rank/ranking.h"

namespace netsurf {

/// A ranking as a sweep needs it; the default stands for "no ranking", which allows protection 0 only.
struct GridRanking {
  std::string method = "none";
  std::string suffix, order_mode, digest, model_digest;
  std::shared_ptr<const std::vector<uint32_t>> rank;  // rank[BitId] = place

  static GridRanking from(const Ranking& ranking);
};

struct GridModel {
  std::string name, digest;
  std::vector<GridRanking> rankings;
};

struct Grid {
  std::vector<GridModel> models;
  std::vector<UnitDecimal> protections;
  std::vector<UnitDecimal> bit_error_rates;
};

struct Cell {
  size_t model = 0;    // index into Grid::models
  size_t ranking = 0;  // index into its rankings
  UnitDecimal protection, bit_error_rate;
};

/// All cells, model by model, then by ranking, protection and bit error rate, both ascending; repeats are
/// left out. Throws InputError for an empty list, a protection above 0 without a ranking, a ranking of
/// another model, or a model or ranking given twice.
std::vector<Cell> cells_of(const Grid& grid);

}  // namespace netsurf
