#include "apps/study_runner.h"

#include <unistd.h>

#include <cmath>
#include <ostream>

#include "apps/interrupt.h"
#include "apps/plot.h"
#include "apps/progress.h"
#include "apps/text_table.h"
#include "engine/backend/audited_session.h"
#include "engine/backend/backend.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/store/export.h"
#include "engine/store/sqlite_store.h"
#include "engine/sweep/sweep.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

Grid grid_of(const std::vector<RankedModel>& models, const StudyRequest& study) {
  Grid grid;
  grid.protections = study.protections;
  grid.bit_error_rates = study.bit_error_rates;
  if (study.faults.model == FaultModel::list)
    grid.bit_error_rates = {UnitDecimal()};  // the lists decide, no rate does
  for (const RankedModel& model : models) {
    GridModel entry{model.file.model.name(), model.file.model.digest(), {}};
    for (const RankingFile& ranking : model.rankings)
      entry.rankings.push_back(GridRanking::from(ranking.ranking));
    if (entry.rankings.empty()) entry.rankings.emplace_back();
    grid.models.push_back(std::move(entry));
  }
  return grid;
}

StudyIdentity identity_of(const StudyRequest& study, const Dataset& dataset, const EvaluationSet& set) {
  StudyIdentity identity;
  identity.data_name = dataset.name;
  identity.data_digest = set.digest;
  identity.split = study.split;
  identity.task = kTaskNames[static_cast<size_t>(dataset.task)];
  identity.seed = study.faults.seed;
  identity.fault_model = study.faults.model;
  identity.design = study.faults.design;
  identity.fault_table_digest = study.faults.table != nullptr ? study.faults.table->digest : "";
  identity.pruned = study.pruned == BitSpace::Pruned::stored ? "stored" : "absent";
  identity.with_loss = study.with_loss;
  return identity;
}

std::string host_name() {
  char buffer[256] = {};
  return gethostname(buffer, sizeof buffer - 1) == 0 ? buffer : "unknown";
}

std::string progress_detail(const SweepProgress& now) {
  std::string text = now.cell->name() + ", " + std::to_string(now.trials_done);
  if (now.trials_total) text += "/" + std::to_string(*now.trials_total);
  return text + " trials, " + number_text("%.4g trials/s", now.trials_per_second);
}

std::string percent(const std::optional<double>& share, const char* format = "%.2f") {
  return share ? number_text(format, 100 * *share) : "-";
}

void print_plan(const Grid& grid, const std::vector<PlannedCell>& cells, const StopRule& rule,
                const Streams& streams) {
  uint64_t sum = 0;
  TextTable table({"model", "ranking", "protection", "BER", "trials"});
  for (const PlannedCell& planned : cells) {
    const GridModel& model = grid.models[planned.cell.model];
    uint64_t most = planned.trials.value_or(rule.max_trials);
    sum += most;
    table.add({model.name, model.rankings[planned.cell.ranking].method, planned.cell.protection.text(),
               planned.cell.bit_error_rate.text(), (planned.trials ? "" : "up to ") + std::to_string(most)});
  }
  streams.out << counted(cells.size(), "cell");
  if (rule.kind == StopRule::Kind::fixed) streams.out << " of " << counted(rule.trials, "trial");
  streams.out << ", " << (rule.kind == StopRule::Kind::half_width ? "at most " : "") << counted(sum, "trial")
              << " in all\n"
              << table.text();
}

/// Rankings of all bits where the sweep leaves out pruned ones, or the other way round.
void check_bit_spaces(const std::vector<RankedModel>& models, std::span<const BitSpace> spaces) {
  for (size_t m = 0; m < models.size(); ++m) {
    for (const RankingFile& ranking : models[m].rankings) {
      if (ranking.ranking.bit_space_digest == spaces[m].digest()) continue;
      throw InputError("ranking " + ranking.path.string() + " orders " +
                       std::to_string(ranking.ranking.order.size()) + " bits, the sweep flips " +
                       std::to_string(spaces[m].size()) + " of model " + models[m].file.path.string() +
                       "; rank and sweep with the same --pruned");
    }
  }
}

std::string audit_text(const UnitDecimal& fraction, const AuditTally& tally) {
  std::string text = "audit " + fraction.text() + ": ran " + std::to_string(tally.audited) + " of " +
                     counted(tally.trials, "new trial") + " again on path plain";
  if (tally.audited > 0) return text + ", all came out the same";
  return text + "; of a cell's first n trials it takes floor(n x " + fraction.text() + ")";
}

/// The study's tables and pictures, each named on stdout.
void write_outputs(ResultStore& store, const StudyOutputs& outputs, const Streams& streams) {
  fs::path summary = outputs.store, trials = outputs.store;
  summary.replace_extension(".summary.csv");
  trials.replace_extension(".trials.csv");
  export_csv(store, ExportFormat::summary, summary);
  export_csv(store, ExportFormat::trials, trials);
  streams.out << study_table(store) << "\nresults  " << outputs.store.string() << "\nsummary  "
              << summary.string() << "\ntrials   " << trials.string() << "\n";
  if (!outputs.plot) return;
  fs::path folder = outputs.store;
  folder.replace_extension(".plots");
  for (const std::string& file : plot_curves(summary, folder)) streams.out << "plot     " << file << "\n";
}

}  // namespace

std::string store_name(const StudyRequest& study) {
  std::string name = "results-" + std::string(name_of(study.faults.model)) + "-" +
                     std::string(name_of(study.faults.design)) + "-seed" + std::to_string(study.faults.seed) +
                     "-" + study.split;
  if (study.faults.table != nullptr) name += "-" + study.faults.table->digest.substr(0, 8);
  if (study.pruned == BitSpace::Pruned::stored) name += "-stored";
  if (!study.with_loss) name += "-accuracy";
  return name + ".sqlite";
}

