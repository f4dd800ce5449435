// What was predicted, and beside it what a sweep measured, as a table and as CSV.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/decimal.h"
#include "engine/model/dataset.h"
#include "engine/predict/moments.h"
#include "engine/predict/second_order.h"
#include "engine/rank/ranking.h"
#include "engine/stats/summary.h"

namespace netsurf {

/// One point of a grid.
struct PredictionPoint {
  UnitDecimal protection, bit_error_rate;
  Prediction predicted;
  SecondOrderLoss second_order;
  std::optional<CellSummary> measured;
};

struct PredictionTable {
  std::string model_name, ranking_name;  // "none" without a ranking
  std::string data_name, split;
  int64_t num_samples = 0;
  double clean_loss = 0;
  std::vector<PredictionPoint> points;

  /// Where the quadratic is small enough to be trusted and agrees with the moments on the change of the loss.
  bool second_order_holds(const PredictionPoint& point) const;
};

std::string prediction_text(const PredictionTable& table);
std::string prediction_csv(const PredictionTable& table);

/// The cells of a results file that belong to one model, data and ranking.
struct MeasuredCell {
  UnitDecimal protection, bit_error_rate;
  CellSummary summary;
};
/// Throws InputError where the file was measured on other data, with faults that are not independent, or has
/// no cell of that model and ranking (null: none). A store's own errors as SqliteStore::open_existing.
std::vector<MeasuredCell> measured_cells(const std::filesystem::path& store, const Model& model,
                                         const BitSpace& space, const EvaluationSet& set,
                                         const Ranking* ranking);

}  // namespace netsurf
