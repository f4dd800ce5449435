#include <algorithm>
#include <functional>
#include <map>

#include "apps/comparison.h"
#include "apps/printable.h"
#include "apps/text_table.h"
#include "engine/base/text.h"
#include "engine/rank/ranker.h"

namespace netsurf {
namespace {

constexpr size_t kMaxNameBytes = 60;

/// Without digits that nobody reads: "5 %", "2.5 %".
std::string percent(const UnitDecimal& share) { return number_text("%g %%", 100 * share.value()); }

std::string interval_text(const char* format, const Estimate& estimate) {
  std::string text = number_text(format, estimate.value);
  if (estimate.low == estimate.high) return text;
  return text + " [" + number_text(format, estimate.low) + ", " + number_text(format, estimate.high) + "]";
}

std::string name_of_ranking(const Comparison& comparison, size_t ranking) {
  return printable(comparison.names[ranking], kMaxNameBytes);
}

/// The agreement of a ranking with the baseline; nothing for the baseline itself.
const OrderAgreement* with_baseline(const Comparison& comparison, size_t ranking) {
  for (size_t p = 0; p < comparison.pairs.size(); ++p) {
    auto [a, b] = comparison.pairs[p];
    if ((a == ranking && b == comparison.baseline) || (b == ranking && a == comparison.baseline))
      return &comparison.agreements[p];
  }
  return nullptr;
}

std::string agreement_table(const Comparison& comparison) {
  std::vector<std::string> header = {"ranking", "time s", "Kendall", "Spearman"};
  for (const UnitDecimal& top : comparison.tops) header.push_back("Jaccard " + percent(top));
  TextTable table(header);
  for (size_t r = 0; r < comparison.rankings.size(); ++r) {
    const OrderAgreement* agreement = with_baseline(comparison, r);
    std::vector<std::string> row = {name_of_ranking(comparison, r),
                                    number_text("%.3g", comparison.rankings[r].seconds)};
    row.push_back(agreement ? interval_text("%.3f", agreement->kendall) : "-");
    row.push_back(agreement ? interval_text("%.3f", agreement->spearman) : "-");
    for (size_t t = 0; t < comparison.tops.size(); ++t)
      row.push_back(agreement ? interval_text("%.3f", agreement->tops[t].jaccard) : "-");
    table.add(row);
  }
  return "agreement with " + name_of_ranking(comparison, comparison.baseline) +
         " [95 % bootstrap interval over bits]\n" + table.text();
}

std::string oracle_table(const Comparison& comparison, const DamageCaptures& damage) {
  std::string title = "oracle: single flips of " + counted(comparison.num_measured, "bit") + ", damage by " +
                      damage.damage + "\n";
  if (damage.captures.empty()) return title + "no flip does any damage\n";
  TextTable table({"ranking", "captured area", "top 1 % recall", "Spearman"});
  for (size_t r = 0; r < damage.captures.size(); ++r) {
    const Capture& capture = damage.captures[r];
    table.add({name_of_ranking(comparison, r), interval_text("%.4f", capture.area),
               interval_text("%.3f", capture.recall), number_text("%.3f", capture.spearman)});
  }
  return title + table.text();
}

/// What a cell says of a ranking against the best of the cell.
using Regret = std::function<std::string(const RegretCell&, size_t ranking)>;

std::string difference_text(const PairedDifference& difference, double scale, const char* format) {
  std::string text = number_text(format, scale * difference.mean);
  if (difference.basis == IntervalBasis::exact) return text;
  if (!difference.interval) return text + " (" + std::string(name_of(difference.basis)) + ")";
  double low = scale * difference.interval->low, high = scale * difference.interval->high;
  return text + " [" + number_text(format, std::min(low, high)) + ", " +
         number_text(format, std::max(low, high)) + "]";
}

std::string loss_regret(const RegretCell& cell, size_t ranking) {
  size_t best = cell.least_harm();
  if (ranking == best) return "best " + number_text("%.4g", cell.mean_harm(best));
  return difference_text(cell.harm_difference(ranking, best), 1, "%.4f");
}

/// In percentage points, positive is worse.
std::string accuracy_regret(const RegretCell& cell, size_t ranking) {
  size_t best = cell.highest_accuracy();
  if (ranking == best) return "best " + number_text("%.2f %%", 100 * *cell.mean_accuracy(best));
  return difference_text(cell.accuracy_difference(ranking, best), -100, "%.2f");
}

/// One table per bit error rate, protections side by side.
std::string regret_tables(const Comparison& comparison, const std::string& what, const Regret& regret) {
  std::map<std::string, std::vector<const RegretCell*>> by_rate;
  std::vector<std::string> rates;
  for (const RegretCell& cell : comparison.regret.cells) {
    std::string rate = cell.bit_error_rate.text();
    if (!by_rate.contains(rate)) rates.push_back(rate);
    by_rate[rate].push_back(&cell);
  }
  std::string text;
  for (const std::string& rate : rates) {
    const std::vector<const RegretCell*>& cells = by_rate[rate];
    std::vector<std::string> header = {"ranking"};
    for (const RegretCell* cell : cells) header.push_back("protected " + percent(cell->protection));
    TextTable table(header);
    for (size_t r = 0; r < comparison.rankings.size(); ++r) {
      std::vector<std::string> row = {name_of_ranking(comparison, r)};
      for (const RegretCell* cell : cells) row.push_back(regret(*cell, r));
      table.add(row);
    }
    text += "\nregret of the mean " + what + " at BER " + rate + " [95 % paired interval], " +
            counted(cells.front()->trials, "trial") + ", " + std::string(name_of(cells.front()->design)) +
            "\n" + table.text();
  }
  return text;
}

}  // namespace

std::vector<std::string> ranking_names(const std::vector<Ranking>& rankings) {
  std::vector<std::string> names;
  for (const Ranking& ranking : rankings) {
    std::string name = ranking.method, own_order = ranking.order_mode;
    for (const RankerRow& row : rankers()) {
      if (row.name == ranking.method) own_order = name_of(row.order);
    }
    if (ranking.order_mode != own_order) name += "_" + ranking.order_mode;
    if (!ranking.options.empty()) name += " " + ranking.options;
    if (!ranking.suffix.empty()) name += "_" + ranking.suffix;
    names.push_back(name);
  }
  // Where that is not enough, the seed; and where that is not, the digest, which is.
  auto tell_apart = [&](auto add) {
    std::map<std::string, int> uses;
    for (const std::string& name : names) ++uses[name];
    for (size_t r = 0; r < names.size(); ++r) {
      if (uses[names[r]] > 1) names[r] += add(rankings[r]);
    }
  };
  tell_apart([](const Ranking& ranking) { return "_seed" + std::to_string(ranking.seed); });
  tell_apart([](const Ranking& ranking) { return "_" + short_digest(ranking.digest()); });
  return names;
}

std::string comparison_text(const Comparison& comparison) {
  std::string text = agreement_table(comparison);
  for (const DamageCaptures& damage : comparison.oracle) text += "\n" + oracle_table(comparison, damage);
  text += regret_tables(
      comparison, comparison.regret.by_distance ? "squared distance of the outputs" : "loss", loss_regret);
  if (comparison.clean_accuracy)
    text += regret_tables(comparison, "accuracy in percentage points", accuracy_regret);
  return text;
}

}  // namespace netsurf
