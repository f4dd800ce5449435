#include <sstream>

#include "apps/comparison.h"
#include "engine/store/csv.h"

namespace netsurf {
namespace {

constexpr int kCurveSteps = 100;

CsvWriter& header(CsvWriter& csv, std::initializer_list<const char*> columns) {
  for (const char* column : columns) csv.add(column);
  csv.end_line();
  return csv;
}

void add(CsvWriter& csv, const Estimate& estimate) {
  csv.add(estimate.value).add(estimate.low).add(estimate.high);
}

/// Mean and interval times `sign`; no interval, no numbers.
void add(CsvWriter& csv, const PairedDifference& difference, double sign = 1) {
  csv.add(sign * difference.mean + 0.0);  // no minus zero
  std::optional<double> low, high;
  if (difference.interval) {
    low = sign * (sign > 0 ? difference.interval->low : difference.interval->high) + 0.0;
    high = sign * (sign > 0 ? difference.interval->high : difference.interval->low) + 0.0;
  }
  csv.add(low).add(high);
}

void add_cell(CsvWriter& csv, const Comparison& comparison, const RegretCell& cell, size_t r) {
  const Ranking& ranking = comparison.rankings[r];
  csv.add(comparison.names[r]).add(ranking.method).add(ranking.order_mode).add(ranking.options);
  csv.add(ranking.suffix).add(ranking.seed).add(comparison.digests[r]).add(ranking.data_digest);
  csv.add(ranking.seconds).add(uint64_t{comparison.places[r]->size()}).add(comparison.split);
  csv.add(comparison.num_samples).add(cell.protection.text()).add(cell.bit_error_rate.text());
  csv.add(name_of(cell.design)).add(cell.trials).add(comparison.seed);
  PairedDifference regret = cell.harm_difference(r, cell.least_harm());
  csv.add(comparison.regret.by_distance ? "distance" : "loss").add(cell.mean_harm(r));
  csv.add(comparison.clean_harm);
  add(csv, regret);
  csv.add(name_of(regret.basis)).add(comparison.names[comparison.baseline]);
  add(csv, cell.harm_difference(r, comparison.baseline));
  csv.add(cell.mean_accuracy(r)).add(comparison.clean_accuracy);
  if (comparison.clean_accuracy) {
    add(csv, cell.accuracy_difference(r, cell.highest_accuracy()), -1);
    add(csv, cell.accuracy_difference(r, comparison.baseline), -1);
  } else {
    for (int i = 0; i < 6; ++i) csv.add(std::optional<double>());
  }
  csv.end_line();
}

}  // namespace

std::string league_csv(const Comparison& comparison) {
  std::ostringstream out;
  CsvWriter csv(out);
  header(csv, {"ranking",
               "method",
               "order",
               "options",
               "suffix",
               "ranking_seed",
               "digest",
               "ranking_data",
               "seconds",
               "bits",
               "split",
               "samples",
               "protection",
               "ber",
               "design",
               "trials",
               "seed",
               "harm",
               "mean_harm",
               "clean_harm",
               "regret",
               "regret_low",
               "regret_high",
               "interval_basis",
               "baseline",
               "harm_over_baseline",
               "harm_over_baseline_low",
               "harm_over_baseline_high",
               "accuracy",
               "clean_accuracy",
               "accuracy_regret",
               "accuracy_regret_low",
               "accuracy_regret_high",
               "accuracy_below_baseline",
               "accuracy_below_baseline_low",
               "accuracy_below_baseline_high"});
  for (const RegretCell& cell : comparison.regret.cells) {
    for (size_t r = 0; r < comparison.rankings.size(); ++r) add_cell(csv, comparison, cell, r);
  }
  return std::move(out).str();
}

std::string pairs_csv(const Comparison& comparison) {
  std::ostringstream out;
  CsvWriter csv(out);
  header(csv, {"ranking_a", "ranking_b", "bits", "kendall", "kendall_low", "kendall_high", "spearman",
               "spearman_low", "spearman_high", "top", "top_bits", "jaccard", "jaccard_low", "jaccard_high",
               "overlap", "overlap_low", "overlap_high"});
  for (size_t p = 0; p < comparison.pairs.size(); ++p) {
    auto [a, b] = comparison.pairs[p];
    for (size_t t = 0; t < comparison.tops.size(); ++t) {
      csv.add(comparison.names[a]).add(comparison.names[b]);
      csv.add(uint64_t{comparison.places[a]->size()});
      add(csv, comparison.agreements[p].kendall);
      add(csv, comparison.agreements[p].spearman);
      csv.add(comparison.tops[t].text()).add(comparison.agreements[p].tops[t].top);
      add(csv, comparison.agreements[p].tops[t].jaccard);
      add(csv, comparison.agreements[p].tops[t].overlap);
      csv.end_line();
    }
  }
  return std::move(out).str();
}

std::string oracle_csv(const Comparison& comparison) {
  std::ostringstream out;
  CsvWriter csv(out);
  header(csv, {"damage", "ranking", "bits", "measured_bits", "area", "area_low", "area_high", "recall",
               "recall_low", "recall_high", "spearman"});
  for (const DamageCaptures& damage : comparison.oracle) {
    for (size_t r = 0; r < damage.captures.size(); ++r) {
      const Capture& capture = damage.captures[r];
      csv.add(damage.damage).add(comparison.names[r]);
      csv.add(uint64_t{comparison.places[r]->size()}).add(uint64_t{comparison.num_measured});
      add(csv, capture.area);
      add(csv, capture.recall);
      csv.add(capture.spearman);
      csv.end_line();
    }
  }
  return std::move(out).str();
}

std::string overlap_csv(const Comparison& comparison) {
  std::ostringstream out;
  CsvWriter csv(out);
  header(csv, {"baseline", "ranking", "top", "top_bits", "jaccard", "overlap"});
  SharedPlaces baseline = comparison.places[comparison.baseline];
  std::vector<uint64_t> tops;
  for (int step = 1; step <= kCurveSteps; ++step)
    tops.push_back(baseline->size() * static_cast<uint64_t>(step) / kCurveSteps);
  for (size_t r = 0; r < comparison.rankings.size(); ++r) {
    std::vector<uint64_t> shared = shared_in_tops(*baseline, *comparison.places[r], tops);
    for (size_t t = 0; t < tops.size(); ++t) {
      auto top = static_cast<double>(tops[t]), both = static_cast<double>(shared[t]);
      csv.add(comparison.names[comparison.baseline]).add(comparison.names[r]);
      csv.add(static_cast<double>(t + 1) / kCurveSteps).add(tops[t]);
      csv.add(top > 0 ? both / (2 * top - both) : 1.0).add(top > 0 ? both / top : 1.0);
      csv.end_line();
    }
  }
  return std::move(out).str();
}

}  // namespace netsurf
