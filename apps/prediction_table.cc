#include "apps/prediction_table.h"

#include <cmath>
#include <sstream>

#include "apps/text_table.h"
#include "engine/base/error.h"
#include "engine/store/csv.h"
#include "engine/store/sqlite_store.h"

namespace netsurf {
namespace {

constexpr double kAgreement = 0.1;  // of the change of the loss

std::string percent(const std::optional<double>& share) {
  return share && std::isfinite(*share) ? number_text("%.2f", 100 * *share) : "-";
}

std::string loss_text(const std::optional<double>& loss) { return loss ? number_text("%.4f", *loss) : "-"; }

std::optional<double> finite(double number) {
  return std::isfinite(number) ? std::optional<double>(number) : std::nullopt;
}

}  // namespace

bool PredictionTable::second_order_holds(const PredictionPoint& point) const {
  const double change = point.predicted.loss - clean_loss;
  const double off = point.second_order.loss - point.predicted.loss;
  return point.second_order.is_valid && std::abs(off) <= kAgreement * std::abs(change);
}

std::string prediction_text(const PredictionTable& table) {
  bool has_measured = false;
  for (const PredictionPoint& point : table.points) has_measured = has_measured || point.measured;
  std::vector<std::string> header = {"protection", "BER", "accuracy %", "loss", "2nd-order loss", "holds"};
  if (has_measured) {
    for (const char* column : {"sweep %", "95 % interval", "off", "sweep loss", "trials"})
      header.emplace_back(column);
  }
  TextTable text(header);
  for (const PredictionPoint& point : table.points) {
    std::vector<std::string> row = {point.protection.text(),
                                    point.bit_error_rate.text(),
                                    percent(point.predicted.accuracy),
                                    loss_text(point.predicted.loss),
                                    loss_text(point.second_order.loss),
                                    table.second_order_holds(point) ? "yes" : "no"};
    if (has_measured && !point.measured) row.insert(row.end(), 5, "-");
    if (point.measured) {
      const CellSummary& s = *point.measured;
      std::string interval = "-";
      if (s.accuracy.interval) {
        interval = "[" + percent(s.accuracy.interval->low) + ", " + percent(s.accuracy.interval->high) + "]";
      }
      const bool both = s.accuracy.mean && std::isfinite(point.predicted.accuracy);
      row.insert(row.end(),
                 {percent(s.accuracy.mean), interval,
                  both ? number_text("%+.2f", 100 * (point.predicted.accuracy - *s.accuracy.mean)) : "-",
                  loss_text(s.mean_loss), std::to_string(s.trials)});
    }
    text.add(row);
  }
  return text.text();
}

std::string prediction_csv(const PredictionTable& table) {
  std::ostringstream out;
  CsvWriter csv(out);
  for (const char* column :
       {"model", "ranking", "dataset", "split", "samples", "protection", "ber", "accuracy", "loss",
        "second_order_loss", "second_order_holds", "clean_loss", "sweep_trials", "sweep_accuracy",
        "sweep_accuracy_low", "sweep_accuracy_high", "sweep_loss"}) {
    csv.add(column);
  }
  csv.end_line();
  for (const PredictionPoint& point : table.points) {
    csv.add(table.model_name).add(table.ranking_name).add(table.data_name).add(table.split);
    csv.add(table.num_samples).add(point.protection.text()).add(point.bit_error_rate.text());
    csv.add(finite(point.predicted.accuracy)).add(point.predicted.loss).add(point.second_order.loss);
    csv.add(table.second_order_holds(point) ? "yes" : "no").add(table.clean_loss);
    const CellSummary measured = point.measured.value_or(CellSummary{});
    const std::optional<Interval>& interval = measured.accuracy.interval;
    csv.add(measured.trials).add(measured.accuracy.mean);
    csv.add(interval ? std::optional<double>(interval->low) : std::nullopt);
    csv.add(interval ? std::optional<double>(interval->high) : std::nullopt);
    csv.add(measured.mean_loss);
    csv.end_line();
  }
  return out.str();
}

std::vector<MeasuredCell> measured_cells(const std::filesystem::path& path, const Model& model,
                                         const BitSpace& space, const EvaluationSet& set,
                                         const Ranking* ranking) {
  const std::unique_ptr<SqliteStore> store = SqliteStore::open_existing(path);
  const std::string file = "--sweep " + path.string();
  if (store->study().data_digest != set.digest) {
    throw InputError(file + " was measured on other data (" + store->study().data_name + ", " +
                     store->study().split + " split, digest " + short_digest(store->study().data_digest) +
                     ") than this prediction (digest " + short_digest(set.digest) +
                     "); give the same data and --split");
  }
  if (store->study().fault_model != FaultModel::bernoulli) {
    throw InputError(file + " holds fault model " + std::string(name_of(store->study().fault_model)) +
                     "; a prediction is for bernoulli, where bits flip independently");
  }
  std::vector<MeasuredCell> cells;
  for (const auto& [id, record] : store->cells()) {
    const CellIdentity& cell = record.identity;
    if (cell.model_digest != model.digest() || cell.bit_space_digest != space.digest()) continue;
    const bool is_ranked = ranking != nullptr && cell.ranking_digest == ranking->digest();
    if (!cell.protection.is_zero() && !is_ranked) continue;
    bool is_there = false;
    for (const MeasuredCell& other : cells) {
      is_there =
          is_there || (other.protection == cell.protection && other.bit_error_rate == cell.bit_error_rate);
    }
    if (is_there) continue;  // without protection all rankings are alike
    cells.push_back(
        {cell.protection, cell.bit_error_rate, summarize(store->outcomes(id), record.facts(store->study()))});
  }
  if (cells.empty()) {
    throw InputError(file + " has no cell of model " + short_digest(model.digest()) + " with " +
                     (ranking == nullptr ? "nothing protected" : "this ranking") + " and the same --pruned");
  }
  return cells;
}

}  // namespace netsurf