std::string study_table(ResultStore& store) {
  TextTable table({"model", "ranking", "protection", "BER", "trials", "accuracy %", "95 % interval", "median",
                   "5 %", "95 %", "min", "clean", "loss", "clean loss", "changed %", "flips",
                   "observed BER"});
  for (const auto& [id, record] : store.cells()) {
    CellSummary s = summarize(store.outcomes(id), record.facts(store.study()));
    std::string interval =
        name_of(s.accuracy.basis) == "no_labels" ? "-" : std::string(name_of(s.accuracy.basis));
    if (s.accuracy.interval) {
      interval = "[" + number_text("%.2f", 100 * s.accuracy.interval->low) + ", " +
                 number_text("%.2f", 100 * s.accuracy.interval->high) + "]";
    }
    const CellIdentity& cell = record.identity;
    table.add({cell.model_name, cell.ranking_method + (cell.ranking_order == "global" ? " global" : ""),
               cell.protection.text(), cell.bit_error_rate.text(), std::to_string(s.trials),
               percent(s.accuracy.mean), interval, percent(s.median), percent(s.q05), percent(s.q95),
               percent(s.minimum), percent(s.clean_accuracy),
               s.mean_loss ? number_text("%.4f", *s.mean_loss) : "-",
               s.clean_loss ? number_text("%.4f", *s.clean_loss) : "-", percent(s.changed),
               s.mean_flips ? number_text("%.1f", *s.mean_flips) : "-",
               s.observed_ber ? number_text("%.3g", *s.observed_ber) : "-"});
  }
  return table.text();
}

int run_study(const std::vector<RankedModel>& models, const StudyRequest& study, DataShelf& shelf,
              const StudyOutputs& outputs, const Streams& streams) {
  Grid grid = grid_of(models, study);
  std::vector<BitSpace> spaces;
  for (const RankedModel& model : models) spaces.emplace_back(model.file.model, study.pruned);
  check_bit_spaces(models, spaces);
  SweepOptions options;
  options.faults = study.faults;
  options.with_loss = study.with_loss;
  options.stop_rule = study.stop_rule;
  options.batch = study.batch;
  options.run = {host_name(),          "",          std::string(kVersion),
                 outputs.command_line, study.batch, study.session.num_threads};
  // Before the store is made: one that was made for a refused request would refuse the mended one.
  std::vector<PlannedCell> plan =
      plan_sweep(grid, spaces, options, models.front().recipe.task == Task::classification);
  if (outputs.dry_run) {
    if (outputs.plot) streams.err << "note: --plot draws nothing with --dry_run\n";
    print_plan(grid, plan, study.stop_rule, streams);
    return 0;
  }
  std::vector<EvaluationSet> sets;
  for (const RankedModel& model : models) {
    const Dataset& dataset = shelf.get(model.recipe);
    sets.push_back(encode(model.file.model, dataset.split(study.split), dataset.task));
    if (sets.back().digest != sets.front().digest) {
      throw InputError("models " + models.front().file.path.string() + " and " + model.file.path.string() +
                       " are measured on different data; sweep them into stores of their own");
    }
  }
  std::unique_ptr<SqliteStore> store = SqliteStore::open_or_create(
      outputs.store, identity_of(study, shelf.get(models.front().recipe), sets.front()));
  streams.err << "sweep " << counted(plan.size(), "cell") << " on "
              << counted(static_cast<uint64_t>(sets.front().count), study.split + " sample") << ": seed "
              << study.faults.seed << ", fault model " << name_of(study.faults.model) << ", design "
              << name_of(study.faults.design) << ", data " << short_digest(sets.front().digest) << "\n";

  std::unique_ptr<Backend> backend = study.device.backend(streams);
  AuditTally tally;
  OpenSession open_session = [&](size_t index) {
    const Model& model = models[index].file.model;
    SessionOptions session_options = study.session;
    session_options.notice = [&](const std::string& text) { streams.err << "note: " << text << "\n"; };
    std::unique_ptr<Session> session = backend->open(model, sets[index], spaces[index], session_options);
    streams.err << "model " << model.name() << " " << short_digest(model.digest()) << " on backend "
                << session->path() << "\n";
    if (study.audit.is_zero()) return session;
    SessionOptions plain = study.session;
    plain.path = Path::plain;
    return make_audited_session(std::move(session),
                                make_cpu_backend()->open(model, sets[index], spaces[index], plain),
                                study.audit, tally);
  };

  InterruptGuard interrupt;
  Progress progress(streams);
  SweepResult result = run_sweep(
      grid, open_session, *store, options,
      [&](const SweepProgress& now) {
        double done = static_cast<double>(now.cells_done), total = static_cast<double>(now.cells_total);
        if (now.trials_total) {
          done = static_cast<double>(now.trials_done);
          total = static_cast<double>(*now.trials_total);
        }
        progress.show("sweep", done, total, progress_detail(now), now.seconds_left.value_or(-1));
      },
      interrupt.stop());
  progress.finish();
  if (!study.audit.is_zero()) streams.err << audit_text(study.audit, tally) << "\n";
  if (result.stopped) {
    streams.err << "interrupted after " << result.cells_done << " of " << counted(result.cells_total, "cell")
                << "; results so far are in " << outputs.store.string()
                << ". Run the same command again to go on from there.\n";
    return kInterruptedExit;
  }
  if (outputs.tables) write_outputs(*store, outputs, streams);
  return 0;
}

}  // namespace netsurf
